// The rows of a matrix as one of several workers sees them: the rows that everybody needs all the time are its own
// copies, so that they do not go back and forth between the caches of the cores. Rows come in the order of frequency.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/buffer.hpp"

namespace ranvier::words {

/// Rows of padded columns, one for each word, or for each inner node of the tree.
struct RowMatrix {
  float* data = nullptr;
  index rows = 0, columns = 0;
  float* row(std::int32_t i) const { return data + i * columns; }
};

/// Asks for a cache line that nobody else keeps: of a row that another thread has just changed, reading it first and
/// then claiming it would be two journeys.
inline void prefetch_to_write(const float* p) {
#ifdef __x86_64__
  asm volatile("prefetchw %0" : : "m"(*p));  // the builtin only does so where the compiler is told that it is there
#else
  __builtin_prefetch(p, 1);
#endif
}

class WorkerRows {
 public:
  /// `workers` that share the matrix; a single one needs no copies.
  WorkerRows(const RowMatrix& matrix, int workers);

  /// Row i, which the caller is about to change once, and which is asked to come near.
  float* fetch(std::int32_t i) {
    float* row = matrix_.row(i);
    if (i < hot_) {
      row = own_.data() + i * matrix_.columns;
      ++changes_[static_cast<std::size_t>(i)];
    }
    for (index d = 0; d < matrix_.columns; d += static_cast<index>(kCacheLine / sizeof(float)))
      prefetch_to_write(row + d);
    return row;
  }

  /// Takes the copies anew.
  void refresh();

  /// Adds what was changed, at about the rate `rate`, to the shared rows, and takes the copies anew.
  void exchange(float rate);

 private:
  RowMatrix matrix_;
  std::int32_t hot_ = 0;
  float workers_ = 1;
  Buffer<float> own_, before_;          // copies, and what they were
  std::vector<std::uint32_t> changes_;  // of each since then
};

}  // namespace ranvier::words
