// adafactor: the mean square of a matrix's gradient, as a product of those of its rows and its columns, scales steps
// that are proportional to the parameter (Shazeer and Stern 2018). It needs whole rows and columns, so a gradient has
// to be complete before the update. A parameter is (O, R, C): O matrices of R rows and C columns; a vector is not
// factored.

#include <algorithm>
#include <cmath>

#include "training/optimizer.hpp"

namespace ranvier {
namespace {

template <class T>
class Adafactor final : public Optimizer<T> {
 public:
  explicit Adafactor(Config& config)
      : Optimizer<T>(OptimizerOptions(config, 0.001)),
        beta_2_decay_(config.number("beta_2_decay", -0.8)),
        epsilon_1_(nonnegative(config, "epsilon_1", 1e-30)),
        epsilon_2_(nonnegative(config, "epsilon_2", 1e-3)),
        clip_threshold_(config.number("clip_threshold", 1)) {
    if (!(clip_threshold_ > 0))
      throw std::invalid_argument(text("clip_threshold must be above 0, got ", clip_threshold_));
  }

 protected:
  std::vector<SlotKind> slots(const Parameter<T>& parameter) const override {
    const Shape& shape = parameter.shape;
    if (shape.size() < 2) return {{"velocity", shape}};
    Shape rows(shape.begin(), shape.end() - 1), columns(shape.begin(), shape.end() - 2);
    columns.push_back(shape.back());
    return {{"velocity", shape}, {"rows", rows}, {"columns", columns}};
  }

  void begin_step() override {
    rho_ = std::min(this->rate(), 1 / std::sqrt(this->time()));  // whether or not the step is relative, as in Keras
    beta_2_ = 1 - std::pow(this->time(), beta_2_decay_);
  }

  bool elementwise() const override { return false; }

  void update_whole(Team& team, const kernels::Kernels<T>& k, const Shape& shape,
                    const kernels::Update<T>& u) override {
    const Range part = team.share(u.n, kGrain);
    if (u.decay != 0) {
      k.scale(u.w + part.begin, static_cast<T>(1 - u.decay), u.w + part.begin, part.size());
      team.barrier();
    }
    const double n = static_cast<double>(u.n);
    const double size = std::max(epsilon_2_, std::sqrt(this->sum_of_squares(team, k, u.w, u.n) / n));
    if (shape.size() >= 2) {
      divide_by_factored_root(team, k, shape, u);
    } else {
      T* const v = u.slots[0] + part.begin;
      k.scale(v, static_cast<T>(beta_2_), v, part.size());
      k.add_squares(v, u.g + part.begin, static_cast<T>(1 - beta_2_), static_cast<T>(epsilon_1_), part.size());
      k.divide_by_root(u.g + part.begin, v, part.size());
      team.barrier();
    }
    const double length = std::sqrt(this->sum_of_squares(team, k, u.g, u.n) / n);
    const double step = size * rho_ / std::max(1.0, length / clip_threshold_);
    k.axpy(static_cast<T>(-step), u.g + part.begin, u.w + part.begin, part.size());
    team.barrier();
  }

 private:
  static constexpr index kGrain = 64;

  // g = g / sqrt(v), v = r c / mean(r), where r and c are running means of g^2 along rows and columns.
  void divide_by_factored_root(Team& team, const kernels::Kernels<T>& k, const Shape& shape,
                               const kernels::Update<T>& u) {
    const index C = shape.back(), R = shape[shape.size() - 2], O = u.n / (R * C);
    T *const v = u.slots[0], *const r = u.slots[1], *const c = u.slots[2];
    const Range rows = team.share(O * R);
    for (index i = rows.begin; i < rows.end; ++i) {
      const double mean = k.sum_of_squares(u.g + i * C, C) / static_cast<double>(C) + epsilon_1_;
      r[i] = static_cast<T>(beta_2_ * static_cast<double>(r[i]) + (1 - beta_2_) * mean);
    }
    const Range columns = team.share(C, kGrain);
    for (index o = 0; o < O; ++o) {
      T* const own = c + o * C + columns.begin;
      k.scale(own, static_cast<T>(beta_2_), own, columns.size());
      for (index i = 0; i < R; ++i)
        k.add_squares(own, u.g + (o * R + i) * C + columns.begin,
                      static_cast<T>((1 - beta_2_) / static_cast<double>(R)), static_cast<T>(epsilon_1_),
                      columns.size());
    }
    team.barrier();
    for (index i = rows.begin; i < rows.end; ++i) {
      const index o = i / R;
      const double mean = k.sum(r + o * R, R) / static_cast<double>(R);
      k.divide_by_factored(u.g + i * C, v + i * C, static_cast<T>(static_cast<double>(r[i]) / mean), c + o * C, C);
    }
    team.barrier();
  }

  double beta_2_decay_, epsilon_1_, epsilon_2_, clip_threshold_;
  double rho_ = 0, beta_2_ = 0;
};

RANVIER_REGISTER_OPTIMIZER("adafactor", Adafactor)

}  // namespace
}  // namespace ranvier
