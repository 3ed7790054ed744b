#include "layers/layer.hpp"
#include "pybind.hpp"
#include "training/batch_loss.hpp"
#include "training/metric.hpp"
#include "training/optimizer.hpp"

namespace ranvier {

namespace {

py::dict named(const kernels::ParameterInfo (&parameters)[kernels::kMaxParameters]) {
  py::dict result;
  for (const auto& parameter : parameters) {
    if (!parameter.name) break;
    result[parameter.name] = parameter.value;
  }
  return result;
}

py::dict entry(const char* name, const char* formula, py::dict parameters) {
  py::dict row;
  row["name"] = name;
  row["formula"] = formula;
  row["parameters"] = std::move(parameters);
  return row;
}

}  // namespace

void bind_registries(py::module_& core) {
  core.def("layer_kinds", &layer_kinds);
  core.def("batch_losses", &batch_loss_kinds);
  core.def("metric_kinds", &metric_kinds);
  core.def("optimizer_kinds", &optimizer_kinds);
  core.def("schedule_kinds", &schedule_kinds);
  core.def("regularizer_kinds", &regularizer_kinds);
  core.def("constraint_kinds", &constraint_kinds);
  core.def("activations", [] {
    py::list rows;
    const auto& k = kernels::table<float>();
    for (index i = 0; i < k.activation_count; ++i)
      rows.append(entry(k.activations[i].name, k.activations[i].formula, named(k.activations[i].parameters)));
    return rows;
  });
  core.def("axis_activations", [] {
    py::list rows;
    const auto& k = kernels::table<float>();
    for (index i = 0; i < k.axis_activation_count; ++i)
      rows.append(entry(k.axis_activations[i].name, k.axis_activations[i].formula, py::dict()));
    return rows;
  });
  core.def("losses", [] {
    py::list rows;
    const auto& k = kernels::table<float>();
    for (index i = 0; i < k.loss_count; ++i) {
      py::dict row = entry(k.losses[i].name, k.losses[i].formula, named(k.losses[i].parameters));
      row["sparse"] = k.losses[i].sparse;
      row["from_logits"] = k.losses[i].from_logits;
      rows.append(row);
    }
    return rows;
  });
}

}  // namespace ranvier
