// A loss written with operations: a small graph from targets and predictions to values.
#pragma once

#include <memory>
#include <vector>

#include "network/plan_pool.hpp"
#include "training/batch_loss.hpp"

namespace ranvier {

/// The graph has the inputs (target, prediction) and one output: a value for each row, or several, or values that are
/// one for the whole batch. In the first cases threads share the rows; in the last one of them does it all.
template <class T>
class TracedLoss final : public BatchLoss<T> {
 public:
  explicit TracedLoss(const Graph<T>& graph);

  void reserve(index rows) override;
  void gather(const BatchLossCall<T>& call, Range rows) override;
  double finish(const BatchLossCall<T>& call, Range rows) override;
  Shape value_shape(index rows) const override;
  std::vector<double> values(index rows) const override;

 private:
  void run(const BatchLossCall<T>& call, Range rows);
  double weight(const BatchLossCall<T>& call, index value) const;
  double divisor(const BatchLossCall<T>& call) const;
  index count(index rows) const { return whole_ ? value_size_ : rows * value_size_; }

  Graph<T> graph_;
  bool whole_;  // the values are one for the whole batch
  index target_size_, prediction_size_, value_size_;
  std::vector<T> values_;
  index capacity_ = 0;
  PlanPool<T> training_{{false, true, true}}, evaluating_{kInference};
};

}  // namespace ranvier
