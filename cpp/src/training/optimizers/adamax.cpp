// adamax: Adam with the largest recent gradient in the place of the root mean square (Kingma and Ba 2015, section 7.1).

#include <cmath>

#include "training/optimizer.hpp"

namespace ranvier {
namespace {

template <class T>
class Adamax final : public Optimizer<T> {
 public:
  explicit Adamax(Config& config)
      : Optimizer<T>(OptimizerOptions(config, 0.001)),
        beta_1_(fraction(config, "beta_1", 0.9)),
        beta_2_(fraction(config, "beta_2", 0.999)),
        epsilon_(nonnegative(config, "epsilon", 1e-7)) {}

 protected:
  std::vector<SlotKind> slots(const Parameter<T>& parameter) const override {
    return {{"momentum", parameter.shape}, {"norm", parameter.shape}};
  }

  void begin_step() override {
    step_ = {this->rate() / (1 - std::pow(beta_1_, this->time())), beta_1_, beta_2_, epsilon_, false};
  }

  void update(const kernels::Kernels<T>& k, const kernels::Update<T>& u) const override { k.adamax(u, step_); }

 private:
  double beta_1_, beta_2_, epsilon_;
  kernels::AdamStep step_{};
};

RANVIER_REGISTER_OPTIMIZER("adamax", Adamax)

}  // namespace
}  // namespace ranvier
