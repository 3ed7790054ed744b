#include "network/plan.hpp"

#include <algorithm>

namespace ranvier {

namespace {

template <class T>
constexpr index kAlignment = static_cast<index>(kCacheLine / sizeof(T));

// Scratch of different threads must not fall on the same cache sets, as power-of-two distances would.
template <class T>
constexpr index kSkew = 3 * kAlignment<T>;

}  // namespace

template <class T>
Plan<T>::Plan(const Graph<T>& graph, PlanMode mode)
    : graph_(graph.in_mode(mode.training).without_added_losses().pruned().fused()),
      parameters_(graph.parameters()),
      mode_(mode),
      kernels_(&kernels::table<T>()) {
  const std::size_t values = graph_.values.size();
  routes_.resize(graph_.nodes.size());
  pointers_.resize(values);
  gradients_.resize(values);
  parameter_gradients_.resize(parameters_.size());
  streamed_.resize(parameters_.size());
  input_buffers_.resize(graph_.inputs.size());
  find_aliases();
  find_gradients();
  for (std::size_t i = 0; i < routes_.size(); ++i) routes_[i].sinks.resize(graph_.nodes[i].layer->parameters().size());
  double wanted = 0;  // rows, weighted with the work that wants them
  for (const Node<T>& node : graph_.nodes) {
    const double flops = node.layer->flops(node.x_shapes);
    flops_ += flops;
    wanted += flops * static_cast<double>(node.layer->rows_wanted(node.x_shapes));
  }
  if (flops_ > 0) rows_wanted_ = std::max<index>(1, static_cast<index>(wanted / flops_));
  row_elements_ = place(lifetimes(1), 1).total;
}

template <class T>
void Plan<T>::find_aliases() {
  alias_.resize(graph_.values.size());
  for (ValueId value = 0; value < alias_.size(); ++value) alias_[value] = value;
  gradient_alias_ = alias_;
  const std::vector<int> readers = graph_.readers();
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node<T>& node = graph_.nodes[i];
    routes_[i].view = node.layer->is_view(mode_.training);
    if (!routes_[i].view) continue;
    alias_[node.y[0]] = alias_[node.x[0]];
    // With other readers the gradient of x is a sum, so that of y needs a place of its own.
    if (readers[node.x[0]] == 1) gradient_alias_[node.y[0]] = gradient_alias_[node.x[0]];
  }
}

template <class T>
void Plan<T>::find_gradients() {
  has_gradient_.assign(graph_.values.size(), 0);
  if (!mode_.gradients) return;
  if (mode_.input_gradients)
    for (ValueId value : graph_.inputs) has_gradient_[value] = 1;
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node<T>& node = graph_.nodes[i];
    const auto& own = node.layer->parameters();
    routes_[i].backward =
        node.layer->differentiable() &&
        (std::any_of(node.x.begin(), node.x.end(), [&](ValueId value) { return has_gradient_[value]; }) ||
         std::any_of(own.begin(), own.end(), [](const auto& parameter) { return parameter->trainable; }));
    if (routes_[i].backward)
      for (ValueId value : node.y) has_gradient_[value] = 1;
  }
  // The loss writes the gradient of every output, needed or not.
  for (ValueId value : graph_.outputs) has_gradient_[value] = has_gradient_[gradient_alias_[value]] = 1;
}

