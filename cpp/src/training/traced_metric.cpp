#include "training/traced_metric.hpp"

#include <algorithm>

namespace ranvier {

namespace {

double mean(const double sum, index count) { return sum / static_cast<double>(std::max<index>(count, 1)); }

template <class T>
double sum(const T* values, index count) {
  double total = 0;
  for (index i = 0; i < count; ++i) total += static_cast<double>(values[i]);
  return total;
}

}  // namespace

template <class T>
TracedMetric<T>::TracedMetric(const Graph<T>& graph)
    : graph_(graph),
      whole_(graph.values[graph.outputs[0]].single),
      target_size_(size(graph.values[graph.inputs[0]].shape)),
      prediction_size_(size(graph.values[graph.inputs[1]].shape)),
      value_size_(size(graph.values[graph.outputs[0]].shape)) {
  Shape positions = graph.values[graph.inputs[1]].shape;
  if (!positions.empty()) positions.pop_back();
  positions_ = size(positions);
  const Shape& value = graph.values[graph.outputs[0]].shape;
  const bool each = value.size() >= positions.size() && std::equal(positions.begin(), positions.end(), value.begin());
  values_of_position_ = each ? value_size_ / positions_ : 0;
}

template <class T>
template <class F>
void TracedMetric<T>::run(const MetricCall<T>& call, const F& f) const {
  const index rows = call.rows / positions_;
  std::unique_ptr<Plan<T>> plan = plans_.take(graph_);
  plan->reserve(rows, 1);
  plan->bind_input(0, call.target);
  plan->bind_input(1, call.prediction);
  Team alone;
  plan->forward(alone, {rows, {}});
  f(plan->output(0), rows);
  plans_.give_back(std::move(plan));
}

// Each position gets the mean of its values, or that of its row.
template <class T>
void TracedMetric<T>::values(const MetricCall<T>& call) const {
  if (whole_ || call.rows == 0) return;
  run(call, [&](const T* values, index rows) {
    const index each = values_of_position_;
    for (index row = 0; row < rows; ++row)
      for (index j = 0; j < positions_; ++j)
        call.value[row * positions_ + j] =
            static_cast<T>(each ? mean(sum(values + row * value_size_ + j * each, each), each)
                                : mean(sum(values + row * value_size_, value_size_), value_size_));
  });
}

// A number for the whole batch counts as the weights of its rows do together, or once.
template <class T>
void TracedMetric<T>::add(const MetricCall<T>& call) {
  if (!whole_) return MeanMetric<T>::add(call);
  run(call, [&](const T* values, index) {
    T value = static_cast<T>(mean(sum(values, value_size_), value_size_));
    const T weight = call.weights ? static_cast<T>(sum(call.weights, call.rows)) : T{1};
    MeanMetric<T>::add({nullptr, nullptr, &value, 1, 1, &weight});
  });
}

template class TracedMetric<float>;
template class TracedMetric<double>;

}  // namespace ranvier
