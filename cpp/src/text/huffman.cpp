#include "text/huffman.hpp"

#include <algorithm>
#include <numeric>

namespace ranvier::words {

HuffmanTree::HuffmanTree(const std::vector<std::int64_t>& counts) {
  const std::size_t V = counts.size(), inner = V > 0 ? V - 1 : 0;
  std::vector<std::size_t> leaves(V);  // rarest first
  std::iota(leaves.begin(), leaves.end(), 0);
  std::stable_sort(leaves.begin(), leaves.end(), [&](std::size_t a, std::size_t b) { return counts[a] < counts[b]; });

  // Inner nodes V, V + 1, ... come in the order of their counts, so the two rarest nodes are always the heads of two
  // queues: leaves that are left, and inner nodes that have no parent yet.
  std::vector<std::int64_t> weight(counts);
  std::vector<std::size_t> parent(V + inner);
  std::vector<bool> second(V + inner);
  std::size_t leaf = 0, node = V;
  const auto rarest = [&] {
    const bool is_leaf = leaf < V && (node == weight.size() || weight[leaves[leaf]] <= weight[node]);
    return is_leaf ? leaves[leaf++] : node++;
  };
  for (std::size_t i = 0; i < inner; ++i) {
    const std::size_t a = rarest(), b = rarest();
    parent[a] = parent[b] = weight.size();
    second[b] = true;
    weight.push_back(weight[a] + weight[b]);
  }

  const std::size_t root = V + inner - 1;
  starts.assign(1, 0);
  for (std::size_t word = 0; word < V; ++word) {
    const auto begin = static_cast<std::ptrdiff_t>(nodes.size());
    for (std::size_t at = word; at != root; at = parent[at]) {
      nodes.push_back(static_cast<std::int32_t>(root - parent[at]));
      turns.push_back(second[at] ? 1.0F : 0.0F);
    }
    std::reverse(nodes.begin() + begin, nodes.end());
    std::reverse(turns.begin() + begin, turns.end());
    starts.push_back(static_cast<index>(nodes.size()));
  }
}

index HuffmanTree::longest() const {
  index most = 0;
  for (std::size_t word = 0; word + 1 < starts.size(); ++word) most = std::max(most, starts[word + 1] - starts[word]);
  return most;
}

}  // namespace ranvier::words
