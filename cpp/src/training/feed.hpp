// Where batches come from: rows of x, y and weights, in order or shuffled.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/array.hpp"

namespace ranvier {

/// The arrays of one data set; all have the same number of rows. They are read where they lie.
struct Feed {
  std::vector<ArrayView> x, y;
  std::vector<ArrayView> weights;  // one per output, or with null data where every row weighs 1

  index rows() const { return x.empty() ? 0 : x[0].rows(); }
};

/// The order of an epoch's rows: a permutation that depends only on the seed and the epoch (Fisher and Yates 1938).
void shuffle_rows(std::vector<std::int32_t>& order, index rows, std::uint64_t seed, std::uint64_t epoch);

}  // namespace ranvier
