// Dice and Tversky: one minus how much of two regions, given as weights y and p of each element, overlaps.
//   dice    = 1 - 2 I / (Y + P + epsilon)
//   tversky = 1 - I / (I + alpha (Y - I) + beta (P - I) + epsilon)
// where I, Y and P are the sums of y p, y and p over the axes given, over everything if none is. Each combination of
// indices of the other axes is a region of its own.
// Sources: Milletari, Navab and Ahmadi, 3DV 2016; Salehi, Erdogmus and Gholipour, MLMI 2017.

#include <algorithm>

#include "runtime/error.hpp"
#include "training/batch_loss.hpp"

namespace ranvier {

namespace {

constexpr double kEpsilon = 1e-7;  // Keras's

struct OverlapOptions {
  bool dice;
  double alpha, beta;
  bool everything;                 // no axes: all are summed over
  std::vector<std::int64_t> axes;  // summed over; 0 is the batch
};

/// Sums of one region, which the loss is a function of.
struct Sums {
  double both = 0, target = 0, prediction = 0;

  void add(const Sums& other) {
    both += other.both;
    target += other.target;
    prediction += other.prediction;
  }
};

template <class T>
class OverlapLoss final : public BatchLoss<T> {
 public:
  OverlapLoss(const OverlapOptions& options, const Shape& row) : options_(options), row_(row), summed_(row.size() + 1) {
    const auto axes = static_cast<std::int64_t>(summed_.size());
    std::fill(summed_.begin(), summed_.end(), options.everything);
    for (const std::int64_t axis : options.axes) {
      if (axis < -axes || axis >= axes)
        fail("axis", "expected axes from ", -axes, " to ", axes - 1, " for predictions ", to_string_batched(row),
             ", got ", axis);
      summed_[static_cast<std::size_t>(axis < 0 ? axis + axes : axis)] = true;
    }
    // The region of each element, counted in row-major order of the axes that stay.
    regions_ = 1;
    region_.assign(static_cast<std::size_t>(size(row)), 0);
    index inner = 1;
    for (std::size_t d = row.size(); d-- > 0; inner *= row[d]) {
      if (summed_[d + 1]) continue;
      for (index e = 0; e < size(row); ++e) region_[static_cast<std::size_t>(e)] += e / inner % row[d] * regions_;
      regions_ *= row[d];
    }
  }

  void reserve(index rows) override { sums_.resize(static_cast<std::size_t>(rows * regions_)); }

  void gather(const BatchLossCall<T>& call, Range rows) override {
    const index elements = size(row_);
    for (index i = rows.begin; i < rows.end; ++i) {
      Sums* const sums = sums_.data() + i * regions_;
      std::fill_n(sums, regions_, Sums{});
      for (index e = 0; e < elements; ++e) {
        const auto y = static_cast<double>(call.target[i * elements + e]);
        const auto p = static_cast<double>(call.prediction[i * elements + e]);
        sums[region_[static_cast<std::size_t>(e)]].add({y * p, y, p});
      }
    }
  }

  double finish(const BatchLossCall<T>& call, Range rows) override {
    return batch_summed() ? finish_batch(call, rows) : finish_rows(call, rows);
  }

  Shape value_shape(index rows) const override {
    Shape shape;
    if (!batch_summed()) shape.push_back(rows);
    for (std::size_t d = 0; d < row_.size(); ++d)
      if (!summed_[d + 1]) shape.push_back(row_[d]);
    return shape;
  }

  std::vector<double> values(index rows) const override {
    std::vector<double> values;
    if (batch_summed())
      for (index g = 0; g < regions_; ++g) values.push_back(value(total(g, rows)));
    else
      for (index v = 0; v < rows * regions_; ++v) values.push_back(value(sums_[static_cast<std::size_t>(v)]));
    return values;
  }

 private:
  bool batch_summed() const { return summed_[0]; }

  double divisor(const Sums& s) const {
    if (options_.dice) return s.target + s.prediction + kEpsilon;
    return s.both + options_.alpha * (s.target - s.both) + options_.beta * (s.prediction - s.both) + kEpsilon;
  }
  double value(const Sums& s) const { return 1 - (options_.dice ? 2 : 1) * s.both / divisor(s); }

