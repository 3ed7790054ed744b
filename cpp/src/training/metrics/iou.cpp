// Intersection over union of classes: true positives / (true and false positives + false negatives), the mean over the
// classes asked for that occur.

#include <algorithm>

#include "runtime/error.hpp"
#include "training/metric.hpp"

namespace ranvier {

namespace {

constexpr double kEpsilon = 1e-7;  // Keras's

/// Settings: "num_classes"; "target_class_ids", all if absent; "ignore_class", a class of targets that does not count;
/// "sparse_y_true" and "sparse_y_pred": classes instead of a number for each class, whose greatest counts;
/// "threshold": predictions at least as great are class 1, others 0. Classes out of range do not count.
template <class T>
class IoU final : public Metric<T> {
 public:
  explicit IoU(Config& config)
      : N_(config.integer("num_classes")),
        sparse_target_(config.boolean("sparse_y_true", true)),
        sparse_prediction_(config.boolean("sparse_y_pred", true)),
        ignores_(config.has("ignore_class")),
        ignored_(config.integer("ignore_class", 0)),
        thresholds_(config.has("threshold")),
        threshold_(static_cast<T>(config.number("threshold", 0))) {
    if (N_ < 1) throw std::invalid_argument(text("num_classes must be at least 1, got ", N_));
    if (config.has("target_class_ids"))
      wanted_ = config.integers("target_class_ids");
    else
      for (index c = 0; c < N_; ++c) wanted_.push_back(c);
    for (const std::int64_t c : wanted_)
      if (c < 0 || c >= N_)
        throw std::invalid_argument(text("target_class_ids must be from 0 to ", N_ - 1, ", got ", c));
    reset();
  }

  index target_columns(index columns) const override {
    if (!sparse_target_) return sparse_prediction_ ? N_ * columns : columns;
    return sparse_prediction_ ? columns : 1;
  }

  void add(const MetricCall<T>& call) override {
    const index C = call.columns, pairs = sparse_prediction_ ? C : 1;
    for (index i = 0; i < call.rows; ++i) {
      const double weight = call.weights ? static_cast<double>(call.weights[i]) : 1.0;
      for (index j = 0; j < pairs; ++j) {
        const index row = i * pairs + j, width = sparse_prediction_ ? N_ : C;
        const index y =
            sparse_target_ ? static_cast<index>(call.target[row]) : argmax(call.target + row * width, width);
        const index p = sparse_prediction_ ? predicted(call.prediction[row]) : argmax(call.prediction + i * C, C);
        if (y < 0 || y >= N_ || p < 0 || p >= N_ || (ignores_ && y == ignored_)) continue;
        matrix_[static_cast<std::size_t>(y * N_ + p)] += weight;
      }
    }
  }

  std::vector<double> result() const override {
    double sum = 0, present = 0;
    for (const std::int64_t c : wanted_) {
      double all = -at(c, c);
      for (index other = 0; other < N_; ++other) all += at(c, other) + at(other, c);
      if (all <= 1e-9) continue;
      sum += at(c, c) / (all + kEpsilon);
      present += 1;
    }
    return {sum / (present + kEpsilon)};
  }

  void reset() override { matrix_.assign(static_cast<std::size_t>(N_ * N_), 0); }

 protected:
  std::vector<double*> numbers() override {
    std::vector<double*> all;
    for (double& number : matrix_) all.push_back(&number);
    return all;
  }

 private:
  static index argmax(const T* row, index columns) { return std::max_element(row, row + columns) - row; }

  index predicted(T value) const { return thresholds_ ? value >= threshold_ : static_cast<index>(value); }
  double at(index y, index p) const { return matrix_[static_cast<std::size_t>(y * N_ + p)]; }

  index N_;
  bool sparse_target_, sparse_prediction_, ignores_;
  index ignored_;
  bool thresholds_;
  T threshold_;
  std::vector<std::int64_t> wanted_;
  std::vector<double> matrix_;  // (N, N): weight of targets y that were predicted as p
};

RANVIER_REGISTER_METRIC("iou", IoU)

}  // namespace
}  // namespace ranvier
