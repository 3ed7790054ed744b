#include "network/memory.hpp"

#include <algorithm>
#include <numeric>

#include "runtime/buffer.hpp"

namespace ranvier {

Placement place(const std::vector<Lifetime>& tensors, index alignment) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return tensors[a].size > tensors[b].size; });
  Placement result{std::vector<index>(tensors.size(), 0), 0};
  std::vector<std::size_t> placed;  // sorted by offset
  for (std::size_t i : order) {
    const index size = round_up(tensors[i].size, alignment);
    index offset = 0;
    for (std::size_t j : placed) {
      const bool together = tensors[i].first <= tensors[j].last && tensors[j].first <= tensors[i].last;
      if (!together) continue;
      if (offset + size <= result.offsets[j]) break;
      offset = std::max(offset, result.offsets[j] + round_up(tensors[j].size, alignment));
    }
    result.offsets[i] = offset;
    result.total = std::max(result.total, offset + size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), i,
                                   [&](std::size_t a, std::size_t b) { return result.offsets[a] < result.offsets[b]; }),
                  i);
  }
  return result;
}

}  // namespace ranvier
