#include "runtime/array.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace ranvier {

namespace {

/// IEEE half precision, of which C++17 has no type.
struct Half {
  std::uint16_t bits;

  explicit operator float() const {
    const std::uint32_t sign = std::uint32_t{bits} >> 15 << 31, exponent = bits >> 10 & 31, fraction = bits & 1023;
    float value;
    if (exponent == 0) {
      value = std::ldexp(static_cast<float>(fraction), -24);
    } else if (exponent == 31) {
      value = fraction ? NAN : INFINITY;
    } else {
      value = std::ldexp(static_cast<float>(fraction + 1024), static_cast<int>(exponent) - 25);
    }
    return sign ? -value : value;
  }
  explicit operator double() const { return static_cast<double>(static_cast<float>(*this)); }
};

// Calls f with a null pointer of the element type.
template <class F>
auto with_type(ElementType type, const F& f) {
  switch (type) {
    case ElementType::boolean:
      return f(static_cast<const bool*>(nullptr));
    case ElementType::int8:
      return f(static_cast<const std::int8_t*>(nullptr));
    case ElementType::uint8:
      return f(static_cast<const std::uint8_t*>(nullptr));
    case ElementType::int16:
      return f(static_cast<const std::int16_t*>(nullptr));
    case ElementType::uint16:
      return f(static_cast<const std::uint16_t*>(nullptr));
    case ElementType::int32:
      return f(static_cast<const std::int32_t*>(nullptr));
    case ElementType::uint32:
      return f(static_cast<const std::uint32_t*>(nullptr));
    case ElementType::int64:
      return f(static_cast<const std::int64_t*>(nullptr));
    case ElementType::uint64:
      return f(static_cast<const std::uint64_t*>(nullptr));
    case ElementType::float16:
      return f(static_cast<const Half*>(nullptr));
    case ElementType::float64:
      return f(static_cast<const double*>(nullptr));
    case ElementType::float32:
      break;
  }
  return f(static_cast<const float*>(nullptr));
}

index element_size(ElementType type) {
  return with_type(type, [](auto* element) { return static_cast<index>(sizeof *element); });
}

// Calls f(address) for every element of one row, in row-major order.
template <class F>
void walk(const char* row, const Shape& shape, const std::vector<index>& strides, std::size_t axis, const F& f) {
  if (axis == shape.size()) {
    f(row);
    return;
  }
  for (index i = 0; i < shape[axis]; ++i) walk(row + i * strides[axis], shape, strides, axis + 1, f);
}

// NumPy's strided arrays need not be aligned.
template <class S>
S load(const char* address) {
  S value;
  std::memcpy(&value, address, sizeof value);
  return value;
}

// Row r is at y + r * step.
template <class S, class T>
void gather_as(const ArrayView& x, const std::int32_t* order, index first, index count, T* y, index step) {
  constexpr index kAhead = 8;   // rows: those in a random order are not in a near cache
  constexpr index kPiece = 16;  // bytes, in which short rows are sooner copied than memcpy is called
  constexpr index kShort = 16 * kPiece;
  const index n = x.row_elements();
  const bool contiguous = x.rows_contiguous();
  const index bytes = n * static_cast<index>(sizeof(T)), last = bytes - kPiece;
  const auto address = [&](index i) {
    return static_cast<const char*>(x.data) + (order ? order[i] : first + i) * x.strides[0];
  };
  if (n == 1) {  // labels, most often
    for (index i = 0; i < count; ++i) y[i * step] = static_cast<T>(load<S>(address(i)));
    return;
  }
  for (index i = 0; i < count; ++i, y += step) {
    const char* row = address(i);
    if (order && i + kAhead < count) __builtin_prefetch(address(i + kAhead));
    if (!contiguous) {
      T* next = y;
      walk(row, x.shape, x.strides, 1, [&](const char* at) { *next++ = static_cast<T>(load<S>(at)); });
    } else if (std::is_same_v<S, T> && bytes > kShort) {
      std::memcpy(y, row, static_cast<std::size_t>(bytes));
    } else if (std::is_same_v<S, T> && last >= 0) {
      char* const to = reinterpret_cast<char*>(y);
      for (index at = 0; at < last; at += kPiece) std::memcpy(to + at, row + at, kPiece);
      std::memcpy(to + last, row + last, kPiece);
    } else {
      for (index j = 0; j < n; ++j) y[j] = static_cast<T>(load<S>(row + j * static_cast<index>(sizeof(S))));
    }
  }
}

index at(const ArrayView& x, const void* indices, index position) {
  return x.wide ? static_cast<index>(static_cast<const std::int64_t*>(indices)[position])
                : static_cast<const std::int32_t*>(indices)[position];
}

template <class S, class T>
void gather_sparse(const ArrayView& x, const std::int32_t* order, index first, index count, T* y, index step) {
  const char* data = static_cast<const char*>(x.data);
  for (index i = 0; i < count; ++i, y += step) {
    std::fill_n(y, x.shape[1], T{0});
    const index row = order ? order[i] : first + i, end = at(x, x.starts, row + 1);
    for (index k = at(x, x.starts, row); k < end; ++k)
      y[at(x, x.columns, k)] += static_cast<T>(load<S>(data + k * static_cast<index>(sizeof(S))));
  }
}

template <class T>
void gather_into(const ArrayView& x, const std::int32_t* order, index first, index count, T* y, index step) {
  if (!x.parts.empty()) {
    for (const ArrayView& part : x.parts) {
      gather_into(part, order, first, count, y, step);
      y += part.row_elements();
    }
    return;
  }
  with_type(x.type, [&](auto* element) {
    using S = std::remove_cv_t<std::remove_pointer_t<decltype(element)>>;
    if (x.columns)
      gather_sparse<S>(x, order, first, count, y, step);
    else
      gather_as<S>(x, order, first, count, y, step);
  });
}

}  // namespace

