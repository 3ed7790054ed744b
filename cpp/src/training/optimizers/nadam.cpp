// nadam: Adam with Nesterov's momentum, whose decay warms up (Dozat 2016).

#include <cmath>

#include "training/optimizer.hpp"

namespace ranvier {
namespace {

template <class T>
class Nadam final : public Optimizer<T> {
 public:
  explicit Nadam(Config& config)
      : Optimizer<T>(OptimizerOptions(config, 0.001)),
        beta_1_(fraction(config, "beta_1", 0.9)),
        beta_2_(fraction(config, "beta_2", 0.999)),
        epsilon_(nonnegative(config, "epsilon", 1e-7)) {}

 protected:
  std::vector<SlotKind> slots(const Parameter<T>& parameter) const override {
    return {{"momentum", parameter.shape}, {"velocity", parameter.shape}};
  }

  void begin_step() override {
    const double t = this->time();
    if (t < product_time_) product_time_ = 0, product_ = 1;  // the clock was set back
    for (; product_time_ < t && product_ > 0; ++product_time_) product_ *= momentum_at(product_time_ + 1);
    const double now = momentum_at(t), next = momentum_at(t + 1);
    step_ = {beta_1_,
             beta_2_,
             epsilon_,
             this->rate() * next / (1 - product_ * next),
             this->rate() * (1 - now) / (1 - product_),
             1 / (1 - std::pow(beta_2_, t))};
  }

  void update(const kernels::Kernels<T>& k, const kernels::Update<T>& u) const override { k.nadam(u, step_); }

 private:
  double momentum_at(double t) const { return beta_1_ * (1 - 0.5 * std::pow(0.96, t)); }

  double beta_1_, beta_2_, epsilon_;
  double product_time_ = 0, product_ = 1;  // of momentum_at(1) ... momentum_at(product_time_)
  kernels::NadamStep step_{};
};

RANVIER_REGISTER_OPTIMIZER("nadam", Nadam)

}  // namespace
}  // namespace ranvier
