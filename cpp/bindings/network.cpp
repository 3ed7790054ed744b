#include "network/network.hpp"

#include <optional>

#include "pybind.hpp"

namespace ranvier {

namespace {

template <class T>
struct Results {
  std::vector<py::array_t<T>> arrays;
  Outputs<T> pointers;

  void add(py::array_t<T> array) {
    pointers.push_back(array.mutable_data());
    arrays.push_back(std::move(array));
  }
};

using Masks = std::vector<std::optional<ValueId>>;

std::vector<ValueId> to_values(const Masks& masks) {
  std::vector<ValueId> values;
  for (const auto& mask : masks) values.push_back(mask.value_or(kNone));
  return values;
}

template <class T>
Results<T> results_for(const Network<T>& network, index rows) {
  Results<T> results;
  for (std::size_t i = 0; i < network.graph().outputs.size(); ++i)
    results.add(empty_rows<T>(rows, network.output_shape(i)));
  return results;
}

}  // namespace

template <class T>
void bind_network(py::module_& scalars) {
  using Network = ranvier::Network<T>;
  py::class_<Network, std::shared_ptr<Network>>(scalars, "Network")
      .def(py::init<std::string>(), py::arg("name"))
      .def_readwrite("name", &Network::name)
      .def("add_input", &Network::add_input, py::arg("shape"), py::arg("name"))
      .def(
          "add",
          [](Network& self, std::shared_ptr<Layer<T>> layer, const std::vector<ValueId>& inputs, const Masks& masks) {
            return self.add(std::move(layer), inputs, to_values(masks));
          },
          py::arg("layer"), py::arg("inputs"), py::arg("masks") = Masks())
      .def(
          "set_outputs",
          [](Network& self, const std::vector<ValueId>& values, const Masks& masks, bool single) {
            self.set_outputs(values, to_values(masks), single);
          },
          py::arg("values"), py::arg("masks") = Masks(), py::arg("single") = false)
      .def(
          "shape",
          [](const Network& self, ValueId value) {
            if (value >= self.graph().values.size()) fail(self.name, "there is no value ", value, " in this network");
            return to_tuple(self.graph().values[value].shape);
          },
          py::arg("value"))
      .def_property_readonly("draws", &Network::draws)
      .def_property_readonly("adds_losses", &Network::adds_losses)
      .def_property_readonly("parameters", [](const Network& self) { return self.graph().parameters(); })
      .def(
          "predict",
          [](const Network& self, const std::vector<py::object>& inputs, std::uint64_t seed) {
            const std::vector<ArrayView> x = to_views(inputs);
            auto y = results_for(self, self.check_inputs(x));
            {
              const py::gil_scoped_release release;  // the arrays are alive, and nothing below touches Python
              self.predict(x, y.pointers, seed);
            }
            return y.arrays;
          },
          py::arg("inputs"), py::arg("seed") = 0)
      .def(
          "run",
          [](const Network& self, const std::vector<py::object>& inputs, bool training, std::uint64_t seed) {
            const std::vector<ArrayView> x = to_views(inputs);
            auto y = results_for(self, self.check_inputs(x));
            {
              const py::gil_scoped_release release;  // as above
              self.run(x, training, seed, y.pointers);
            }
            return y.arrays;
          },
          py::arg("inputs"), py::arg("training"), py::arg("seed"))
      .def(
          "gradients",
          [](const Network& self, const std::vector<py::object>& inputs,
             const std::vector<py::object>& output_gradients, bool training, std::uint64_t seed) {
            const std::vector<ArrayView> x = to_views(inputs), dy = to_views(output_gradients);
            const index rows = self.check_inputs(x);
            Results<T> dx, dparameters;
            for (const ArrayView& input : x) dx.add(empty_rows<T>(rows, input.row_shape()));
            for (const auto& parameter : self.graph().parameters()) {
              py::array_t<T> gradient(parameter->shape);
              std::fill_n(gradient.mutable_data(), gradient.size(), T{0});
              dparameters.add(std::move(gradient));
            }
            {
              const py::gil_scoped_release release;  // as above
              self.gradients(x, dy, training, seed, dx.pointers, dparameters.pointers);
            }
            return std::make_pair(dx.arrays, dparameters.arrays);
          },
          py::arg("inputs"), py::arg("output_gradients"), py::arg("training"), py::arg("seed"))
      .def("memory", [](const Network& self) { return to_dicts(self.memory()); });
}

py::list to_dicts(const std::vector<PlanMemory>& plans) {
  py::list all;
  for (const PlanMemory& held : plans)
    all.append(py::dict(py::arg("values") = held.values, py::arg("inputs") = held.inputs,
                        py::arg("workspaces") = held.workspaces, py::arg("scratch") = held.scratch,
                        py::arg("gradients") = held.gradients));
  return all;
}

template void bind_network<float>(py::module_&);
template void bind_network<double>(py::module_&);

}  // namespace ranvier
