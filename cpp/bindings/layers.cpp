#include <algorithm>

#include "layers/activation_choice.hpp"
#include "layers/time_distributed.hpp"
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
  if (position < 0 || position >= rank) fail(name, "axis ", axis, " does not exist in an array of ", rank, " axes");
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

Shape shape_of(const py::array& x) { return Shape(x.shape(), x.shape() + x.ndim()); }

template <class T>
double penalty(Regularizer<T>& self, const Converted<T>& x) {
  const auto& k = kernels::table<T>();
  self.prepare("x", shape_of(x), 1);
  Team alone;
  return self.elementwise() ? self.penalty(k, x.data(), x.size()) : self.whole_penalty(alone, k, x.data());
}

template <class T>
py::array_t<T> penalty_gradient(Regularizer<T>& self, const Converted<T>& x) {
  penalty<T>(self, x);
  const auto& k = kernels::table<T>();
  py::array_t<T> dx(std::vector<py::ssize_t>(x.shape(), x.shape() + x.ndim()));
  std::fill_n(dx.mutable_data(), dx.size(), T{0});
  Team alone;
  if (self.elementwise())
    self.add_gradient(k, x.data(), 1, dx.mutable_data(), x.size());
  else
    self.add_whole_gradient(alone, k, dx.mutable_data());
  return dx;
}

template <class T>
py::array_t<T> constrained(Constraint<T>& self, const Converted<T>& w) {
  self.prepare("w", shape_of(w));
  py::array_t<T> result(std::vector<py::ssize_t>(w.shape(), w.shape() + w.ndim()));
  std::copy_n(w.data(), w.size(), result.mutable_data());
  Team alone;
  self.apply(alone, kernels::table<T>(), result.mutable_data(), result.size());
  return result;
}

}  // namespace

template <class T>
void bind_layers(py::module_& scalars) {
  using Parameter = ranvier::Parameter<T>;
  using Layer = ranvier::Layer<T>;
  using Regularizer = ranvier::Regularizer<T>;
  using Constraint = ranvier::Constraint<T>;

  py::class_<Regularizer, std::shared_ptr<Regularizer>>(scalars, "Regularizer")
      .def(py::init([](const std::string& kind, const py::dict& config) {
             return make_regularizer<T>(kind, to_config(config));
           }),
           py::arg("kind"), py::arg("config"))
      .def(
          "prepare",
          [](Regularizer& self, const std::string& owner, const Shape& shape) { self.prepare(owner, shape, 1); },
          py::arg("owner"), py::arg("shape"))
      .def("penalty", &penalty<T>, py::arg("x"))
      .def("gradient", &penalty_gradient<T>, py::arg("x"));

  py::class_<Constraint, std::shared_ptr<Constraint>>(scalars, "Constraint")
      .def(py::init([](const std::string& kind, const py::dict& config) {
             return make_constraint<T>(kind, to_config(config));
           }),
           py::arg("kind"), py::arg("config"))
      .def("prepare", &Constraint::prepare, py::arg("owner"), py::arg("shape"))
      .def("apply", &constrained<T>, py::arg("w"));

  py::class_<Parameter, std::shared_ptr<Parameter>>(scalars, "Parameter")
      .def_readwrite("name", &Parameter::name)
      .def_readwrite("trainable", &Parameter::trainable)
      .def_readwrite("regularizer", &Parameter::regularizer)
      .def_readwrite("constraint", &Parameter::constraint)
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
      .def_readwrite("trainable", &Layer::trainable)
      .def_readwrite("activity_regularizer", &Layer::activity_regularizer)
      .def_property_readonly("parameters", &Layer::parameters)
      .def_property_readonly("states", &Layer::states)
      .def(
          "variant",
          [](const Layer& self, const py::dict& config) {
            auto made = make_layer<T>(self.kind(), to_config(config), self.name());
            made->share_parameters(self);
            return made;
          },
          py::arg("config"))
      .def(
          "makes_single",
          [](const Layer& self, const std::vector<bool>& single) {
            return self.makes_single(std::vector<char>(single.begin(), single.end()));
          },
          py::arg("single_inputs"))
      .def(
          "output_shapes",
          [](const Layer& self, const std::vector<Shape>& shapes) { return to_tuples(self.output_shapes(shapes)); },
          py::arg("input_shapes"))
      .def(
          "build",
          [](Layer& self, const std::vector<Shape>& shapes, index most_elements) {
            const ParameterLimit limit(most_elements);
            self.build(shapes);
          },
          py::arg("input_shapes"), py::arg("most_elements") = -1);

  scalars.def("time_distributed", &time_distributed<T>, py::arg("layer"), py::arg("name"));
  scalars.def("activation", &apply<T>, py::arg("name"), py::arg("parameters"), py::arg("x"));
  scalars.def("axis_activation", &apply_along_axis<T>, py::arg("name"), py::arg("x"), py::arg("axis"));
}

template void bind_layers<float>(py::module_&);
template void bind_layers<double>(py::module_&);

}  // namespace ranvier