bool ArrayView::rows_contiguous() const {
  index step = element_size(type);
  for (std::size_t axis = shape.size(); axis-- > 1; step *= shape[axis])
    if (shape[axis] != 1 && strides[axis] != step) return false;
  return true;
}

template <class T>
ArrayView view_of(const T* data, index rows, const Shape& row_shape) {
  ArrayView view;
  view.data = data;
  view.type = std::is_same_v<T, float> ? ElementType::float32 : ElementType::float64;
  view.shape = {rows};
  view.shape.insert(view.shape.end(), row_shape.begin(), row_shape.end());
  view.strides.resize(view.shape.size());
  index step = sizeof(T);
  for (std::size_t axis = view.shape.size(); axis-- > 0; step *= view.shape[axis]) view.strides[axis] = step;
  return view;
}

template <class T>
void gather(const ArrayView& x, const std::int32_t* order, index first, index count, T* y) {
  gather_into(x, order, first, count, y, x.row_elements());
}

template <class T>
const T* contiguous(const ArrayView& x) {
  if (!x.is_array()) return nullptr;
  const bool same = x.type == (std::is_same_v<T, float> ? ElementType::float32 : ElementType::float64);
  const bool packed = x.rows() <= 1 || x.strides[0] == x.row_elements() * static_cast<index>(sizeof(T));
  const bool aligned = reinterpret_cast<std::uintptr_t>(x.data) % alignof(T) == 0;
  return same && packed && aligned && x.rows_contiguous() ? static_cast<const T*>(x.data) : nullptr;
}

namespace {

// Calls f(value, flat position) for every element until it returns false.
template <class F>
void scan(const ArrayView& x, const F& f) {
  with_type(x.type, [&](auto* element) {
    using S = std::remove_cv_t<std::remove_pointer_t<decltype(element)>>;
    const index n = x.row_elements();
    const bool contiguous = x.rows_contiguous();
    bool go_on = true;
    for (index row = 0; row < x.rows() && go_on; ++row) {
      const char* start = static_cast<const char*>(x.data) + row * x.strides[0];
      index at = row * n;
      const auto visit = [&](const char* address) {
        if constexpr (std::is_same_v<S, Half>)
          go_on = go_on && f(static_cast<float>(load<S>(address)), at);
        else
          go_on = go_on && f(load<S>(address), at);
        ++at;
      };
      if (contiguous) {
        for (index j = 0; j < n && go_on; ++j) visit(start + j * static_cast<index>(sizeof(S)));
      } else {
        walk(start, x.shape, x.strides, 1, visit);
      }
    }
  });
}

// 0 * x is 0 for a finite x and NaN otherwise: a sum without branches, four times as fast as looking at each element.
template <class S>
bool row_finite(const S* row, index n) {
  S sums[8] = {};
  index j = 0;
  for (; j + 8 <= n; j += 8)
    for (int lane = 0; lane < 8; ++lane) sums[lane] += S{0} * row[j + lane];
  for (; j < n; ++j) sums[0] += S{0} * row[j];
  S total = 0;
  for (S sum : sums) total += sum;
  return total == 0;
}

template <class S>
bool all_finite(const ArrayView& x) {
  const S* data = contiguous<S>(x);
  return data && row_finite(data, size(x.shape));
}

}  // namespace

