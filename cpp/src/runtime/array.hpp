// Rows of data where they lie: any element type, any strides, read and converted a batch at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ranvier/shape.hpp"

namespace ranvier {

enum class ElementType { boolean, int8, uint8, int16, uint16, int32, uint32, int64, uint64, float16, float32, float64 };

/// A view of memory that somebody else owns and keeps alive: an array, compressed sparse rows, or columns side by side.
struct ArrayView {
  const void* data = nullptr;
  ElementType type = ElementType::float32;
  Shape shape;                 // with the batch axis first
  std::vector<index> strides;  // in bytes, one per axis; of an array only

  // Compressed sparse rows (CSR): data[k] stands in column columns[k] of row r for starts[r] <= k < starts[r + 1], and
  // everything else is 0. Both hold int32, or int64 if `wide`.
  const void *columns = nullptr, *starts = nullptr;
  bool wide = false;

  std::vector<ArrayView> parts{};  // arrays of the same rows, side by side: each has a type of its own

  bool is_array() const { return !columns && parts.empty(); }

  index rows() const { return shape.empty() ? 0 : shape[0]; }
  index row_elements() const {
    index n = 1;
    for (std::size_t axis = 1; axis < shape.size(); ++axis) n *= shape[axis];
    return n;
  }
  Shape row_shape() const { return shape.empty() ? Shape{} : Shape(shape.begin() + 1, shape.end()); }
  /// The elements of a row lie one after the other.
  bool rows_contiguous() const;
};

/// A view of `rows` contiguous rows of T.
template <class T>
ArrayView view_of(const T* data, index rows, const Shape& row_shape);

/// Copies rows order[0 .. count) of x, or rows first .. first + count if order is null, one after the other to y as T.
template <class T>
void gather(const ArrayView& x, const std::int32_t* order, index first, index count, T* y);

/// The data itself if all of it is contiguous T, so that nothing need be copied; else null.
template <class T>
const T* contiguous(const ArrayView& x);

/// Flat index, in row-major order, of the first NaN or infinity, or -1.
index first_nonfinite(const ArrayView& x);

struct LabelRange {
  double least, greatest;
  index least_at, greatest_at;
  index first_fraction;  // the first value that is no integer, or -1
};

/// Of all elements, flat row-major positions. x must not be empty.
LabelRange label_range(const ArrayView& x);

}  // namespace ranvier
