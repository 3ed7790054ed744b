#include "training/loss.hpp"

#include <algorithm>

#include "runtime/error.hpp"
#include "training/traced_loss.hpp"

namespace ranvier {

namespace {

template <class T>
index find_loss(const std::string& kind) {
  const auto& k = kernels::table<T>();
  std::vector<std::string> names;
  for (index i = 0; i < k.loss_count; ++i) {
    if (kind == k.losses[i].name) return i;
    names.push_back(k.losses[i].name);
  }
  for (const std::string& name : batch_loss_kinds()) names.push_back(name);
  throw std::invalid_argument(unknown_name("loss", kind, names));
}

Reduction parse_reduction(const std::string& name) {
  if (name == "sum_over_batch_size" || name == "mean") return Reduction::mean;
  if (name == "sum" || name == "none") return Reduction::sum;
  if (name == "mean_with_sample_weight") return Reduction::mean_with_sample_weight;
  throw std::invalid_argument(
      unknown_name("reduction", name, {"sum_over_batch_size", "mean", "sum", "none", "mean_with_sample_weight"}));
}

}  // namespace

template <class T>
Loss<T>::Loss(const std::string& kind, Config config, const std::string& reduction)
    : kind_(kind), reduction_(parse_reduction(reduction)), make_batch_loss_(batch_loss_maker<T>(kind, config)) {
  if (make_batch_loss_) {
    config.finish(kind);
    return;
  }
  position_ = find_loss<T>(kind);
  for (int i = 0; i < kernels::kMaxParameters && row().parameters[i].name; ++i)
    parameters_[static_cast<std::size_t>(i)] =
        static_cast<T>(config.number(row().parameters[i].name, row().parameters[i].value));
  if (kind.rfind("sparse_categorical_crossentropy", 0) == 0)
    ignored_ = static_cast<T>(config.number("ignore_class", static_cast<double>(ignored_)));
  if (kind == "categorical_focal_crossentropy" || kind == "categorical_focal_crossentropy_from_logits")
    for (const double weight : config.numbers("class_weight")) class_weight_.push_back(static_cast<T>(weight));
  config.finish(kind);
}

template <class T>
Loss<T>::Loss(const Network<T>& network, const std::string& reduction)
    : kind_("traced"), reduction_(parse_reduction(reduction)) {
  const Graph<T>& graph = network.graph();
  if (graph.inputs.size() != 2 || graph.outputs.size() != 1)
    fail(network.name, "expected a network from targets and predictions to the values of the loss");
  if (network.draws()) fail(network.name, "a loss cannot draw random numbers: draw them in a layer of the model");
  target_elements_ = size(graph.values[graph.inputs[0]].shape);
  prediction_elements_ = size(graph.values[graph.inputs[1]].shape);
  make_batch_loss_ = [graph](const Shape&) { return std::make_unique<TracedLoss<T>>(graph); };
}

template <class T>
void Loss<T>::check_columns(index columns) const {
  const auto weights = static_cast<index>(class_weight_.size());
  if (weights && weights != columns)
    fail(kind_, "alpha holds ", weights, " numbers, but the predictions have ", columns, " columns");
}

template <class T>
void Loss<T>::run(kernels::LossCall<T> call) const {
  call.parameters = parameters_.data();
  call.class_weight = class_weight_.empty() ? nullptr : class_weight_.data();
  row().run(call);
  if (!ignores()) return;
  for (index i = 0; i < call.rows; ++i) {
    if (counts(call.target[i])) continue;
    call.value[i] = 0;
    if (call.gradient) std::fill_n(call.gradient + i * call.columns, call.columns, T{0});
  }
}

template <class T>
std::string Loss<T>::link() const {
  if (kind_ == "categorical_crossentropy" || kind_ == "sparse_categorical_crossentropy") return "softmax";
  if (kind_ == "categorical_focal_crossentropy") return "softmax";
  if (kind_ == "binary_crossentropy" || kind_ == "binary_focal_crossentropy") return "sigmoid";
  return "";
}

template <class T>
Loss<T> Loss<T>::from_logits() const {
  Loss loss = *this;
  loss.kind_ = kind_ + "_from_logits";
  loss.position_ = find_loss<T>(loss.kind_);
  return loss;
}

template class Loss<float>;
template class Loss<double>;

}  // namespace ranvier
