// adam: m and v are running means of g and g^2, w -= rate m / (sqrt(v) + epsilon) with corrections for their start
// (Kingma and Ba 2015); amsgrad takes the largest v so far (Reddi et al. 2018).

#include <cmath>

#include "training/optimizer.hpp"

namespace ranvier {
namespace {

template <class T>
class Adam final : public Optimizer<T> {
 public:
  explicit Adam(Config& config)
      : Optimizer<T>(OptimizerOptions(config, 0.001)),
        beta_1_(fraction(config, "beta_1", 0.9)),
        beta_2_(fraction(config, "beta_2", 0.999)),
        epsilon_(nonnegative(config, "epsilon", 1e-7)),
        amsgrad_(config.boolean("amsgrad", false)) {}

 protected:
  bool rests_on_zeros() const override { return epsilon_ > 0; }

  std::vector<SlotKind> slots(const Parameter<T>& parameter) const override {
    std::vector<SlotKind> kinds{{"momentum", parameter.shape}, {"velocity", parameter.shape}};
    if (amsgrad_) kinds.push_back({"velocity_hat", parameter.shape});
    return kinds;
  }

  void begin_step() override {
    const double t = this->time();
    const double corrected = this->rate() * std::sqrt(1 - std::pow(beta_2_, t)) / (1 - std::pow(beta_1_, t));
    step_ = {corrected, beta_1_, beta_2_, epsilon_, amsgrad_};
  }

  void update(const kernels::Kernels<T>& k, const kernels::Update<T>& u) const override { k.adam(u, step_); }

 private:
  double beta_1_, beta_2_, epsilon_;
  bool amsgrad_;
  kernels::AdamStep step_{};
};

RANVIER_REGISTER_OPTIMIZER("adam", Adam)

}  // namespace
}  // namespace ranvier
