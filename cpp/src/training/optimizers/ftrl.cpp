// ftrl: follow the regularized leader, the weights that minimize all past linearized losses with L1 and L2 penalties
// (McMahan et al. 2013).

#include "training/optimizer.hpp"

namespace ranvier {
namespace {

template <class T>
class Ftrl final : public Optimizer<T> {
 public:
  explicit Ftrl(Config& config)
      : Optimizer<T>(OptimizerOptions(config, 0.001)),
        power_(config.number("learning_rate_power", -0.5)),
        initial_(nonnegative(config, "initial_accumulator_value", 0.1)),
        l1_(nonnegative(config, "l1_regularization_strength", 0)),
        l2_(nonnegative(config, "l2_regularization_strength", 0)),
        shrinkage_(nonnegative(config, "l2_shrinkage_regularization_strength", 0)),
        beta_(config.number("beta", 0)) {
    if (!(power_ <= 0)) throw std::invalid_argument(text("learning_rate_power must be at most 0, got ", power_));
  }

 protected:
  std::vector<SlotKind> slots(const Parameter<T>& parameter) const override {
    return {{"accumulator", parameter.shape, initial_}, {"linear", parameter.shape}};
  }

  void begin_step() override {
    // The formula divides by the rate, so at 0 nothing is updated.
    const double rate = this->rate() > 0 ? this->rate() : 1;
    step_ = {rate, -power_, l1_, l2_ + beta_ / (2 * rate), shrinkage_};
  }

  void update(const kernels::Kernels<T>& k, const kernels::Update<T>& u) const override {
    if (this->rate() > 0) k.ftrl(u, step_);
  }

 private:
  double power_, initial_, l1_, l2_, shrinkage_, beta_;
  kernels::FtrlStep step_{};
};

RANVIER_REGISTER_OPTIMIZER("ftrl", Ftrl)

}  // namespace
}  // namespace ranvier
