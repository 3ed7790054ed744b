// R^2: one minus the squared errors over the squared deviations of targets from their mean, of each column.

#include <cmath>

#include "runtime/error.hpp"
#include "training/metric.hpp"

namespace ranvier {

namespace {

/// Settings: "class_aggregation": "none", "uniform_average" or "variance_weighted_average"; "num_regressors": how many
/// independent variables the score is adjusted for, where there are more rows than that by 2.
template <class T>
class R2Score final : public Metric<T> {
 public:
  explicit R2Score(Config& config)
      : aggregation_(config.word("class_aggregation", "uniform_average")),
        regressors_(config.integer("num_regressors", 0)) {
    if (aggregation_ != "none" && aggregation_ != "uniform_average" && aggregation_ != "variance_weighted_average")
      throw std::invalid_argument(
          unknown_name("class_aggregation", aggregation_, {"none", "uniform_average", "variance_weighted_average"}));
    if (regressors_ < 0) throw std::invalid_argument(text("num_regressors must be at least 0, got ", regressors_));
  }

  void prepare(index columns) override {
    if (static_cast<index>(columns_.size()) != columns) columns_.assign(static_cast<std::size_t>(columns), Column{});
  }

  void add(const MetricCall<T>& call) override {
    for (index i = 0; i < call.rows; ++i) {
      const double weight = call.weights ? static_cast<double>(call.weights[i]) : 1.0;
      for (index j = 0; j < call.columns; ++j)
        columns_[static_cast<std::size_t>(j)].add(static_cast<double>(call.target[i * call.columns + j]),
                                                  static_cast<double>(call.prediction[i * call.columns + j]), weight);
    }
    numbers_ += static_cast<double>(call.rows * call.columns);
  }

  std::vector<double> result() const override {
    if (numbers_ == 0) return {0};
    std::vector<double> scores;
    double mean = 0, weighted = 0, deviations = 0;
    for (const Column& column : columns_) {
      scores.push_back(adjusted(column.score()));
      mean += column.score() / static_cast<double>(columns_.size());
      weighted += column.score() * column.deviations;
      deviations += column.deviations;
    }
    if (aggregation_ == "uniform_average") return {adjusted(mean)};
    if (aggregation_ == "variance_weighted_average") return {adjusted(weighted / deviations)};
    return scores;
  }

  void reset() override {
    columns_.assign(columns_.size(), Column{});
    numbers_ = 0;
  }

 protected:
  std::vector<double*> numbers() override {
    std::vector<double*> all{&numbers_};
    for (Column& c : columns_) all.insert(all.end(), {&c.weight, &c.mean, &c.deviations, &c.errors});
    return all;
  }

 private:
  /// Deviations are gathered around the running mean, so that a great mean costs no digits (West, CACM 22, 1979).
  struct Column {
    double weight = 0, mean = 0, deviations = 0, errors = 0;

    void add(double y, double p, double w) {
      errors += w * (y - p) * (y - p);
      if (w == 0) return;
      weight += w;
      const double away = y - mean;
      mean += away * w / weight;
      deviations += w * away * (y - mean);
    }
    // Where targets do not vary, 0, and NaN if they are hit.
    double score() const {
      const double score = 1 - errors / deviations;
      return std::isinf(score) ? 0 : score;
    }
  };

  double adjusted(double score) const {
    const double n = numbers_, p = static_cast<double>(regressors_);
    return p > 0 && p < n - 1 ? 1 - (1 - score) * (n - 1) / (n - p - 1) : score;
  }

  std::string aggregation_;
  index regressors_;
  std::vector<Column> columns_;
  double numbers_ = 0;  // targets seen
};

RANVIER_REGISTER_METRIC("r2_score", R2Score)

}  // namespace
}  // namespace ranvier
