// sgd: w -= rate g, or with momentum velocity = momentum velocity - rate g, w += velocity (Sutskever et al. 2013).

#include "training/optimizer.hpp"

namespace ranvier {
namespace {

template <class T>
class Sgd final : public Optimizer<T> {
 public:
  explicit Sgd(Config& config)
      : Optimizer<T>(OptimizerOptions(config, 0.01)),
        momentum_(config.number("momentum", 0)),
        nesterov_(config.boolean("nesterov", false)) {
    if (!(momentum_ >= 0 && momentum_ <= 1))
      throw std::invalid_argument(text("momentum must be in [0, 1], got ", momentum_));
  }

 protected:
  bool rests_on_zeros() const override { return true; }

  std::vector<SlotKind> slots(const Parameter<T>& parameter) const override {
    if (momentum_ == 0) return {};
    return {{"momentum", parameter.shape}};
  }

  void begin_step() override { step_ = {this->rate(), momentum_, nesterov_}; }

  void update(const kernels::Kernels<T>& k, const kernels::Update<T>& u) const override { k.sgd(u, step_); }

 private:
  double momentum_;
  bool nesterov_;
  kernels::SgdStep step_{};
};

RANVIER_REGISTER_OPTIMIZER("sgd", Sgd)

}  // namespace
}  // namespace ranvier
