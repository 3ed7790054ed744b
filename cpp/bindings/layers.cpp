#include "layers/activation_choice.hpp"
#include "pybind.hpp"

namespace ranvier {

namespace {

std::vector<py::tuple> to_tuples(const std::vector<Shape>& shapes) {
  std::vector<py::tuple> tuples;
  for (const Shape& shape : shapes) tuples.push_back(to_tuple(shape));
  return tuples;
}

// The elements of x as contiguous T: x itself, or a converted copy.
template <class T>
using Converted = py::array_t<T, py::array::c_style | py::array::forcecast>;

template <class T>
py::array_t<T> apply(const std::string& name, const std::vector<double>& parameters, const Converted<T>& x) {
  const ActivationChoice<T> activation(name, parameters);
  py::array_t<T> y(std::vector<py::ssize_t>(x.shape(), x.shape() + x.ndim()));
  const auto& k = kernels::table<T>();
  activation.row(k).forward(x.data(), y.mutable_data(), x.size(), activation.parameters());
  return y;
}

template <class T>
py::array_t<T> apply_along_axis(const std::string& name, const Converted<T>& x, py::ssize_t axis) {
  const ActivationChoice<T> activation(name, {});
  const auto& row = activation.axis_row(kernels::table<T>());
  const py::ssize_t rank = x.ndim(), position = axis < 0 ? axis + rank : axis;
  if (position < 0 || position >= rank)
    fail(name, "axis ", axis, " does not exist in an array of ", rank, " axes");
  std::vector<py::ssize_t> shape(x.shape(), x.shape() + rank);
  index outer = 1, inner = 1;
  for (py::ssize_t i = 0; i < position; ++i) outer *= shape[static_cast<std::size_t>(i)];
  for (py::ssize_t i = position + 1; i < rank; ++i) inner *= shape[static_cast<std::size_t>(i)];
  py::ssize_t& n = shape[static_cast<std::size_t>(position)];
  const index before = n;
  if (row.halves && n % 2) fail(name, "expected an even size along axis ", axis, ", got ", n);
  if (row.halves) n /= 2;
  py::array_t<T> y(shape);
  row.forward(x.data(), y.mutable_data(), outer, before, inner);
  return y;
}

}  // namespace

template <class T>
void bind_layers(py::module_& scalars) {
  using Parameter = ranvier::Parameter<T>;
  using Layer = ranvier::Layer<T>;

  py::class_<Parameter, std::shared_ptr<Parameter>>(scalars, "Parameter")
      .def_readwrite("name", &Parameter::name)
      .def_readwrite("trainable", &Parameter::trainable)
      .def_property_readonly("shape", [](const Parameter& self) { return to_tuple(self.shape); })
      .def_property_readonly("dtype", [](const Parameter&) { return dtype_name<T>(); })
      .def("numpy", [](const std::shared_ptr<Parameter>& self) {
        return py::array_t<T>(self->shape, self->value.data(), py::cast(self));
      });

  py::class_<Layer, std::shared_ptr<Layer>>(scalars, "Layer")
      .def(py::init([](const std::string& kind, const py::dict& config, const std::string& name) {
             return make_layer<T>(kind, to_config(config), name);
           }),
           py::arg("kind"), py::arg("config"), py::arg("name"))
      .def_property_readonly("kind", &Layer::kind)
      .def_property_readonly("name", &Layer::name)
      .def_property_readonly("built", &Layer::built)
      .def_property_readonly("parameters", &Layer::parameters)
      .def("output_shapes",
           [](const Layer& self, const std::vector<Shape>& shapes) { return to_tuples(self.output_shapes(shapes)); },
           py::arg("input_shapes"))
      .def("build",
           [](Layer& self, const std::vector<Shape>& shapes, index most_elements) {
             const ParameterLimit limit(most_elements);
             self.build(shapes);
           },
           py::arg("input_shapes"), py::arg("most_elements") = -1);

  scalars.def("activation", &apply<T>, py::arg("name"), py::arg("parameters"), py::arg("x"));
  scalars.def("axis_activation", &apply_along_axis<T>, py::arg("name"), py::arg("x"), py::arg("axis"));
}

template void bind_layers<float>(py::module_&);
template void bind_layers<double>(py::module_&);

}  // namespace ranvier
