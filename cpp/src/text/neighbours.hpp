// The rows of a matrix that lie nearest to given directions, in the angle between them.
//
// Lengths of the rows are found in the same pass over memory as their products with a query, so that there is nothing
// to keep that could grow stale: one query runs as fast as memory is read, and not faster if lengths were known
// (12.2 and 12.1 ms for 480 MB on one thread, 0.147 and 0.140 ms for 20 MB on two, Zen 5). A row of zeros has the
// similarity 0 to all.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/array.hpp"
#include "runtime/threads.hpp"

namespace ranvier::words {

/// Rows `rows` of `vectors` and the directions they are compared with: (Q, n), of any length.
struct Comparison {
  ArrayView vectors;
  Range rows;
  const double* queries;
  index Q;
};

/// y (Q, rows): the cosine of the angle between each query and each row.
void similarities(const Comparison& c, float* y);

/// For each query its `count` most similar rows, best first, the lower row first where they are equal: (Q, count),
/// filled with row -1 where there are fewer. Query q does not find the rows skipped[q]. Rows that hold NaN are similar
/// to nothing.
void nearest(const Comparison& c, index count, const std::vector<std::vector<std::int64_t>>& skipped, std::int64_t* row,
             float* similarity);

/// y (rows): the length of each row.
void row_norms(const ArrayView& vectors, float* y);

}  // namespace ranvier::words
