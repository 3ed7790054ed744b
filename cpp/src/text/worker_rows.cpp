#include "text/worker_rows.hpp"

#include <algorithm>

namespace ranvier::words {

namespace {

constexpr index kCopies = 1 << 16;  // elements that a worker copies: a quarter of a megabyte, with what they were half
constexpr index kMostRows = 64;
constexpr float kMany = 64;

}  // namespace

WorkerRows::WorkerRows(const RowMatrix& matrix, int workers) : matrix_(matrix) {
  if (workers < 2 || matrix.rows == 0) return;
  hot_ = static_cast<std::int32_t>(std::min({matrix.rows, kMostRows, kCopies / matrix.columns}));
  others_ = static_cast<float>(workers - 1);
  own_ = Buffer<float>(hot_ * matrix.columns);
  before_ = Buffer<float>(hot_ * matrix.columns);
  changes_.resize(static_cast<std::size_t>(hot_));
  refresh();
}

void WorkerRows::refresh() {
  const index n = hot_ * matrix_.columns;
  std::copy_n(matrix_.data, n, own_.data());
  std::copy_n(matrix_.data, n, before_.data());
  std::fill(changes_.begin(), changes_.end(), 0);
}

// Few changes add up with those of other workers. Many have brought each worker's copy near the same place, and are
// averaged: their sum would go as many times too far.
void WorkerRows::exchange() {
  for (std::int32_t i = 0; i < hot_; ++i) {
    const auto changes = static_cast<float>(changes_[static_cast<std::size_t>(i)]);
    if (changes == 0) continue;
    const float share = 1 / (1 + others_ * std::min(1.0F, changes / kMany));
    float *shared = matrix_.row(i), *own = own_.data() + i * matrix_.columns;
    float* before = before_.data() + i * matrix_.columns;
    for (index d = 0; d < matrix_.columns; ++d) {
      const float sum = shared[d] + share * (own[d] - before[d]);
      shared[d] = own[d] = before[d] = sum;
    }
    changes_[static_cast<std::size_t>(i)] = 0;
  }
}

}  // namespace ranvier::words