// Values first, then gradients. Time runs forward over the N nodes, then backward over them; inputs lie elsewhere.
template <class T>
std::vector<Lifetime> Plan<T>::lifetimes(index rows) const {
  const std::size_t values = graph_.values.size();
  const index N = static_cast<index>(graph_.nodes.size());
  const auto backward_of = [N](index node) { return 2 * N - node; };
  std::vector<Lifetime> life(2 * values, {0, 0, -1});
  const auto extend = [&](std::size_t tensor, index time) {
    life[tensor].first = life[tensor].last < 0 ? time : std::min(life[tensor].first, time);
    life[tensor].last = std::max(life[tensor].last, time);
  };
  const auto use = [&](ValueId value, index node, bool backward) {
    extend(alias_[value], node);
    if (!backward) return;
    extend(alias_[value], backward_of(node));
    if (has_gradient_[value]) extend(values + gradient_alias_[value], backward_of(node));
  };
  for (index i = 0; i < N; ++i) {
    const Node<T>& node = graph_.nodes[static_cast<std::size_t>(i)];
    const bool backward = routes_[static_cast<std::size_t>(i)].backward;
    for (ValueId value : node.x) use(value, i, backward);
    for (ValueId value : node.y) use(value, i, backward);
    for (ValueId value : node.masks) {
      if (value == kNone) continue;
      extend(alias_[value], i);
      if (backward) extend(alias_[value], backward_of(i));
    }
  }
  for (ValueId value : graph_.output_masks)
    if (value != kNone) extend(alias_[value], N);
  for (ValueId value : graph_.outputs) {
    extend(alias_[value], N);  // read by the loss, which writes the gradient
    if (has_gradient_[value]) extend(values + gradient_alias_[value], N);
  }
  for (ValueId value : graph_.inputs)
    if (has_gradient_[value]) extend(values + value, 2 * N);
  for (ValueId value = 0; value < values; ++value) {
    if (alias_[value] == value && !is_input(value)) life[value].size = elements(value, rows);
    if (has_gradient_[value] && gradient_alias_[value] == value) life[values + value].size = elements(value, rows);
  }
  return life;
}

template <class T>
void Plan<T>::stream_gradient(std::size_t p, const GradientSink<T>* sink, index batch) {
  const GradientSink<T>** place = nullptr;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const Node<T>& node = graph_.nodes[i];
    for (std::size_t j = 0; j < routes_[i].sinks.size(); ++j) {
      if (node.layer->parameters()[j] != parameters_[p]) continue;
      if (place || !node.layer->streams_gradient(j, node.x_shapes, batch)) sink = nullptr;
      place = &routes_[i].sinks[j];
      *place = nullptr;
    }
  }
  if (place) *place = sink;
  if (streamed_[p] != (sink != nullptr)) capacity_ = 0;  // memory for the gradient is needed, or no longer
  streamed_[p] = sink != nullptr;
}

template <class T>
void Plan<T>::reserve(index rows, int threads) {
  if (rows > capacity_ || threads > threads_) allocate(std::max(rows, capacity_), std::max(threads, threads_));
}

template <class T>
void Plan<T>::allocate(index rows, int threads) {
  const std::size_t values = graph_.values.size(), nodes = graph_.nodes.size();
  const Placement placement = place(lifetimes(rows), kAlignment<T>);
  tensors_ = Buffer<T>(placement.total);
  for (ValueId value = 0; value < values; ++value) {
    if (!is_input(alias_[value])) pointers_[value] = tensors_.data() + placement.offsets[alias_[value]];
    if (has_gradient_[value]) gradients_[value] = tensors_.data() + placement.offsets[values + gradient_alias_[value]];
  }
  for (Buffer<T>& buffer : input_buffers_) buffer = Buffer<T>();
  for (ValueId value : graph_.inputs) pointers_[value] = nullptr;

  // A workspace is kept until the backward pass; without one they can all be the same.
  std::vector<index> workspace(nodes, 0);
  index workspaces = 0, scratch = 0;
  for (std::size_t i = 0; i < nodes; ++i) {
    const Node<T>& node = graph_.nodes[i];
    const index own = rows_of(node, rows);
    const index wanted = round_up(
        mode_.gradients ? node.layer->workspace(node.x_shapes, own) : node.layer->forward_workspace(node.x_shapes, own),
        kAlignment<T>);
    scratch = std::max(scratch, node.layer->scratch(node.x_shapes, own));
    if (mode_.gradients) {
      workspace[i] = workspaces;
      workspaces += wanted;
    } else {
      workspaces = std::max(workspaces, wanted);
    }
  }
  workspaces_ = Buffer<T>(workspaces);
  scratch_stride_ = round_up(scratch, kAlignment<T>) + kSkew<T>;
  scratch_ = Buffer<T>(scratch_stride_ * threads);

  index gradients = 0;
  std::vector<index> gradient_offset(parameters_.size(), 0);
  for (std::size_t p = 0; p < parameters_.size(); ++p) {
    gradient_offset[p] = gradients;
    if (stores_gradient(p)) gradients += round_up(parameters_[p]->value.size(), kAlignment<T>);
  }
  parameter_gradient_block_ = Buffer<T>(gradients);
  for (std::size_t p = 0; p < parameters_.size(); ++p)
    parameter_gradients_[p] = stores_gradient(p) ? parameter_gradient_block_.data() + gradient_offset[p] : nullptr;

  capacity_ = rows;
  threads_ = threads;
  // In the order of the backward pass: the first node to write a gradient writes it, the others add. The loss has
  // written those of the outputs.
  std::vector<char> written(values + parameters_.size(), 0);
  for (ValueId value : graph_.outputs) written[gradient_alias_[value]] = 1;
  for (std::size_t i = nodes; i-- > 0;) {
    routes_[i].workspace = workspaces_.data() + workspace[i];
    route(i, written);
  }
  unread_inputs_.clear();
  for (ValueId value : graph_.inputs)
    if (has_gradient_[value] && !written[gradient_alias_[value]]) unread_inputs_.push_back(value);
  index additions = 0;
  for (const Route& route : routes_) {
    index here = 0;
    for (const Addition& addition : route.additions)
      here += round_up(addition.per_row ? rows * addition.size : addition.size, kAlignment<T>);
    additions = std::max(additions, here);
  }
  additions_ = Buffer<T>(additions);
  for (Route& route : routes_) {
    T* next = additions_.data();
    for (Addition& addition : route.additions) {
      *addition.place = next;
      addition.part = next;
      next += round_up(addition.per_row ? rows * addition.size : addition.size, kAlignment<T>);
    }
  }
}

