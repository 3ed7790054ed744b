#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ranvier/export.hpp"

namespace ranvier {

using index = std::ptrdiff_t;

/// Sizes of the axes of a tensor, row major, without the batch axis unless said otherwise.
using Shape = std::vector<index>;

/// Number of elements; 1 for the empty shape. Throws std::invalid_argument where that exceeds any memory.
RANVIER_API index size(const Shape& shape);

/// "(2, 3)", "(2,)", "()", as Python prints a tuple.
RANVIER_API std::string to_string(const Shape& shape);

/// The same with a leading "*" for the batch axis: "(*, 2, 3)".
RANVIER_API std::string to_string_batched(const Shape& shape);

}  // namespace ranvier
