#include "network/network.hpp"

#include <algorithm>

#include "runtime/clock.hpp"
#include "runtime/denormals.hpp"

namespace ranvier {

namespace {

// Rows that inference takes at once: enough for products at full speed, few enough that the activations stay in L2.
constexpr index kMostRows = 2048, kCacheBytes = 1 << 20;

// Threads share a prediction from an eighth of the rows on that its layers want, with which a product reaches most of
// its speed; and make up to four parts of it each, so that none waits long for another.
constexpr index kLeastPart = 8, kPartsPerThread = 4;

void check_indices(const ArrayView& x, index count, const std::string& layer) {
  if (size(x.shape) == 0) return;
  const LabelRange range = label_range(x);
  const bool whole = range.first_fraction < 0;
  if (whole && range.least >= 0 && range.greatest < static_cast<double>(count)) return;
  const index at = !whole ? range.first_fraction : range.least < 0 ? range.least_at : range.greatest_at;
  std::string position;
  index rest = at;
  for (std::size_t axis = x.shape.size(); axis-- > 0; rest /= x.shape[axis])
    position = std::to_string(rest % x.shape[axis]) + (position.empty() ? "" : ", ") + position;
  if (!whole) fail(layer, "expected whole numbers as indices, but x[", position, "] is none");
  fail(layer, "expected indices from 0 to ", count - 1, ", got ", range.least < 0 ? range.least : range.greatest,
       " at x[", position, "]");
}

}  // namespace

template <class T>
ValueId Network<T>::add_input(const Shape& shape, const std::string& input_name) {
  return graph_.add_input(shape, input_name);
}

template <class T>
std::vector<ValueId> Network<T>::add(std::shared_ptr<Layer<T>> layer, const std::vector<ValueId>& x,
                                     const std::vector<ValueId>& masks) {
  for (ValueId value : x)
    if (value >= graph_.values.size()) fail(name, "there is no value ", value, " in this network");
  for (ValueId mask : masks)
    if (mask != kNone && mask >= graph_.values.size()) fail(name, "there is no value ", mask, " in this network");
  return graph_.add(std::move(layer), x, masks);
}

template <class T>
void Network<T>::set_outputs(const std::vector<ValueId>& values, const std::vector<ValueId>& masks, bool single) {
  if (values.empty()) fail(name, "expected at least one output");
  for (auto value = values.begin(); value != values.end(); ++value) {
    if (*value >= graph_.values.size()) fail(name, "there is no value ", *value, " in this network");
    if (graph_.values[*value].single && !single)
      fail(name, "an output must have a batch axis: spread it over the batch first");
    if (std::find(values.begin(), value, *value) != value)
      fail(name, "the same value is an output twice; pass it through an identity layer");
  }
  for (ValueId mask : masks)
    if (mask != kNone && mask >= graph_.values.size()) fail(name, "there is no value ", mask, " in this network");
  graph_.outputs = values;
  output_masks_ = masks;
  indices_.clear();
  fixed_batch_ = 0;
  for (const Node<T>& node : graph_.nodes) {
    const index batch = node.layer->fixed_batch();
    if (batch > 0 && fixed_batch_ > 0 && batch != fixed_batch_)
      fail(node.layer->name(), "is stateful with batches of ", batch, " rows, but another layer with ", fixed_batch_);
    fixed_batch_ = std::max(fixed_batch_, batch);
    const auto input =
        node.x.empty() ? graph_.inputs.end() : std::find(graph_.inputs.begin(), graph_.inputs.end(), node.x[0]);
    if (node.layer->indices() > 0 && input != graph_.inputs.end())
      indices_.push_back(
          {static_cast<std::size_t>(input - graph_.inputs.begin()), node.layer->indices(), node.layer->name()});
  }
  const Graph<T> used = graph_.pruned();
  const auto any = [&used](bool (Layer<T>::*has)() const) {
    return std::any_of(used.nodes.begin(), used.nodes.end(), [has](const Node<T>& n) { return (*n.layer.*has)(); });
  };
  draws_ = any(&Layer<T>::draws);
  adds_losses_ = any(&Layer<T>::adds_loss);
  plans_.clear();
}

template <class T>
index Network<T>::check_inputs(const std::vector<ArrayView>& x) const {
  if (x.size() != graph_.inputs.size()) fail(name, "expected ", graph_.inputs.size(), " inputs, got ", x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Shape& wanted = graph_.values[graph_.inputs[i]].shape;
    const std::string which = x.size() == 1 ? "" : " '" + graph_.input_names[i] + "'";
    if (x[i].shape.empty() || x[i].row_shape() != wanted)
      fail(name, "expected input", which, " ", to_string_batched(wanted), ", got ", to_string(x[i].shape));
    if (x[i].rows() != x[0].rows())
      fail(name, "expected inputs of one length, got ", x[0].rows(), " and ", x[i].rows(), " rows");
  }
  for (const Indices& each : indices_) check_indices(x[each.input], each.count, each.layer);
  return x.empty() ? 0 : x[0].rows();
}

/// Throws std::invalid_argument unless the rows are whole batches, or one, of the size that a state is of.
template <class T>
void Network<T>::require_batches(index rows, bool one) const {
  if (fixed_batch_ > 0 && (one ? rows != fixed_batch_ : rows % fixed_batch_ != 0))
    fail(name, "a stateful layer carries its state between batches of ", fixed_batch_, " rows: expected ",
         one ? "one of them" : "whole batches", ", got ", rows, " rows");
}

template <class T>
void Network<T>::predict_rows(Plan<T>& plan, Team& team, const std::vector<ArrayView>& x, index first, index count,
                              std::uint64_t seed, const Outputs<T>& y) const {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const index n = x[i].row_elements();
    if (const T* rows = contiguous<T>(x[i])) {
      if (team.rank() == 0) plan.bind_input(i, rows + first * n);
    } else {
      if (team.rank() == 0) plan.own_input(i);
      team.barrier();
      const Range part = team.share(count);
      gather(x[i], nullptr, first + part.begin, part.size(), plan.input(i) + part.begin * n);
    }
  }
  team.barrier();
  plan.forward(team, {count, {seed, 0}, first});
  for (std::size_t i = 0; i < y.size(); ++i) {
    const index n = size(output_shape(i));
    const Range part = team.share(count);
    std::copy_n(plan.output(i) + part.begin * n, part.size() * n, y[i] + (first + part.begin) * n);
  }
  team.barrier();
}

