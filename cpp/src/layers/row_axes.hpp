// Axes as users count them, with the batch as axis 0 or from the end, as positions among the axes of one row.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "ranvier/shape.hpp"
#include "runtime/error.hpp"

namespace ranvier {

/// Sorted positions. Throws std::invalid_argument, naming `owner`, for the batch and axes that x does not have.
inline std::vector<index> row_axes(const std::string& owner, const std::vector<std::int64_t>& axes, const Shape& x) {
  const index rank = static_cast<index>(x.size()) + 1;
  std::vector<index> positions;
  for (std::int64_t axis : axes) {
    if (axis >= rank || axis < -rank)
      fail(owner, "axis ", axis, " does not exist in an input of shape ", to_string_batched(x));
    const index position = (axis < 0 ? axis + rank : axis) - 1;
    if (position < 0) fail(owner, "axis ", axis, " is the batch: rows do not mix");
    positions.push_back(position);
  }
  std::sort(positions.begin(), positions.end());
  return positions;
}

}  // namespace ranvier
