// The Huffman tree of hierarchical softmax (Morin and Bengio 2005; Mikolov et al. 2013): frequent words have short
// paths.
#pragma once

#include <cstdint>
#include <vector>

#include "ranvier/shape.hpp"

namespace ranvier::words {

/// The path of word w from the root are the inner nodes nodes[starts[w]] .. nodes[starts[w + 1] - 1]; at each of them
/// it turns to the child 0 or 1 that `turns` says. The root is node 0, and nodes near it have low numbers.
struct HuffmanTree {
  std::vector<index> starts;
  std::vector<std::int32_t> nodes;
  std::vector<float> turns;

  HuffmanTree() = default;
  explicit HuffmanTree(const std::vector<std::int64_t>& counts);

  index longest() const;
};

}  // namespace ranvier::words
