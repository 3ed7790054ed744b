// F-beta: the harmonic mean of precision and recall of each column, recall weighing beta times as much.
//   (1 + beta^2) precision recall / (beta^2 precision + recall)
// Source: van Rijsbergen, Information Retrieval, 1979.

#include <algorithm>
#include <cmath>

#include "runtime/error.hpp"
#include "training/metric.hpp"

namespace ranvier {

namespace {

constexpr double kEpsilon = 1e-7;  // Keras's

struct Counts {
  double true_positives = 0, false_positives = 0, false_negatives = 0, positives = 0;

  void add(const Counts& other) {
    true_positives += other.true_positives;
    false_positives += other.false_positives;
    false_negatives += other.false_negatives;
    positives += other.positives;
  }
};

template <class T>
class FBetaScore final : public Metric<T> {
 public:
  explicit FBetaScore(Config& config)
      : average_(config.word("average", "none")),
        beta_(config.number("beta", 1)),
        greatest_(!config.has("threshold")),
        threshold_(static_cast<T>(config.number("threshold", 0))) {
    if (average_ != "none" && average_ != "micro" && average_ != "macro" && average_ != "weighted")
      throw std::invalid_argument(unknown_name("average", average_, {"none", "micro", "macro", "weighted"}));
    if (!(beta_ > 0)) throw std::invalid_argument(text("beta must be above 0, got ", beta_));
  }

  void prepare(index columns) override {
    if (static_cast<index>(counts_.size()) != columns) counts_.assign(static_cast<std::size_t>(columns), Counts{});
  }

  void add(const MetricCall<T>& call) override {
    for (index i = 0; i < call.rows; ++i) {
      const T *target = call.target + i * call.columns, *prediction = call.prediction + i * call.columns;
      const T largest = greatest_ ? *std::max_element(prediction, prediction + call.columns) : T{0};
      const double weight = call.weights ? static_cast<double>(call.weights[i]) : 1.0;
      for (index j = 0; j < call.columns; ++j) {
        // A row of zeros predicts nothing.
        const bool chosen =
            greatest_ ? prediction[j] >= largest && std::abs(prediction[j]) > T(1e-9) : prediction[j] > threshold_;
        const double y = static_cast<double>(target[j]) * weight, n = weight - y;
        counts_[static_cast<std::size_t>(j)].add({chosen ? y : 0, chosen ? n : 0, chosen ? 0 : y, y});
      }
    }
  }

  std::vector<double> result() const override {
    if (average_ == "micro") {
      Counts sum;
      for (const Counts& column : counts_) sum.add(column);
      return {score(sum)};
    }
    std::vector<double> scores;
    double mean = 0, weighted = 0, positives = 0;
    for (const Counts& column : counts_) {
      scores.push_back(score(column));
      mean += scores.back() / static_cast<double>(counts_.size());
      weighted += scores.back() * column.positives;
      positives += column.positives;
    }
    if (average_ == "macro") return {mean};
    if (average_ == "weighted") return {weighted / (positives + kEpsilon)};
    return scores.empty() ? std::vector<double>{0} : scores;
  }

  void reset() override { std::fill(counts_.begin(), counts_.end(), Counts{}); }

 protected:
  std::vector<double*> numbers() override {
    std::vector<double*> all;
    for (Counts& c : counts_)
      all.insert(all.end(), {&c.true_positives, &c.false_positives, &c.false_negatives, &c.positives});
    return all;
  }

 private:
  double score(const Counts& c) const {
    const double precision = c.true_positives / (c.true_positives + c.false_positives + kEpsilon);
    const double recall = c.true_positives / (c.true_positives + c.false_negatives + kEpsilon);
    const double square = beta_ * beta_;
    return (1 + square) * precision * recall / (square * precision + recall + kEpsilon);
  }

  std::string average_;
  double beta_;
  bool greatest_;  // the greatest prediction of a row is positive, instead of those above the threshold
  T threshold_;
  std::vector<Counts> counts_;  // of each column
};

RANVIER_REGISTER_METRIC("fbeta_score", FBetaScore)

}  // namespace
}  // namespace ranvier
