// A network: a directed acyclic graph of layers. A chain (Sequential) is the simplest case.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "layers/layer.hpp"

namespace ranvier {

/// Number of a value: a tensor that flows between nodes.
using ValueId = std::size_t;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);

struct Value {
  Shape shape;           // of one row
  std::size_t producer;  // node, or kNone for an input of the network
  bool single = false;   // has no batch axis: there is one for the whole batch
};

/// One use of a layer. A layer that is used twice is in two nodes and has its parameters once.
template <class T>
struct Node {
  std::shared_ptr<Layer<T>> layer;
  std::vector<ValueId> x, y;
  std::vector<Shape> x_shapes, y_shapes;
  std::vector<char> x_single;  // whether each x is one for the whole batch
  std::vector<ValueId> masks;  // which positions of each x count, or kNone for all; empty if the layer takes no masks

  /// Runs once, not for each row.
  bool once() const {
    return std::all_of(x_single.begin(), x_single.end(), [](char single) { return single != 0; });
  }
};

/// Nodes stand in an order in which they can run.
template <class T>
struct Graph {
  std::vector<Value> values;
  std::vector<Node<T>> nodes;
  std::vector<ValueId> inputs, outputs;
  std::vector<std::string> input_names;

  ValueId add_input(const Shape& shape, const std::string& name);

  /// Of each output: which of its positions its loss is of, or kNone for all; empty if there are no masks.
  std::vector<ValueId> output_masks;

  /// Builds the layer if it is new and adds a node; returns the node's outputs. The mask of an input has the sizes of
  /// its leading axes.
  std::vector<ValueId> add(std::shared_ptr<Layer<T>> layer, const std::vector<ValueId>& x,
                           const std::vector<ValueId>& masks = {});

  /// How many nodes and network outputs read each value; a mask counts as read.
  std::vector<int> readers() const;

  /// Each parameter once, in order of first use.
  typename Layer<T>::Parameters parameters() const;

  /// With one of both branches wherever training and inference differ.
  Graph in_mode(bool training) const;

  /// What layers add to the loss, each value once.
  std::vector<ValueId> added_losses() const;

  /// Without that: the values that losses came with take the places of those that they went on as.
  Graph without_added_losses() const;

  /// Without nodes that no output depends on.
  Graph pruned() const;

  /// Pairs of nodes that their layers can do in one pass over memory are joined.
  Graph fused() const;

  /// With the layer that makes `output` replaced by one that leaves out its last activation, called `activation`; if
  /// there is no such layer or somebody else reads the value, nothing is changed and false returned.
  bool drop_activation(ValueId output, const std::string& activation);
};

}  // namespace ranvier