template <class T>
PlanMemory Plan<T>::memory() const {
  const auto bytes = [](const Buffer<T>& buffer) { return buffer.size() * static_cast<index>(sizeof(T)); };
  PlanMemory held{bytes(tensors_), 0, bytes(workspaces_), bytes(scratch_),
                  bytes(parameter_gradient_block_) + bytes(additions_)};
  for (const Buffer<T>& buffer : input_buffers_) held.inputs += bytes(buffer);
  return held;
}

template <class T>
void Plan<T>::route(std::size_t i, std::vector<char>& written) {
  const Node<T>& node = graph_.nodes[i];
  Route& route = routes_[i];
  route.x.assign(node.x.size(), nullptr);
  route.dx = route.x;
  route.y.assign(node.y.size(), nullptr);
  route.dy = route.y;
  route.dparameters.assign(node.layer->parameters().size(), nullptr);
  route.additions.clear();
  route.unread.clear();
  point(i);
  if (!route.backward) return;

  route.additions.reserve(node.x.size() + route.dparameters.size());  // `place` must stay valid
  const auto write = [&](std::size_t tensor, T* target, T*& place, index size, bool per_row) {
    place = target;
    if (written[tensor]) route.additions.push_back({target, nullptr, &place, size, per_row});
    written[tensor] = 1;
  };
  for (std::size_t j = 0; j < node.y.size(); ++j) {
    route.dy[j] = gradients_[node.y[j]];
    if (!written[gradient_alias_[node.y[j]]]) route.unread.push_back(j);
  }
  for (std::size_t j = 0; j < node.x.size(); ++j) {
    const ValueId value = node.x[j];
    if (!has_gradient_[value]) continue;
    if (route.view && gradient_alias_[node.y[0]] == gradient_alias_[value]) continue;
    write(gradient_alias_[value], gradients_[value], route.dx[j], elements(value, 1), !graph_.values[value].single);
  }
  for (std::size_t j = 0; j < route.dparameters.size(); ++j) {
    const std::size_t p = parameter_position(node.layer->parameters()[j]);
    if (parameter_gradients_[p])
      write(graph_.values.size() + p, parameter_gradients_[p], route.dparameters[j], parameters_[p]->value.size(),
            false);
  }
}

