// Copies of a tensor with its axes in another order.
#pragma once

#include <array>

#include "layers/broadcast.hpp"

namespace ranvier {

/// y = x with axis order[i] of x as axis i of y, for one row; `order` counts the axes of a row from 0.
template <class T>
void permute(const T* x, const Shape& shape, const std::vector<std::size_t>& order, T* y) {
  const std::size_t axes = order.size();
  if (axes == 0) {
    *y = *x;
    return;
  }
  std::array<index, kMostAxes> stride{}, sizes{}, steps{}, at{};
  for (index step = 1, axis = static_cast<index>(axes) - 1; axis >= 0; --axis) {
    stride[static_cast<std::size_t>(axis)] = step;
    step *= shape[static_cast<std::size_t>(axis)];
  }
  for (std::size_t i = 0; i < axes; ++i) {
    sizes[i] = shape[order[i]];
    steps[i] = stride[order[i]];
  }
  const std::size_t last = axes - 1;
  for (index from = 0;;) {
    for (index i = 0; i < sizes[last]; ++i) *y++ = x[from + i * steps[last]];
    std::size_t axis = last;
    while (axis-- > 0) {
      from += steps[axis];
      if (++at[axis] < sizes[axis]) break;
      from -= steps[axis] * sizes[axis];
      at[axis] = 0;
    }
    if (axis == static_cast<std::size_t>(-1)) return;
  }
}

/// The order that undoes one.
inline std::vector<std::size_t> inverse(const std::vector<std::size_t>& order) {
  std::vector<std::size_t> back(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) back[order[i]] = i;
  return back;
}

inline Shape permuted(const Shape& shape, const std::vector<std::size_t>& order) {
  Shape y;
  for (std::size_t axis : order) y.push_back(shape[axis]);
  return y;
}

}  // namespace ranvier
