#include "pybind.hpp"
#include "runtime/error.hpp"

namespace ranvier {

namespace {

bool is_whole(const py::handle& value) { return PyIndex_Check(value.ptr()) && !PyBool_Check(value.ptr()); }

ConfigValue to_value(const std::string& key, const py::handle& value) {
  if (value.is_none()) return std::monostate{};
  if (PyBool_Check(value.ptr())) return value.cast<bool>();
  if (is_whole(value)) return py::cast<std::int64_t>(py::reinterpret_steal<py::object>(PyNumber_Index(value.ptr())));
  if (py::isinstance<py::str>(value)) return value.cast<std::string>();
  if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    const auto items = py::reinterpret_borrow<py::sequence>(value);
    bool whole = true;
    for (const auto& item : items) whole = whole && is_whole(item);
    if (whole) return value.cast<std::vector<std::int64_t>>();
    return value.cast<std::vector<double>>();
  }
  if (PyFloat_Check(value.ptr()) || PyNumber_Check(value.ptr())) return value.cast<double>();
  throw py::type_error("'" + key + "' must be None, a bool, a number, a string or a list of numbers, got " +
                       py::repr(value).cast<std::string>());
}

ElementType to_element_type(const py::dtype& dtype) {
  const char kind = dtype.kind();
  const auto size = dtype.itemsize();
  if (kind == 'b') return ElementType::boolean;
  if (kind == 'f' && size == 4) return ElementType::float32;
  if (kind == 'f' && size == 8) return ElementType::float64;
  if (kind == 'f' && size == 2) return ElementType::float16;
  if (kind == 'i' || kind == 'u') {
    const bool is_signed = kind == 'i';
    if (size == 1) return is_signed ? ElementType::int8 : ElementType::uint8;
    if (size == 2) return is_signed ? ElementType::int16 : ElementType::uint16;
    if (size == 4) return is_signed ? ElementType::int32 : ElementType::uint32;
    if (size == 8) return is_signed ? ElementType::int64 : ElementType::uint64;
  }
  throw py::type_error("expected an array of booleans, integers or real numbers of at most 64 bits, got dtype " +
                       py::str(dtype).cast<std::string>());
}

ArrayView array_view(const py::array& array) {
  const py::dtype dtype = array.dtype();
  if (dtype.byteorder() == '>')
    throw py::type_error("expected native byte order, got dtype " + py::str(dtype).cast<std::string>() +
                         "; convert with x.astype(x.dtype.newbyteorder('='))");
  ArrayView view;
  view.data = array.data();
  view.type = to_element_type(dtype);
  view.shape.assign(array.shape(), array.shape() + array.ndim());
  view.strides.assign(array.strides(), array.strides() + array.ndim());
  return view;
}

// The object keeps its arrays alive.
ArrayView sparse_view(const py::handle& rows) {
  ArrayView view = array_view(rows.attr("data"));
  const py::array columns = rows.attr("columns"), starts = rows.attr("starts");
  view.columns = columns.data();
  view.starts = starts.data();
  view.wide = columns.itemsize() == 8;
  view.shape = rows.attr("shape").cast<Shape>();
  view.strides.clear();
  return view;
}

}  // namespace

Config to_config(const py::dict& dict) {
  Config config;
  for (const auto& [key, value] : dict) {
    const auto name = key.cast<std::string>();
    config.set(name, to_value(name, value));
  }
  return config;
}

ArrayView to_view(const py::handle& rows) {
  if (py::isinstance<py::array>(rows)) return array_view(py::reinterpret_borrow<py::array>(rows));
  if (py::hasattr(rows, "starts")) return sparse_view(rows);
  if (!py::hasattr(rows, "parts")) throw py::type_error("expected an array, got " + py::repr(rows).cast<std::string>());
  ArrayView view;
  view.parts = to_views(rows.attr("parts").cast<std::vector<py::object>>());
  view.shape = rows.attr("shape").cast<Shape>();
  return view;
}

std::vector<ArrayView> to_views(const std::vector<py::object>& arrays) {
  std::vector<ArrayView> views;
  views.reserve(arrays.size());
  for (const py::object& array : arrays) views.push_back(to_view(array));
  return views;
}

py::tuple to_tuple(const Shape& shape) {
  py::tuple tuple(shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i) tuple[i] = shape[i];
  return tuple;
}

}  // namespace ranvier
