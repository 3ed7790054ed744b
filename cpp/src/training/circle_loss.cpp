// Circle loss of embeddings e (rows, C) with labels: rows of one label shall be close, others far.
//   d_ij = max(1 - e_i e_j, 0)
//   P_i = log sum over j of the same label of exp(gamma (d_ij^2 - m^2))
//   N_i = log sum over j of other labels of exp(gamma max(1 + m - d_ij, 0) (1 - m - d_ij))
//   loss_i = log(1 + exp(P_i + N_i)), averaged over the rows where it is not zero.
// Source: Sun et al., CVPR 2020. The margins are those of its section 3.3.

#include <algorithm>
#include <cmath>

#include "runtime/error.hpp"
#include "training/batch_loss.hpp"

namespace ranvier {

namespace {

struct CircleOptions {
  double gamma, margin;
  bool remove_diagonal;
};

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// log(sum(exp(x))), gathered one term after another.
struct LogSumExp {
  double largest = -HUGE_VAL, sum = 0;

  void add(double x) {
    if (x > largest) {
      sum = sum * std::exp(largest - x) + 1;
      largest = x;
    } else {
      sum += std::exp(x - largest);
    }
  }
  double value() const { return sum > 0 ? largest + std::log(sum) : -HUGE_VAL; }
};

template <class T>
class CircleLoss final : public BatchLoss<T> {
 public:
  CircleLoss(CircleOptions options, const Shape& row) : options_(options), C_(size(row)) {
    if (row.size() != 1) fail("circle", "expected embeddings (*, columns), got ", to_string_batched(row));
  }

  void reserve(index rows) override {
    loss_.resize(static_cast<std::size_t>(rows));
    slope_.resize(static_cast<std::size_t>(rows * rows));
  }

  void gather(const BatchLossCall<T>& call, Range rows) override {
    for (index i = rows.begin; i < rows.end; ++i) gather_row(call, i);
  }

  double finish(const BatchLossCall<T>& call, Range rows) override {
    const auto weight = [&](index i) { return call.weights ? static_cast<double>(call.weights[i]) : 1.0; };
    double sum = 0, count = 0, weight_sum = 0;
    for (index i = 0; i < call.rows; ++i) {
      sum += weight(i) * loss_[static_cast<std::size_t>(i)];
      if (loss_[static_cast<std::size_t>(i)] <= 0) continue;
      count += 1;
      weight_sum += weight(i);
    }
    const double divisor = call.reduction == Reduction::sum    ? 1
                           : call.reduction == Reduction::mean ? count
                                                               : weight_sum;
    const double scale = divisor != 0 ? 1 / divisor : 0;
    if (call.gradient)
      for (index i = rows.begin; i < rows.end; ++i) {
        T* const gradient = call.gradient + i * C_;
        std::fill_n(gradient, C_, T{0});
        for (index j = 0; j < call.rows; ++j) {
          // e_i is in row i's loss and, as a neighbour, in row j's.
          const auto slope = static_cast<T>(call.factor * scale *
                                            (weight(i) * slope_at(call, i, j) + weight(j) * slope_at(call, j, i)));
          for (index c = 0; c < C_; ++c) gradient[c] += slope * call.prediction[j * C_ + c];
        }
      }
    return scale * sum;
  }

  Shape value_shape(index rows) const override { return {rows}; }
  std::vector<double> values(index rows) const override { return {loss_.begin(), loss_.begin() + rows}; }

 private:
  enum Pair { kSame, kOther, kNone };

  double& slope_at(const BatchLossCall<T>& call, index i, index j) {
    return slope_[static_cast<std::size_t>(i * call.rows + j)];
  }

  Pair pair(const BatchLossCall<T>& call, index i, index j) const {
    if (call.target[i] != call.target[j]) return kOther;
    return i == j && options_.remove_diagonal ? kNone : kSame;
  }

  // The logit of a pair at distance d, and its derivative by d.
  double logit(Pair pair, double d, double& derivative) const {
    const double m = options_.margin, gamma = options_.gamma;
    if (pair == kSame) {
      derivative = 2 * gamma * d;
      return gamma * (d * d - m * m);
    }
    const bool counts = d < 1 + m;
    derivative = counts ? 2 * gamma * (d - 1) : 0;
    return counts ? gamma * (1 + m - d) * (1 - m - d) : 0;
  }

  // The loss of row i and its derivatives by the products e_i e_j.
  void gather_row(const BatchLossCall<T>& call, index i) {
    LogSumExp sums[2];
    double derivative = 0;
    for (index j = 0; j < call.rows; ++j) {
      double product = 0;
      for (index c = 0; c < C_; ++c)
        product += static_cast<double>(call.prediction[i * C_ + c]) * static_cast<double>(call.prediction[j * C_ + c]);
      slope_at(call, i, j) = product;
      const Pair p = pair(call, i, j);
      if (p != kNone) sums[p].add(logit(p, std::max(1 - product, 0.0), derivative));
    }
    const double of[2] = {sums[kSame].value(), sums[kOther].value()}, total = of[kSame] + of[kOther];
    // In T, as the rows whose loss is zero there do not count.
    loss_[static_cast<std::size_t>(i)] = static_cast<double>(static_cast<T>(softplus(total)));
    for (index j = 0; j < call.rows; ++j) {
      double& slope = slope_at(call, i, j);
      const double d = 1 - slope;
      const Pair p = pair(call, i, j);
      if (p == kNone || d <= 0 || std::isinf(total)) {
        slope = std::isnan(d) ? d : 0;
        continue;
      }
      const double x = logit(p, d, derivative);
      slope = -sigmoid(total) * std::exp(x - of[p]) * derivative;
    }
  }

  CircleOptions options_;
  index C_;
  std::vector<double> loss_, slope_;  // (rows), (rows, rows)
};

}  // namespace

template <class T>
BatchLossMaker<T> circle_loss(Config& config) {
  const CircleOptions options{config.number("gamma", 80), config.number("margin", 0.4),
                              config.boolean("remove_diagonal", true)};
  return [options](const Shape& row) { return std::make_unique<CircleLoss<T>>(options, row); };
}

template BatchLossMaker<float> circle_loss<float>(Config&);
template BatchLossMaker<double> circle_loss<double>(Config&);

}  // namespace ranvier