namespace {

// Of columns side by side: the first in row-major order is in the first such row of any part.
index first_nonfinite_of_parts(const ArrayView& x) {
  index found = -1, column = 0;
  for (const ArrayView& part : x.parts) {
    const index n = part.row_elements(), flat = first_nonfinite(part);
    if (flat >= 0) {
      const index here = flat / n * x.row_elements() + column + flat % n;
      found = found < 0 ? here : std::min(found, here);
    }
    column += n;
  }
  return found;
}

/// The values that sparse rows hold, as an array.
ArrayView values_of(const ArrayView& x) {
  const index begin = at(x, x.starts, 0), size = element_size(x.type);
  ArrayView values;
  values.type = x.type;
  values.data = static_cast<const char*>(x.data) + begin * size;
  values.shape = {at(x, x.starts, x.rows()) - begin};
  values.strides = {size};
  return values;
}

/// Where in the rows a value of `values_of` stands, row-major.
index place_of(const ArrayView& x, index value) {
  const index k = at(x, x.starts, 0) + value;
  index row = 0;
  while (at(x, x.starts, row + 1) <= k) ++row;
  return row * x.shape[1] + at(x, x.columns, k);
}

}  // namespace

index first_nonfinite(const ArrayView& x) {
  if (!x.parts.empty()) return first_nonfinite_of_parts(x);
  if (x.columns) {
    const index found = first_nonfinite(values_of(x));
    return found < 0 ? -1 : place_of(x, found);
  }
  if (x.type != ElementType::float16 && x.type != ElementType::float32 && x.type != ElementType::float64) return -1;
  if (all_finite<float>(x) || all_finite<double>(x)) return -1;
  index found = -1;
  scan(x, [&](auto value, index at) {
    if (std::isfinite(static_cast<double>(value))) return true;
    found = at;
    return false;
  });
  return found;
}

namespace {

/// Takes in the range of a part of x; `place` says where in x a place in the part is.
template <class F>
void widen(LabelRange& range, const LabelRange& part, const F& place) {
  if (part.least < range.least) range.least = part.least, range.least_at = place(part.least_at);
  if (part.greatest > range.greatest) range.greatest = part.greatest, range.greatest_at = place(part.greatest_at);
  if (range.first_fraction < 0 && part.first_fraction >= 0) range.first_fraction = place(part.first_fraction);
}

}  // namespace

LabelRange label_range(const ArrayView& x) {
  LabelRange range{INFINITY, -INFINITY, 0, 0, -1};
  if (!x.parts.empty()) {
    index column = 0;
    for (const ArrayView& part : x.parts) {
      const index n = part.row_elements();
      widen(range, label_range(part), [&](index flat) { return flat / n * x.row_elements() + column + flat % n; });
      column += n;
    }
    return range;
  }
  if (x.columns) {
    const ArrayView values = values_of(x);
    if (values.rows() < size(x.shape)) range = {0, 0, 0, 0, -1};
    if (values.rows()) widen(range, label_range(values), [&](index value) { return place_of(x, value); });
    return range;
  }
  scan(x, [&](auto element, index at) {
    const double value = static_cast<double>(element);
    if (value < range.least) range.least = value, range.least_at = at;
    if (value > range.greatest) range.greatest = value, range.greatest_at = at;
    if (range.first_fraction < 0 && value != std::floor(value)) range.first_fraction = at;
    return true;
  });
  return range;
}

template ArrayView view_of(const float*, index, const Shape&);
template ArrayView view_of(const double*, index, const Shape&);
template void gather(const ArrayView&, const std::int32_t*, index, index, float*);
template void gather(const ArrayView&, const std::int32_t*, index, index, double*);
template const float* contiguous(const ArrayView&);
template const double* contiguous(const ArrayView&);

}  // namespace ranvier
