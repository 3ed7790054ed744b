// adagrad: the gradient divided by the root of the sum of all its squares so far (Duchi et al. 2011).

#include "training/optimizer.hpp"

namespace ranvier {
namespace {

template <class T>
class Adagrad final : public Optimizer<T> {
 public:
  explicit Adagrad(Config& config)
      : Optimizer<T>(OptimizerOptions(config, 0.001)),
        initial_(nonnegative(config, "initial_accumulator_value", 0.1)),
        epsilon_(nonnegative(config, "epsilon", 1e-7)) {}

 protected:
  std::vector<SlotKind> slots(const Parameter<T>& parameter) const override {
    return {{"accumulator", parameter.shape, initial_}};
  }

  void begin_step() override { step_ = {this->rate(), epsilon_}; }

  void update(const kernels::Kernels<T>& k, const kernels::Update<T>& u) const override { k.adagrad(u, step_); }

 private:
  double initial_, epsilon_;
  kernels::AdagradStep step_{};
};

RANVIER_REGISTER_OPTIMIZER("adagrad", Adagrad)

}  // namespace
}  // namespace ranvier
