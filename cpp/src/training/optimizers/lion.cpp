// lion: the sign of a running mean of gradients, so every step has one size (Chen et al. 2023).

#include "training/optimizer.hpp"

namespace ranvier {
namespace {

template <class T>
class Lion final : public Optimizer<T> {
 public:
  explicit Lion(Config& config)
      : Optimizer<T>(OptimizerOptions(config, 0.001)),
        beta_1_(config.number("beta_1", 0.9)),
        beta_2_(config.number("beta_2", 0.99)) {
    if (!(beta_1_ > 0 && beta_1_ <= 1)) throw std::invalid_argument(text("beta_1 must be in (0, 1], got ", beta_1_));
    if (!(beta_2_ >= 0 && beta_2_ <= 1)) throw std::invalid_argument(text("beta_2 must be in [0, 1], got ", beta_2_));
  }

 protected:
  std::vector<SlotKind> slots(const Parameter<T>& parameter) const override { return {{"momentum", parameter.shape}}; }

  void begin_step() override { step_ = {this->rate(), beta_1_, beta_2_}; }

  void update(const kernels::Kernels<T>& k, const kernels::Update<T>& u) const override { k.lion(u, step_); }

 private:
  double beta_1_, beta_2_;
  kernels::LionStep step_{};
};

RANVIER_REGISTER_OPTIMIZER("lion", Lion)

}  // namespace
}  // namespace ranvier