template <class T>
void Network<T>::predict(const std::vector<ArrayView>& x, const Outputs<T>& y, std::uint64_t seed) const {
  const index rows = check_inputs(x);
  require_batches(rows, false);
  std::unique_lock<std::mutex> one_at_a_time(state_mutex_, std::defer_lock);
  if (fixed_batch_ > 0) one_at_a_time.lock();
  std::unique_ptr<Plan<T>> plan = plans_.take(graph_);
  const index bytes = std::max<index>(1, plan->row_elements() * static_cast<index>(sizeof(T)));
  const index wanted = plan->rows_wanted();
  const index block =
      fixed_batch_ > 0 ? fixed_batch_ : std::min(std::max<index>(kCacheBytes / bytes, wanted), kMostRows);
  const double work = plan->flops() * static_cast<double>(rows);
  const int threads = work < kWorthThreads ? 1 : num_threads();
  if (threads > 1 && fixed_batch_ == 0 && rows >= threads * std::max<index>(1, wanted / kLeastPart)) {
    predict_parts(std::move(plan), threads, block, x, rows, seed, y);
    return;
  }

  // Few rows: all threads work on each layer together.
  int size = threads;
  if (threads > 1) {
    const std::lock_guard<std::mutex> lock(together_mutex_);
    together_.begin(threads, work);
    size = together_.threads();
  }
  plan->reserve(std::min(block, rows), size);
  const double start = now();
  run_team(size, [&](Team& team) {
    const FlushDenormals flush;
    for (index first = 0; first < rows; first += block)
      predict_rows(*plan, team, x, first, std::min(block, rows - first), seed, y);
  });
  if (threads > 1) {
    const std::lock_guard<std::mutex> lock(together_mutex_);
    together_.report(now() - start);
  }
  plans_.give_back(std::move(plan));
}