// Tells node i where what it reads and writes in the forward pass lies.
template <class T>
void Plan<T>::point(std::size_t i) {
  const Node<T>& node = graph_.nodes[i];
  Route& route = routes_[i];
  for (std::size_t j = 0; j < node.x.size(); ++j) route.x[j] = pointers_[node.x[j]];
  for (std::size_t j = 0; j < node.y.size(); ++j) route.y[j] = pointers_[node.y[j]];
  route.masks.assign(node.x.size(), nullptr);
  for (std::size_t j = 0; j < node.masks.size(); ++j)
    if (node.masks[j] != kNone) route.masks[j] = pointers_[node.masks[j]];
}

template <class T>
std::size_t Plan<T>::parameter_position(const std::shared_ptr<Parameter<T>>& parameter) const {
  return static_cast<std::size_t>(std::find(parameters_.begin(), parameters_.end(), parameter) - parameters_.begin());
}

template <class T>
void Plan<T>::own_input(std::size_t i) {
  if (!input_buffers_[i].data()) input_buffers_[i] = Buffer<T>(elements(graph_.inputs[i], capacity_));
  bind_input(i, input_buffers_[i].data());
}

template <class T>
void Plan<T>::bind_input(std::size_t i, const T* x) {
  T* const data = const_cast<T*>(x);  // nodes only read their inputs
  const ValueId input = graph_.inputs[i];
  if (pointers_[input] == data) return;
  for (ValueId value = 0; value < alias_.size(); ++value)
    if (alias_[value] == input) pointers_[value] = data;
  for (std::size_t n = 0; n < graph_.nodes.size(); ++n) point(n);
}

template <class T>
Pass<T> Plan<T>::pass(std::size_t i, Team& team, const Step& step) const {
  const Node<T>& node = graph_.nodes[i];
  const Route& route = routes_[i];
  return {&team,
          kernels_,
          rows_of(node, step.batch),
          node.once() ? 0 : step.first,
          mode_.training,
          mode_.gradients,
          {step.key.seed, step.key.stream + i},
          &node.x_shapes,
          &node.y_shapes,
          node.x_single.data(),
          route.x.data(),
          route.y.data(),
          route.dy.data(),
          route.dx.data(),
          route.dparameters.data(),
          route.sinks.data(),
          route.workspace,
          const_cast<T*>(scratch_.data()) + scratch_stride_ * team.rank(),
          route.masks.data()};
}

template <class T>
void Plan<T>::forward(Team& team, const Step& step) {
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    if (routes_[i].view) continue;
    graph_.nodes[i].layer->forward(pass(i, team, step));
    team.barrier();
  }
}

template <class T>
void Plan<T>::backward(Team& team, const Step& step) {
  for (std::size_t i = routes_.size(); i-- > 0;) {
    const Route& route = routes_[i];
    if (!route.backward) continue;
    const Node<T>& node = graph_.nodes[i];
    for (std::size_t j : route.unread) {
      const Range part = team.share(elements(node.y[j], step.batch), kAlignment<T>);
      kernels_->fill(route.dy[j] + part.begin, T{0}, part.size());
    }
    if (!route.unread.empty()) team.barrier();
    if (!route.view) {
      node.layer->backward(pass(i, team, step));
    } else if (route.dx[0]) {
      const Range part = team.share(elements(node.x[0], step.batch), kAlignment<T>);
      std::copy_n(route.dy[0] + part.begin, part.size(), route.dx[0] + part.begin);
    } else {
      continue;
    }
    team.barrier();
    for (const Addition& addition : route.additions) {
      const Range part = team.share(addition.per_row ? step.batch * addition.size : addition.size, kAlignment<T>);
      kernels_->add(addition.target + part.begin, addition.part + part.begin, addition.target + part.begin,
                    part.size());
    }
    if (!route.additions.empty()) team.barrier();
  }
  for (ValueId value : unread_inputs_) {
    const Range part = team.share(elements(value, step.batch), kAlignment<T>);
    kernels_->fill(gradients_[value] + part.begin, T{0}, part.size());
  }
  if (!unread_inputs_.empty()) team.barrier();
}

template class Plan<float>;
template class Plan<double>;

}  // namespace ranvier
