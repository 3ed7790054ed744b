// What running a network needs: the order, the fusions and the memory. A plan is made once for a network and a mode,
// takes memory when it first sees a batch size, and keeps it; smaller batches use a part of it.
#pragma once

#include <vector>

#include "network/graph.hpp"
#include "network/memory.hpp"

namespace ranvier {

/// What one run is about.
struct Step {
  index batch;
  kernels::RandomKey key;  // node i draws from stream key.stream + i
  index first = 0;         // see Pass
};

/// Nodes of one plan draw from their own streams: a step's key must leave room for them.
constexpr std::uint64_t kStreamsPerStep = std::uint64_t{1} << 16;

/// What a plan is for.
struct PlanMode {
  bool training;         // layers behave as in training: dropout drops
  bool gradients;        // a backward pass follows each forward pass, and reaches the trainable parameters
  bool input_gradients;  // and the inputs
};
constexpr PlanMode kInference{false, false, false};
constexpr PlanMode kTraining{true, true, false};

/// Bytes that a plan holds.
struct PlanMemory {
  index values = 0;      // of all nodes, and their gradients
  index inputs = 0;      // copies of what comes in
  index workspaces = 0;  // kept from forward to backward
  index scratch = 0;     // of all threads
  index gradients = 0;   // of parameters, and what is added to them
};

template <class T>
class Plan {
 public:
  Plan(const Graph<T>& graph, PlanMode mode);

  /// Gives the gradient of parameter p to `sink` (null: to memory) in every backward pass from now on, of up to `batch`
  /// rows, if the one layer that uses it can. Before reserve.
  void stream_gradient(std::size_t p, const GradientSink<T>* sink, index batch);

  /// Makes sure that batches of up to `rows` rows fit, on teams of up to `threads`.
  void reserve(index rows, int threads);

  /// Elements of one row of all values alive at once, and multiplications and additions of a forward pass for one row.
  index row_elements() const { return row_elements_; }
  double flops() const { return flops_; }

  /// Rows of a batch that bring it to full speed.
  index rows_wanted() const { return rows_wanted_; }

  /// Reads input i from the plan's own memory, or from the caller's. After reserve.
  void own_input(std::size_t i);
  void bind_input(std::size_t i, const T* x);
  T* input(std::size_t i) const { return pointers_[graph_.inputs[i]]; }
  T* output(std::size_t i) const { return pointers_[graph_.outputs[i]]; }
  /// Which positions of output i its loss is of, or null for all.
  const T* output_mask(std::size_t i) const {
    const auto& masks = graph_.output_masks;
    return i < masks.size() && masks[i] != kNone ? pointers_[masks[i]] : nullptr;
  }

  /// Where the gradient of output i is to be put before backward, and where those of the inputs and of parameter p
  /// (in the order of Graph::parameters; null if it is not trained or streamed) are after it.
  T* output_gradient(std::size_t i) const { return gradients_[graph_.outputs[i]]; }
  T* input_gradient(std::size_t i) const { return gradients_[graph_.inputs[i]]; }
  T* parameter_gradient(std::size_t p) const { return parameter_gradients_[p]; }

  const typename Layer<T>::Parameters& parameters() const { return parameters_; }
  const Graph<T>& graph() const { return graph_; }

  /// Run by all threads of a team together; both end with a barrier.
  void forward(Team& team, const Step& step);
  void backward(Team& team, const Step& step);

  /// What it holds now.
  PlanMemory memory() const;

  /// The kernels the memory was measured for: a plan must not run with others.
  const kernels::Kernels<T>* table() const { return kernels_; }

 private:
  // Something the backward pass of a node writes and then adds to what an earlier node wrote.
  struct Addition {
    T* target;
    const T* part;  // where the node writes
    T** place;      // the node's dx or dparameters entry that says so
    index size;     // of a row, or of all if it is a parameter
    bool per_row;
  };
  struct Route {
    std::vector<T*> x, y, dy, dx, dparameters;
    std::vector<const T*> masks;
    std::vector<const GradientSink<T>*> sinks;
    std::vector<std::size_t> unread;  // outputs that nobody reads: their gradient is zero
    std::vector<Addition> additions;
    T* workspace = nullptr;
    bool view = false;
    bool backward = false;  // somebody needs a gradient from here
  };

  void find_aliases();
  void find_gradients();
  std::vector<Lifetime> lifetimes(index rows) const;
  void allocate(index rows, int threads);
  void route(std::size_t node, std::vector<char>& written);
  void point(std::size_t node);
  Pass<T> pass(std::size_t node, Team& team, const Step& step) const;
  index elements(ValueId value, index rows) const {
    const Value& v = graph_.values[value];
    return (v.single ? 1 : rows) * size(v.shape);
  }
  index rows_of(const Node<T>& node, index batch) const { return node.once() ? 1 : batch; }
  bool is_input(ValueId value) const { return graph_.values[value].producer == kNone; }
  bool stores_gradient(std::size_t p) const { return mode_.gradients && parameters_[p]->trainable && !streamed_[p]; }
  std::size_t parameter_position(const std::shared_ptr<Parameter<T>>& parameter) const;

  Graph<T> graph_;
  typename Layer<T>::Parameters parameters_;
  PlanMode mode_;
  const kernels::Kernels<T>* kernels_;
  std::vector<ValueId> alias_;           // the value whose memory a value is seen in: itself for most
  std::vector<ValueId> gradient_alias_;  // the same for gradients
  std::vector<char> has_gradient_;
  std::vector<char> streamed_;  // parameters whose gradient goes to a sink
  std::vector<Route> routes_;
  std::vector<ValueId> unread_inputs_;  // no node that an output needs reads them: their gradient is zero
  index row_elements_ = 0;
  double flops_ = 0;
  index rows_wanted_ = 1;

  index capacity_ = 0;
  int threads_ = 0;
  Buffer<T> tensors_, workspaces_, scratch_, parameter_gradient_block_, additions_;
  std::vector<Buffer<T>> input_buffers_;
  index scratch_stride_ = 0;
  std::vector<T*> pointers_, gradients_, parameter_gradients_;
};

}  // namespace ranvier
