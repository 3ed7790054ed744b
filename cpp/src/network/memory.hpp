// Places tensors in one block so that those which are never alive together share memory.
#pragma once

#include <vector>

#include "ranvier/shape.hpp"

namespace ranvier {

/// A tensor of `size` elements that is alive from step `first` to step `last`, both included.
struct Lifetime {
  index size;
  index first, last;
};

struct Placement {
  std::vector<index> offsets;  // of each tensor, in elements
  index total;
};

/// Largest first, each at the lowest offset where nothing alive at the same time lies (greedy by size, Pisarchyk and
/// Lee 2020). Offsets are multiples of `alignment` elements.
Placement place(const std::vector<Lifetime>& tensors, index alignment);

}  // namespace ranvier
