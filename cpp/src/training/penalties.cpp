#include "training/penalties.hpp"

#include <algorithm>

namespace ranvier {

namespace {

// Sums go over pieces of this many elements, whoever computes them, so that they do not depend on the number of
// threads.
constexpr index kPiece = 1 << 14;

index pieces_of(index n) { return (n + kPiece - 1) / kPiece; }

}  // namespace

template <class T>
void Penalties<T>::find(Graph<T>& graph, const Graph<T>& used, std::size_t objectives) {
  activities_.clear();
  losses_.clear();
  for (const Node<T>& node : used.nodes) {
    if (!node.layer->activity_regularizer) continue;
    if (!node.layer->activity_regularizer->elementwise())
      fail(node.layer->name(), "an orthogonal regularizer is for weights: it cannot be an activity_regularizer");
    for (ValueId value : node.y) {
      const auto found = std::find(graph.outputs.begin(), graph.outputs.end(), value);
      const auto position = static_cast<std::size_t>(found - graph.outputs.begin());
      if (found == graph.outputs.end()) graph.outputs.push_back(value);
      activities_.push_back(
          {node.layer->activity_regularizer, position, size(graph.values[value].shape), position < objectives, {}});
    }
  }
  for (ValueId value : used.added_losses()) {
    losses_.push_back(graph.outputs.size());
    graph.outputs.push_back(value);
  }
}

template <class T>
void Penalties<T>::prepare(const typename Layer<T>::Parameters& parameters, index batch, int threads) {
  weights_.clear();
  std::size_t pieces = 0;
  for (const auto& parameter : parameters) {
    if (!parameter->regularizer || !parameter->trainable) continue;
    parameter->regularizer->prepare(parameter->name, parameter->shape, threads);
    weights_.push_back({parameter, pieces});
    if (parameter->regularizer->elementwise()) pieces += static_cast<std::size_t>(pieces_of(parameter->value.size()));
  }
  pieces_.assign(pieces, 0);
  whole_ = 0;
  for (Activity<T>& activity : activities_) activity.rows.resize(static_cast<std::size_t>(batch));
}

template <class T>
void Penalties<T>::compute(Team& team, Plan<T>& plan, Range part, index rows, bool gradients, bool weights) {
  const auto& k = *plan.table();
  for (Activity<T>& activity : activities_) {
    const index C = activity.columns;
    const T* const x = plan.output(activity.output);
    for (index i = part.begin; i < part.end; ++i)
      activity.rows[static_cast<std::size_t>(i)] = activity.regularizer->penalty(k, x + i * C, C);
    if (!gradients) continue;
    T* const dx = plan.output_gradient(activity.output) + part.begin * C;
    if (!activity.has_loss) k.fill(dx, 0, part.size() * C);
    activity.regularizer->add_gradient(k, x + part.begin * C, 1 / static_cast<double>(rows), dx, part.size() * C);
  }
  if (team.rank() == 0) {
    added_ = 0;
    for (std::size_t output : losses_) {
      added_ += static_cast<double>(plan.output(output)[0]);
      if (gradients) plan.output_gradient(output)[0] = T{1};
    }
  }
  if (!weights) return;
  double whole = 0;
  for (const Weights& each : weights_) {
    const T* const w = each.parameter->value.data();
    const index n = each.parameter->value.size();
    Regularizer<T>& regularizer = *each.parameter->regularizer;
    if (!regularizer.elementwise()) {
      whole += regularizer.whole_penalty(team, k, w);
      continue;
    }
    const Range mine = team.share(pieces_of(n));
    for (index i = mine.begin; i < mine.end; ++i)
      pieces_[each.first + static_cast<std::size_t>(i)] =
          regularizer.penalty(k, w + i * kPiece, std::min(kPiece, n - i * kPiece));
  }
  if (team.rank() == 0) whole_ = whole;
}

template <class T>
double Penalties<T>::total(index rows) const {
  double sum = whole_ + added_;
  for (double piece : pieces_) sum += piece;
  for (const Activity<T>& activity : activities_) {
    double own = 0;
    for (index i = 0; i < rows; ++i) own += activity.rows[static_cast<std::size_t>(i)];
    sum += own / static_cast<double>(rows);
  }
  return sum;
}

template class Penalties<float>;
template class Penalties<double>;

}  // namespace ranvier