  /// scale d value / d p = a y + b.
  struct Slope {
    T a, b;
  };
  Slope slope(const Sums& s, double scale) const {
    // d divisor / d p = by_y y + by_1
    const double D = divisor(s), by_y = options_.dice ? 0 : 1 - options_.alpha - options_.beta;
    const double by_1 = options_.dice ? 1 : options_.beta, factor = scale * (options_.dice ? 2 : 1) / (D * D);
    return {static_cast<T>(factor * (s.both * by_y - D)), static_cast<T>(factor * s.both * by_1)};
  }
  void give_gradient(const BatchLossCall<T>& call, index row, const std::vector<Slope>& slopes) const {
    const index elements = size(row_);
    for (index e = 0; e < elements; ++e) {
      const Slope& at = slopes[static_cast<std::size_t>(region_[static_cast<std::size_t>(e)])];
      call.gradient[row * elements + e] = at.a * call.target[row * elements + e] + at.b;
    }
  }

  // The sum over the batch, row after row.
  Sums total(index g, index rows) const {
    Sums sum;
    for (index i = 0; i < rows; ++i) sum.add(sums_[static_cast<std::size_t>(i * regions_ + g)]);
    return sum;
  }

  // A row's weight: the mean of those of its positions.
  double weight(const BatchLossCall<T>& call, index row) const {
    if (!call.weights) return 1;
    const index positions = row_.empty() ? 1 : size(row_) / row_.back();
    double sum = 0;
    for (index r = 0; r < positions; ++r) sum += static_cast<double>(call.weights[row * positions + r]);
    return sum / static_cast<double>(positions);
  }

  double finish_batch(const BatchLossCall<T>& call, Range rows) const {
    double weight_sum = 0;
    for (index i = 0; i < call.rows; ++i) weight_sum += weight(call, i);
    double scale = call.reduction == Reduction::sum ? weight_sum : weight_sum / static_cast<double>(call.rows);
    if (!call.weights || call.reduction == Reduction::mean_with_sample_weight) scale = 1;
    if (call.reduction != Reduction::sum) scale /= static_cast<double>(regions_);
    double loss = 0;
    std::vector<Slope> slopes;
    for (index g = 0; g < regions_; ++g) {
      const Sums sum = total(g, call.rows);
      loss += scale * value(sum);
      slopes.push_back(slope(sum, call.factor * scale));
    }
    if (call.gradient)
      for (index i = rows.begin; i < rows.end; ++i) give_gradient(call, i, slopes);
    return loss;
  }

  double finish_rows(const BatchLossCall<T>& call, Range rows) const {
    // Weights of positions belong to regions where only the last axis is summed over.
    const bool by_position =
        call.weights && regions_ * (row_.empty() ? 1 : row_.back()) == size(row_) && summed_.back();
    const auto weight_of = [&](index i, index g) {
      return by_position ? static_cast<double>(call.weights[i * regions_ + g]) : weight(call, i);
    };
    double sum = 0, weight_sum = 0;
    for (index i = 0; i < call.rows; ++i)
      for (index g = 0; g < regions_; ++g) {
        sum += weight_of(i, g) * value(sums_[static_cast<std::size_t>(i * regions_ + g)]);
        weight_sum += weight_of(i, g);
      }
    const double divisor = call.reduction == Reduction::sum    ? 1
                           : call.reduction == Reduction::mean ? static_cast<double>(call.rows * regions_)
                                                               : weight_sum;
    const double scale = divisor != 0 ? 1 / divisor : 0;
    if (!call.gradient) return scale * sum;
    std::vector<Slope> slopes(static_cast<std::size_t>(regions_));
    for (index i = rows.begin; i < rows.end; ++i) {
      for (index g = 0; g < regions_; ++g)
        slopes[static_cast<std::size_t>(g)] =
            slope(sums_[static_cast<std::size_t>(i * regions_ + g)], call.factor * scale * weight_of(i, g));
      give_gradient(call, i, slopes);
    }
    return scale * sum;
  }

  OverlapOptions options_;
  Shape row_;
  std::vector<char> summed_;   // of each axis, the batch first
  std::vector<index> region_;  // of each element of a row
  index regions_;              // in a row
  std::vector<Sums> sums_;     // (rows, regions)
};

}  // namespace

template <class T>
BatchLossMaker<T> overlap_loss(Config& config, bool dice) {
  OverlapOptions options{dice, 0, 0, true, {}};
  if (!dice) {
    options.alpha = config.number("alpha", 0.5);
    options.beta = config.number("beta", 0.5);
  }
  options.everything = !config.has("axis");
  if (!options.everything) options.axes = config.integers("axis");
  return [options](const Shape& row) { return std::make_unique<OverlapLoss<T>>(options, row); };
}

template BatchLossMaker<float> overlap_loss<float>(Config&, bool);
template BatchLossMaker<double> overlap_loss<double>(Config&, bool);

}  // namespace ranvier
