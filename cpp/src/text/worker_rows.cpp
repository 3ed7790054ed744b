#include "text/worker_rows.hpp"

#include <algorithm>
#include <cmath>

namespace ranvier::words {

namespace {

constexpr index kCopies = 1 << 16;  // elements that a worker copies: a quarter of a megabyte, with what they were half
constexpr index kMostRows = 64;
constexpr float kPull = 0.1F;    // curvature of the loss, about: |y|^2 / 4 for the rows that a row meets
constexpr float kLeast = 1e-6F;  // for a rate of 0, which has no quotient

}  // namespace

WorkerRows::WorkerRows(const RowMatrix& matrix, int workers) : matrix_(matrix) {
  if (workers < 2 || matrix.rows == 0) return;
  hot_ = static_cast<std::int32_t>(std::min({matrix.rows, kMostRows, kCopies / matrix.columns}));
  workers_ = static_cast<float>(workers);
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

// Changes at rate a pull a row to where its loss is least: n of them leave e^-u of the way, u = n a c for the curvature
// c. If W workers do so from the same place, the sum of what they went is W (1 - e^-u) of the way, and should be
// 1 - e^-Wu, as if they had come one after the other: few and small changes add up, many large ones are averaged.
void WorkerRows::exchange(float rate) {
  for (std::int32_t i = 0; i < hot_; ++i) {
    const auto changes = static_cast<float>(changes_[static_cast<std::size_t>(i)]);
    if (changes == 0) continue;
    const float u = std::max(changes * rate * kPull, kLeast);
    const float share = std::expm1(-workers_ * u) / (workers_ * std::expm1(-u));
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
