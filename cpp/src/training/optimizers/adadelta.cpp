// adadelta: steps as large as earlier steps were, by running means of squares of both (Zeiler 2012).

#include "training/optimizer.hpp"

namespace ranvier {
namespace {

template <class T>
class Adadelta final : public Optimizer<T> {
 public:
  explicit Adadelta(Config& config)
      : Optimizer<T>(OptimizerOptions(config, 0.001)),
        rho_(config.number("rho", 0.95)),
        epsilon_(nonnegative(config, "epsilon", 1e-7)) {
    if (!(rho_ >= 0 && rho_ <= 1)) throw std::invalid_argument(text("rho must be in [0, 1], got ", rho_));
  }

 protected:
  std::vector<SlotKind> slots(const Parameter<T>& parameter) const override {
    return {{"accumulated_grad", parameter.shape}, {"accumulated_delta_var", parameter.shape}};
  }

  void begin_step() override { step_ = {this->rate(), rho_, epsilon_}; }

  void update(const kernels::Kernels<T>& k, const kernels::Update<T>& u) const override { k.adadelta(u, step_); }

 private:
  double rho_, epsilon_;
  kernels::AdadeltaStep step_{};
};

RANVIER_REGISTER_OPTIMIZER("adadelta", Adadelta)

}  // namespace
}  // namespace ranvier
