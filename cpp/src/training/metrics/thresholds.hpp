// Weighted counts of true and false, positive and negative, at one or more thresholds: what precision, recall and the
// areas under curves are made of.
#pragma once

#include <string>
#include <vector>

#include "training/metric.hpp"

namespace ranvier {

/// Counts at one threshold; a prediction above it is positive.
struct Confusion {
  double true_positives, false_positives, true_negatives, false_negatives;

  double precision() const { return ratio(true_positives, true_positives + false_positives); }
  double recall() const { return ratio(true_positives, true_positives + false_negatives); }
  double specificity() const { return ratio(true_negatives, true_negatives + false_positives); }
};

/// A metric of such counts. Targets other than 0 are positive. Settings: "thresholds", in any order; "top_k": only so
/// many predictions of each row, the greatest, can be positive; "class_id": only this column counts.
template <class T>
class ThresholdMetric : public Metric<T> {
 public:
  void prepare(index columns) override;
  void add(const MetricCall<T>& call) override;
  void reset() override;

 protected:
  enum Labels { kTogether, kApart };

  /// `from_logits`: predictions are logits of probabilities. `labels`: whether columns are counted together or apart.
  /// `clip`: predictions are cut to 0 .. 1.
  ThresholdMetric(Config& config, std::vector<double> thresholds, bool from_logits, Labels labels, bool clip);

  /// The thresholds that were given, or 0.5; with "top_k", any of the greatest is positive.
  static std::vector<double> given_thresholds(Config& config);
  /// Evenly from 0 to 1.
  static std::vector<double> even_thresholds(Config& config);

  /// Columns that are counted apart; 1 if together.
  index groups() const { return groups_; }
  /// Factors of the weights of columns, or none.
  std::vector<double> column_weights;

  /// At each threshold, from the least up, and in the order given.
  std::vector<Confusion> counts(index group) const;
  std::vector<Confusion> counts_as_given() const;

  std::vector<double*> numbers() override;

 private:
  void add_one(T target, T prediction, double weight, index group);
  void find_top(const T* row, index columns);

  std::vector<T> thresholds_;       // ascending
  std::vector<std::size_t> order_;  // where the ones given are among them
  bool from_logits_, clip_;
  Labels labels_;
  index top_k_, class_id_;
  index columns_ = 0, groups_ = 1;
  std::vector<double> positive_, negative_;  // (groups, thresholds + 1): weight of predictions above so many thresholds
  std::vector<index> top_;
  std::vector<char> in_top_;
};

extern template class ThresholdMetric<float>;
extern template class ThresholdMetric<double>;

}  // namespace ranvier
