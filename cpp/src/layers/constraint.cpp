#include "layers/constraint.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/buffer.hpp"
#include "runtime/error.hpp"

namespace ranvier {

namespace {

constexpr index kGrain = 64;  // elements: a cache line of either type

template <class T>
class NonNeg final : public Constraint<T> {
 public:
  explicit NonNeg(Config&) {}

  void apply(Team& team, const kernels::Kernels<T>& k, T* w, index n) override {
    const Range part = team.share(n, kGrain);
    k.clip(w + part.begin, 0, std::numeric_limits<T>::infinity(), w + part.begin, part.size());
    team.barrier();
  }
};

/// Norms along `axis`, or the axes of a list, are moved towards [low, high]: each vector is multiplied by
/// (rate clip(norm, low, high) + (1 - rate) norm) / (epsilon + norm).
template <class T>
class NormRange final : public Constraint<T> {
 public:
  explicit NormRange(Config& config)
      : low_(config.number("min_value")),
        high_(config.number("max_value")),
        rate_(config.number("rate", 1)),
        epsilon_(config.number("epsilon", 1e-7)),
        axes_(config.integers("axis")) {}

  void prepare(const std::string& owner, const Shape& shape) override {
    const index rank = static_cast<index>(shape.size());
    reduced_.assign(shape.size(), 0);
    for (std::int64_t axis : axes_) {
      if (axis >= rank || axis < -rank)
        fail(owner, "the axis ", axis, " of its constraint does not exist in the shape ", to_string(shape));
      reduced_[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = 1;
    }
    shape_ = shape;
    index kept = 1;
    for (std::size_t a = 0; a < shape.size(); ++a)
      if (!reduced_[a]) kept *= shape[a];
    if (factors_.size() != kept) factors_ = Buffer<T>(kept);
    contiguous_ = find_block();
  }

  void apply(Team& team, const kernels::Kernels<T>& k, T* w, index) override {
    if (!contiguous_)
      apply_scattered(team, w);
    else if (inner_ == 1)
      apply_to_rows(team, k, w);
    else
      apply_to_columns(team, k, w);
    team.barrier();
  }

 private:
  double factor(double squares) const {
    const double norm = std::sqrt(squares);
    return (rate_ * std::min(std::max(norm, low_), high_) + (1 - rate_) * norm) / (epsilon_ + norm);
  }

  // If the axes of the norm are neighbours, the parameter is (outer, n, inner) with norms along n.
  bool find_block() {
    outer_ = n_ = inner_ = 1;
    bool found = false;
    for (std::size_t a = 0; a < shape_.size(); ++a) {
      if (reduced_[a] && inner_ > 1) return false;
      (reduced_[a] ? n_ : found ? inner_ : outer_) *= shape_[a];
      found = found || reduced_[a];
    }
    return true;
  }

  void apply_to_rows(Team& team, const kernels::Kernels<T>& k, T* w) {
    const Range rows = team.share(outer_);
    for (index i = rows.begin; i < rows.end; ++i)
      k.scale(w + i * n_, static_cast<T>(factor(k.sum_of_squares(w + i * n_, n_))), w + i * n_, n_);
  }

  void apply_to_columns(Team& team, const kernels::Kernels<T>& k, T* w) {
    const Range part = team.share(inner_, kGrain);
    T* const factors = factors_.data() + part.begin;
    for (index o = 0; o < outer_; ++o) {
      T* const block = w + o * n_ * inner_ + part.begin;
      k.fill(factors, 0, part.size());
      for (index i = 0; i < n_; ++i) k.add_squares(factors, block + i * inner_, 1, 0, part.size());
      for (index j = 0; j < part.size(); ++j) factors[j] = static_cast<T>(factor(static_cast<double>(factors[j])));
      for (index i = 0; i < n_; ++i) k.multiply(block + i * inner_, factors, block + i * inner_, part.size());
    }
  }

  // Axes that are not neighbours, such as 0 and 2 of three: rare and small, so one thread does it.
  void apply_scattered(Team& team, T* w) {
    if (team.rank() != 0) return;
    const index n = size(shape_);
    std::fill_n(factors_.data(), factors_.size(), T{0});
    for (index i = 0; i < n; ++i) factors_[kept_place(i)] += w[i] * w[i];
    for (index j = 0; j < factors_.size(); ++j) factors_[j] = static_cast<T>(factor(static_cast<double>(factors_[j])));
    for (index i = 0; i < n; ++i) w[i] *= factors_[kept_place(i)];
  }

  index kept_place(index i) const {
    index place = 0, step = 1;
    for (std::size_t a = shape_.size(); a-- > 0; i /= shape_[a]) {
      if (reduced_[a]) continue;
      place += i % shape_[a] * step;
      step *= shape_[a];
    }
    return place;
  }

  double low_, high_, rate_, epsilon_;
  std::vector<std::int64_t> axes_;
  std::vector<char> reduced_;
  Shape shape_;
  Buffer<T> factors_;
  bool contiguous_ = false;
  index outer_ = 1, n_ = 1, inner_ = 1;
};

}  // namespace

std::vector<std::string> constraint_kinds() { return {"non_neg", "norm_range"}; }

template <class T>
std::shared_ptr<Constraint<T>> make_constraint(const std::string& kind, Config config) {
  std::shared_ptr<Constraint<T>> made;
  if (kind == "non_neg") made = std::make_shared<NonNeg<T>>(config);
  if (kind == "norm_range") made = std::make_shared<NormRange<T>>(config);
  if (!made) throw std::invalid_argument(unknown_name("constraint", kind, constraint_kinds()));
  config.finish(kind);
  return made;
}

template std::shared_ptr<Constraint<float>> make_constraint(const std::string&, Config);
template std::shared_ptr<Constraint<double>> make_constraint(const std::string&, Config);

}  // namespace ranvier