/// Inference on so many rows that each thread can run parts of its own, of at most `block` rows, and never waits for
/// another.
template <class T>
void Network<T>::predict_parts(std::unique_ptr<Plan<T>> plan, index threads, index block,
                               const std::vector<ArrayView>& x, index rows, std::uint64_t seed,
                               const Outputs<T>& y) const {
  const index several = std::clamp<index>(rows / (threads * plan->rows_wanted()), 1, kPartsPerThread);
  const index parts = round_up(std::max((rows + block - 1) / block, several * threads), threads);
  const index part = (rows + parts - 1) / parts;
  std::vector<std::unique_ptr<Plan<T>>> plans(static_cast<std::size_t>(threads));
  plans[0] = std::move(plan);
  for (auto& each : plans) {
    if (!each) each = plans_.take(graph_);
    each->reserve(part, 1);
  }
  share_parts(static_cast<int>(threads), (rows + part - 1) / part, [&](index i, int worker) {
    const FlushDenormals flush;
    Team alone;
    predict_rows(*plans[static_cast<std::size_t>(worker)], alone, x, i * part, std::min(part, rows - i * part), seed,
                 y);
  });
  for (auto& each : plans) plans_.give_back(std::move(each));
}

template <class T>
void Network<T>::run(const std::vector<ArrayView>& x, bool training, std::uint64_t seed, const Outputs<T>& y) const {
  if (!training) return predict(x, y, seed);
  const index rows = check_inputs(x);
  require_batches(rows, true);
  Plan<T> plan(graph_, {true, false, false});
  const int threads = plan.flops() * static_cast<double>(rows) < kWorthThreads ? 1 : num_threads();
  plan.reserve(rows, threads);
  for (std::size_t i = 0; i < x.size(); ++i) {
    plan.own_input(i);
    gather(x[i], nullptr, 0, rows, plan.input(i));
  }
  run_team(threads, [&](Team& team) {
    const FlushDenormals flush;
    plan.forward(team, {rows, {seed, 0}});
  });
  for (std::size_t i = 0; i < y.size(); ++i) std::copy_n(plan.output(i), rows * size(output_shape(i)), y[i]);
}

template <class T>
void Network<T>::gradients(const std::vector<ArrayView>& x, const std::vector<ArrayView>& dy, bool training,
                           std::uint64_t seed, const Outputs<T>& dx, const Outputs<T>& dparameters) const {
  const index rows = check_inputs(x);
  if (dy.size() != graph_.outputs.size())
    fail(name, "expected ", graph_.outputs.size(), " output gradients, got ", dy.size());
  for (std::size_t i = 0; i < dy.size(); ++i)
    if (dy[i].rows() != rows || dy[i].row_shape() != output_shape(i))
      fail(name, "expected output gradient ", to_string_batched(output_shape(i)), " of ", rows, " rows, got ",
           to_string(dy[i].shape));
  require_batches(rows, true);
  Plan<T> plan(graph_, {training, true, true});
  const int threads = plan.flops() * static_cast<double>(rows) < kWorthThreads ? 1 : num_threads();
  plan.reserve(rows, threads);
  for (std::size_t i = 0; i < x.size(); ++i) {
    plan.own_input(i);
    gather(x[i], nullptr, 0, rows, plan.input(i));
  }
  run_team(threads, [&](Team& team) {
    const FlushDenormals flush;
    const Step step{rows, {seed, 0}};
    plan.forward(team, step);
    for (std::size_t i = 0; i < dy.size(); ++i) {
      const Range part = team.share(rows);
      gather(dy[i], nullptr, part.begin, part.size(), plan.output_gradient(i) + part.begin * dy[i].row_elements());
    }
    team.barrier();
    plan.backward(team, step);
  });
  for (std::size_t i = 0; i < dx.size(); ++i) std::copy_n(plan.input_gradient(i), rows * x[i].row_elements(), dx[i]);
  for (std::size_t p = 0; p < dparameters.size(); ++p)
    if (const T* gradient = plan.parameter_gradient(p))
      std::copy_n(gradient, plan.parameters()[p]->value.size(), dparameters[p]);
}

template class Network<float>;
template class Network<double>;

}  // namespace ranvier
