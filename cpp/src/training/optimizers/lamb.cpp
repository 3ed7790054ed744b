// lamb: Adam's direction, scaled for each parameter to the length of the parameter (You et al. 2020). It needs that
// length, so a gradient has to be complete before the update.

#include <cmath>

#include "training/optimizer.hpp"

namespace ranvier {
namespace {

template <class T>
class Lamb final : public Optimizer<T> {
 public:
  explicit Lamb(Config& config)
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
    step_ = {beta_1_, beta_2_, epsilon_, 1 / (1 - std::pow(beta_1_, t)), 1 / (1 - std::pow(beta_2_, t))};
  }

  bool elementwise() const override { return false; }

  void update_whole(Team& team, const kernels::Kernels<T>& k, const Shape&, const kernels::Update<T>& u) override {
    const Range part = team.share(u.n, kGrain);
    kernels::Update<T> own = u;
    own.n = part.size();
    own.w += part.begin, own.g += part.begin, own.slots[0] += part.begin, own.slots[1] += part.begin;
    k.lamb(own, step_);
    team.barrier();
    const double w_norm = std::sqrt(this->sum_of_squares(team, k, u.w, u.n));
    const double direction_norm = std::sqrt(this->sum_of_squares(team, k, u.g, u.n));
    const double ratio = w_norm > 0 && direction_norm > 0 ? w_norm / direction_norm : 1;
    k.axpy(static_cast<T>(-ratio * this->rate()), own.g, own.w, own.n);
    team.barrier();
  }

 private:
  static constexpr index kGrain = 64;

  double beta_1_, beta_2_, epsilon_;
  kernels::LambStep step_{};
};

RANVIER_REGISTER_OPTIMIZER("lamb", Lamb)

}  // namespace
}  // namespace ranvier
