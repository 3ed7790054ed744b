// The only header that includes pybind11, so that every file sees the same type casters. Bindings convert, release the
// GIL and call: no logic, and nothing to add here for a new layer, loss, metric or optimizer.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <vector>

#include "layers/layer.hpp"
#include "ranvier/config.hpp"
#include "runtime/array.hpp"

namespace ranvier {

namespace py = pybind11;

/// None, bool, int, float, str and flat sequences of numbers.
Config to_config(const py::dict& dict);

/// A view of the memory of a NumPy array, or of rows of another form (ranvier.models.rows); TypeError for element types
/// that are not numbers.
ArrayView to_view(const py::handle& rows);
std::vector<ArrayView> to_views(const std::vector<py::object>& arrays);

py::tuple to_tuple(const Shape& shape);

template <class T>
constexpr const char* dtype_name();
template <>
constexpr const char* dtype_name<float>() {
  return "float32";
}
template <>
constexpr const char* dtype_name<double>() {
  return "float64";
}

/// A new array of `rows` rows, whose memory is written later without the GIL.
template <class T>
py::array_t<T> empty_rows(index rows, const Shape& row_shape) {
  Shape shape{rows};
  shape.insert(shape.end(), row_shape.begin(), row_shape.end());
  return py::array_t<T>(shape);
}

struct PlanMemory;
py::list to_dicts(const std::vector<PlanMemory>& plans);

template <class T>
void bind_layers(py::module_& scalars);
template <class T>
void bind_product(py::module_& scalars);
template <class T>
void bind_network(py::module_& scalars);
template <class T>
void bind_training(py::module_& scalars);
void bind_feed(py::module_& core);
void bind_runtime(py::module_& core);
void bind_registries(py::module_& core);
void bind_text(py::module_& core);
void bind_glove(py::module_& core);
void bind_phrases(py::module_& core);
void bind_vocabulary(py::module_& core);
void bind_word2vec(py::module_& text);
void bind_text_vectors(py::module_& core);

}  // namespace ranvier
