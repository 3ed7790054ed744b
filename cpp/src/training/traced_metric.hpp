// A metric written with operations: a small graph from targets and predictions to values, whose mean it is.
#pragma once

#include "network/plan_pool.hpp"
#include "training/metric.hpp"

namespace ranvier {

/// The graph has the inputs (target, prediction) and one output: a value for each row, or several, or values that are
/// one for the whole batch. In the first cases threads share the rows; in the last one of them does it all.
template <class T>
class TracedMetric final : public MeanMetric<T> {
 public:
  explicit TracedMetric(const Graph<T>& graph);

  index target_columns(index columns) const override { return target_size_ * columns / prediction_size_; }
  void values(const MetricCall<T>& call) const override;
  void add(const MetricCall<T>& call) override;

 private:
  /// Calls f(values, how many) for the rows of a call.
  template <class F>
  void run(const MetricCall<T>& call, const F& f) const;

  Graph<T> graph_;
  bool whole_;  // the values are one for the whole batch
  index target_size_, prediction_size_, value_size_;
  index positions_;           // of a row, as the trainer counts them
  index values_of_position_;  // 0 where positions have no values of their own
  mutable PlanPool<T> plans_{kInference};
};

}  // namespace ranvier
