#include "layers/regularizer.hpp"

#include <algorithm>
#include <cmath>

#include "layers/product.hpp"

namespace ranvier {

namespace {

double strength(Config& config, const char* name, double fallback) {
  const double value = config.number(name, fallback);
  if (!(value >= 0) || std::isinf(value)) throw std::invalid_argument(text(name, " must be at least 0, got ", value));
  return value;
}

/// l1 sum |x| + l2 sum x^2
template <class T>
class L1L2 final : public Regularizer<T> {
 public:
  explicit L1L2(Config& config) : l1_(strength(config, "l1", 0)), l2_(strength(config, "l2", 0)) {}

  double penalty(const kernels::Kernels<T>& k, const T* x, index n) const override {
    return (l1_ != 0 ? l1_ * k.sum_of_absolutes(x, n) : 0) + (l2_ != 0 ? l2_ * k.sum_of_squares(x, n) : 0);
  }

  void add_gradient(const kernels::Kernels<T>& k, const T* x, double factor, T* dx, index n) const override {
    k.add_penalty(x, factor * l1_, factor * l2_, dx, n);
  }

 private:
  double l1_, l2_;
};

/// factor times the mean of |cosine| over all pairs of rows, or of columns (Brock et al. 2017 penalize its square).
/// The matrix has R rows of C numbers, for columns after turning it.
template <class T>
class Orthogonal final : public Regularizer<T> {
 public:
  explicit Orthogonal(Config& config) : factor_(strength(config, "factor", 0.01)) {
    const std::string mode = config.word("mode", "rows");
    if (mode != "rows" && mode != "columns")
      throw std::invalid_argument("mode must be 'rows' or 'columns', got '" + mode + "'");
    turns_ = mode == "columns";
  }

  bool elementwise() const override { return false; }

  void prepare(const std::string& owner, const Shape& shape, int threads) override {
    if (shape.size() != 2) fail(owner, "an orthogonal regularizer needs a matrix, got the shape ", to_string(shape));
    R_ = turns_ ? shape[1] : shape[0];
    C_ = turns_ ? shape[0] : shape[1];
    const auto& k = kernels::table<T>();
    T* none = nullptr;
    scratch_ = std::max(k.gemm_scratch(product_transposed_b<T>(R_, R_, C_, none, none, none)),
                        k.gemm_scratch(product<T>(R_, C_, R_, none, none, none)));
    scratch_ = round_up(scratch_, static_cast<index>(kCacheLine / sizeof(T)));
    if (memory_.size() < scratch_ * threads) memory_ = Buffer<T>(scratch_ * threads);
    if (unit_.size() == R_ * C_) return;
    unit_ = Buffer<T>(R_ * C_);
    slope_ = Buffer<T>(R_ * C_);
    cosines_ = Buffer<T>(R_ * R_);
    inverse_.assign(static_cast<std::size_t>(R_), 0);
    sums_.assign(static_cast<std::size_t>(R_), 0);
  }

  double whole_penalty(Team& team, const kernels::Kernels<T>& k, const T* x) override {
    const Range rows = team.share(R_);
    for (index i = rows.begin; i < rows.end; ++i) {
      T* const u = unit_.data() + i * C_;
      for (index j = 0; j < C_; ++j) u[j] = x[place(i, j)];
      const double squares = k.sum_of_squares(u, C_);
      inverse_[static_cast<std::size_t>(i)] = squares > 0 ? 1 / std::sqrt(squares) : 0;
      k.scale(u, static_cast<T>(inverse_[static_cast<std::size_t>(i)]), u, C_);
    }
    team.barrier();
    run(team, k, product_transposed_b<T>(R_, R_, C_, unit_.data(), unit_.data(), cosines_.data()));
    team.barrier();
    for (index i = rows.begin; i < rows.end; ++i) {
      T* const row = cosines_.data() + i * R_;
      row[i] = 0;
      sums_[static_cast<std::size_t>(i)] = k.sum_of_absolutes(row, R_);
    }
    team.barrier();
    double sum = 0;
    for (double each : sums_) sum += each;
    return pairs() > 0 ? factor_ * 0.5 * sum / pairs() : 0;
  }

  // Of |cosine|: its sign times the other unit vector, without the part along the own one, by the own length.
  void add_whole_gradient(Team& team, const kernels::Kernels<T>& k, T* dx) override {
    if (pairs() == 0) return;
    const Range rows = team.share(R_);
    for (index i = rows.begin * R_; i < rows.end * R_; ++i) {
      const T c = cosines_[i];
      cosines_[i] = static_cast<T>((c > 0) - (c < 0));
    }
    team.barrier();
    run(team, k, product<T>(R_, C_, R_, cosines_.data(), unit_.data(), slope_.data()));
    team.barrier();
    for (index i = rows.begin; i < rows.end; ++i) {
      const T *const u = unit_.data() + i * C_, *const s = slope_.data() + i * C_;
      double along = 0;
      for (index j = 0; j < C_; ++j) along += static_cast<double>(s[j]) * static_cast<double>(u[j]);
      const double scale = factor_ / pairs() * inverse_[static_cast<std::size_t>(i)];
      for (index j = 0; j < C_; ++j)
        dx[place(i, j)] += static_cast<T>(scale * (static_cast<double>(s[j]) - along * static_cast<double>(u[j])));
    }
    team.barrier();
  }

 private:
  index place(index i, index j) const { return turns_ ? j * R_ + i : i * C_ + j; }
  double pairs() const { return static_cast<double>(R_) * static_cast<double>(R_ - 1) / 2; }

  void run(Team& team, const kernels::Kernels<T>& k, const kernels::Gemm<T>& g) {
    Pass<T> pass{};
    pass.team = &team;
    pass.kernels = &k;
    pass.scratch = memory_.data() + scratch_ * team.rank();
    multiply(pass, g);
  }

  double factor_;
  bool turns_;
  index R_ = 0, C_ = 0, scratch_ = 0;
  Buffer<T> unit_, cosines_, slope_, memory_;
  std::vector<double> inverse_, sums_;
};

}  // namespace

std::vector<std::string> regularizer_kinds() { return {"l1_l2", "orthogonal"}; }

template <class T>
std::shared_ptr<Regularizer<T>> make_regularizer(const std::string& kind, Config config) {
  std::shared_ptr<Regularizer<T>> made;
  if (kind == "l1_l2") made = std::make_shared<L1L2<T>>(config);
  if (kind == "orthogonal") made = std::make_shared<Orthogonal<T>>(config);
  if (!made) throw std::invalid_argument(unknown_name("regularizer", kind, regularizer_kinds()));
  config.finish(kind);
  return made;
}

template std::shared_ptr<Regularizer<float>> make_regularizer(const std::string&, Config);
template std::shared_ptr<Regularizer<double>> make_regularizer(const std::string&, Config);

}  // namespace ranvier
