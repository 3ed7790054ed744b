#include "network/graph.hpp"

#include <algorithm>
#include <numeric>

namespace ranvier {

namespace {

/// Says which node makes each value, where nodes have been left out.
template <class T>
void number_nodes(Graph<T>& graph) {
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (ValueId value : graph.nodes[i].y) graph.values[value].producer = i;
}

}  // namespace

template <class T>
ValueId Graph<T>::add_input(const Shape& shape, const std::string& name) {
  for (index axis : shape)
    if (axis < 1) fail(name, "expected sizes of at least 1, got input shape ", to_string_batched(shape));
  values.push_back({shape, kNone, false});
  inputs.push_back(values.size() - 1);
  input_names.push_back(name);
  return values.size() - 1;
}

template <class T>
std::vector<ValueId> Graph<T>::add(std::shared_ptr<Layer<T>> layer, const std::vector<ValueId>& x,
                                   const std::vector<ValueId>& masks) {
  Node<T> node{std::move(layer), x, {}, {}, {}, {}, masks};
  for (ValueId value : x) {
    node.x_shapes.push_back(values.at(value).shape);
    node.x_single.push_back(values.at(value).single);
  }
  for (std::size_t i = 0; i < masks.size(); ++i) {
    if (masks[i] == kNone) continue;
    const Shape& mask = values.at(masks[i]).shape;
    const Shape none, &shape = i < x.size() ? node.x_shapes[i] : none;
    if (mask.size() > shape.size() || !std::equal(mask.begin(), mask.end(), shape.begin()))
      fail(node.layer->name(), "a mask ", to_string_batched(mask), " does not fit an input ", to_string_batched(shape));
  }
  node.layer->build(node.x_shapes);
  node.y_shapes = node.layer->output_shapes(node.x_shapes);
  const bool single = node.layer->makes_single(node.x_single);
  for (const Shape& shape : node.y_shapes) {
    values.push_back({shape, nodes.size(), single});
    node.y.push_back(values.size() - 1);
  }
  nodes.push_back(std::move(node));
  return nodes.back().y;
}

template <class T>
std::vector<int> Graph<T>::readers() const {
  std::vector<int> count(values.size(), 0);
  const auto read = [&count](const std::vector<ValueId>& all) {
    for (ValueId value : all)
      if (value != kNone) ++count[value];
  };
  for (const auto& node : nodes) {
    read(node.x);
    read(node.masks);
  }
  read(outputs);
  read(output_masks);
  return count;
}

template <class T>
typename Layer<T>::Parameters Graph<T>::parameters() const {
  typename Layer<T>::Parameters all;
  for (const auto& node : nodes)
    for (const auto& parameter : node.layer->parameters())
      if (std::find(all.begin(), all.end(), parameter) == all.end()) all.push_back(parameter);
  return all;
}

template <class T>
Graph<T> Graph<T>::in_mode(bool training) const {
  Graph result = *this;
  for (Node<T>& node : result.nodes) {
    if (!node.layer->branches_by_mode() || node.x.size() != 2) continue;
    const std::size_t chosen = training ? 0 : 1;
    node.x = {node.x[chosen]};
    node.x_shapes = {node.x_shapes[chosen]};
    node.x_single = {node.x_single[chosen]};
  }
  return result;
}

template <class T>
std::vector<ValueId> Graph<T>::added_losses() const {
  std::vector<ValueId> losses;
  for (const Node<T>& node : nodes)
    if (node.layer->adds_loss() && std::find(losses.begin(), losses.end(), node.x[1]) == losses.end())
      losses.push_back(node.x[1]);
  return losses;
}

template <class T>
Graph<T> Graph<T>::without_added_losses() const {
  Graph result = *this;
  std::vector<ValueId> same(values.size());
  std::iota(same.begin(), same.end(), ValueId{0});
  for (Node<T>& node : result.nodes) {
    for (ValueId& value : node.x) value = same[value];
    for (ValueId& value : node.masks)
      if (value != kNone) value = same[value];
    if (!node.layer->adds_loss()) continue;
    node.x.resize(1);
    node.x_shapes.resize(1);
    node.x_single.resize(1);
    same[node.y[0]] = node.x[0];
  }
  // A value leaves a network once, and an input not as it came: there the node stays, and is a view.
  for (ValueId& value : result.outputs) {
    const ValueId before = same[value];
    if (values[before].producer != kNone &&
        std::find(result.outputs.begin(), result.outputs.end(), before) == result.outputs.end())
      value = before;
  }
  for (ValueId& value : result.output_masks)
    if (value != kNone) value = same[value];
  const auto left_out = [&result](const Node<T>& node) {
    return node.layer->adds_loss() &&
           std::find(result.outputs.begin(), result.outputs.end(), node.y[0]) == result.outputs.end();
  };
  result.nodes.erase(std::remove_if(result.nodes.begin(), result.nodes.end(), left_out), result.nodes.end());
  number_nodes(result);
  return result;
}

template <class T>
Graph<T> Graph<T>::pruned() const {
  std::vector<char> needed(values.size(), 0);
  const auto need = [&needed](const std::vector<ValueId>& all) {
    for (ValueId value : all)
      if (value != kNone) needed[value] = 1;
  };
  need(outputs);
  need(output_masks);
  Graph result = *this;
  result.nodes.clear();
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    if (std::none_of(node->y.begin(), node->y.end(), [&](ValueId value) { return needed[value]; })) continue;
    need(node->x);
    need(node->masks);
    result.nodes.push_back(*node);
  }
  std::reverse(result.nodes.begin(), result.nodes.end());
  number_nodes(result);
  return result;
}

template <class T>
Graph<T> Graph<T>::fused() const {
  Graph result = *this;
  const std::vector<int> readers = this->readers();
  for (Node<T>& node : result.nodes) {
    const std::size_t before = node.x.size() == 1 ? result.values[node.x[0]].producer : kNone;
    if (before == kNone || readers[node.x[0]] != 1 || result.nodes[before].y.size() != 1) continue;
    if (!node.masks.empty() || !result.nodes[before].masks.empty()) continue;
    auto joined = result.nodes[before].layer->fused_with(*node.layer);
    if (!joined) continue;
    // The later node does both; the earlier one is left without a reader and pruned.
    node.layer = std::move(joined);
    node.x = result.nodes[before].x;
    node.x_shapes = result.nodes[before].x_shapes;
    node.x_single = result.nodes[before].x_single;
  }
  return result.pruned();
}

template <class T>
bool Graph<T>::drop_activation(ValueId output, const std::string& activation) {
  if (values[output].producer == kNone || readers()[output] != 1) return false;
  auto& layer = nodes[values[output].producer].layer;
  auto bare = layer->without_activation(activation);
  if (!bare) return false;
  layer = std::move(bare);
  return true;
}

template struct Graph<float>;
template struct Graph<double>;

}  // namespace ranvier
