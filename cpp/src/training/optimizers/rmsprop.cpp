// rmsprop: the gradient divided by the root of a running mean of its square (Hinton 2012); centered, by its deviation.

#include "training/optimizer.hpp"

namespace ranvier {
namespace {

template <class T>
class Rmsprop final : public Optimizer<T> {
 public:
  explicit Rmsprop(Config& config)
      : Optimizer<T>(OptimizerOptions(config, 0.001)),
        rho_(config.number("rho", 0.9)),
        momentum_(nonnegative(config, "momentum", 0)),
        epsilon_(nonnegative(config, "epsilon", 1e-7)),
        centered_(config.boolean("centered", false)) {
    if (!(rho_ >= 0 && rho_ <= 1)) throw std::invalid_argument(text("rho must be in [0, 1], got ", rho_));
  }

 protected:
  bool rests_on_zeros() const override { return epsilon_ > 0; }

  std::vector<SlotKind> slots(const Parameter<T>& parameter) const override {
    std::vector<SlotKind> kinds{{"velocity", parameter.shape}};
    if (momentum_ > 0) kinds.push_back({"momentum", parameter.shape});
    if (centered_) kinds.push_back({"average_gradient", parameter.shape});
    return kinds;
  }

  void begin_step() override { step_ = {this->rate(), rho_, momentum_, epsilon_, centered_}; }

  void update(const kernels::Kernels<T>& k, const kernels::Update<T>& u) const override { k.rmsprop(u, step_); }

 private:
  double rho_, momentum_, epsilon_;
  bool centered_;
  kernels::RmspropStep step_{};
};

RANVIER_REGISTER_OPTIMIZER("rmsprop", Rmsprop)

}  // namespace
}  // namespace ranvier
