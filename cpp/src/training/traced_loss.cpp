#include "training/traced_loss.hpp"

#include <algorithm>

namespace ranvier {

template <class T>
TracedLoss<T>::TracedLoss(const Graph<T>& graph)
    : graph_(graph),
      whole_(graph.values[graph.outputs[0]].single),
      target_size_(size(graph.values[graph.inputs[0]].shape)),
      prediction_size_(size(graph.values[graph.inputs[1]].shape)),
      value_size_(size(graph.values[graph.outputs[0]].shape)) {}

template <class T>
void TracedLoss<T>::reserve(index rows) {
  capacity_ = std::max(capacity_, rows);
  values_.resize(static_cast<std::size_t>(count(capacity_)));
}

template <class T>
void TracedLoss<T>::gather(const BatchLossCall<T>& call, Range rows) {
  if (whole_) rows = rows.begin == 0 && rows.end > 0 ? Range{0, call.rows} : Range{0, 0};
  if (rows.size() > 0) run(call, rows);
}

template <class T>
void TracedLoss<T>::run(const BatchLossCall<T>& call, Range rows) {
  PlanPool<T>& plans = call.gradient ? training_ : evaluating_;
  std::unique_ptr<Plan<T>> plan = plans.take(graph_);
  plan->reserve(capacity_, 1);
  plan->bind_input(0, call.target + rows.begin * target_size_);
  plan->bind_input(1, call.prediction + rows.begin * prediction_size_);
  Team alone;
  const Step step{rows.size(), {}};
  plan->forward(alone, step);
  const index first = whole_ ? 0 : rows.begin * value_size_, values = count(rows.size());
  std::copy_n(plan->output(0), values, values_.data() + first);
  if (call.gradient) {
    const double total = divisor(call), factor = total != 0 ? call.factor / total : 0;
    for (index i = 0; i < values; ++i) plan->output_gradient(0)[i] = static_cast<T>(factor * weight(call, first + i));
    plan->backward(alone, step);
    std::copy_n(plan->input_gradient(1), rows.size() * prediction_size_, call.gradient + rows.begin * prediction_size_);
  }
  plans.give_back(std::move(plan));
}

// The weight of a value: of its position where there is one for each, otherwise of its row, or the mean of all rows.
template <class T>
double TracedLoss<T>::weight(const BatchLossCall<T>& call, index value) const {
  if (!call.weights) return 1;
  const index R = call.positions;
  if (!whole_) return static_cast<double>(call.weights[value_size_ == R ? value : value / value_size_ * R]);
  double sum = 0;
  for (index row = 0; row < call.rows; ++row) sum += static_cast<double>(call.weights[row * R]);
  return call.reduction == Reduction::mean ? sum / static_cast<double>(call.rows) : sum;
}

template <class T>
double TracedLoss<T>::divisor(const BatchLossCall<T>& call) const {
  if (call.reduction == Reduction::sum) return 1;
  if (call.reduction == Reduction::mean) return static_cast<double>(count(call.rows));
  double sum = 0;
  for (index i = 0; i < count(call.rows); ++i) sum += weight(call, i);
  return sum;
}

template <class T>
double TracedLoss<T>::finish(const BatchLossCall<T>& call, Range) {
  double sum = 0;
  for (index i = 0; i < count(call.rows); ++i)
    sum += weight(call, i) * static_cast<double>(values_[static_cast<std::size_t>(i)]);
  const double total = divisor(call);
  return total != 0 ? sum / total : 0;
}

template <class T>
Shape TracedLoss<T>::value_shape(index rows) const {
  Shape shape = graph_.values[graph_.outputs[0]].shape;
  if (!whole_) shape.insert(shape.begin(), rows);
  return shape;
}

template <class T>
std::vector<double> TracedLoss<T>::values(index rows) const {
  return {values_.begin(), values_.begin() + count(rows)};
}

template class TracedLoss<float>;
template class TracedLoss<double>;

}  // namespace ranvier
