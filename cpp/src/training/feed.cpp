#include "training/feed.hpp"

#include <numeric>
#include <utility>

#include "runtime/random.hpp"

namespace ranvier {

void shuffle_rows(std::vector<std::int32_t>& order, index rows, std::uint64_t seed, std::uint64_t epoch) {
  order.resize(static_cast<std::size_t>(rows));
  std::iota(order.begin(), order.end(), 0);
  RandomStream random({seed, kShuffleStream + epoch});
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
}

}  // namespace ranvier
