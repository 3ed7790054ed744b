// The gradient of a bias that every pixel of a batch shares.
#pragma once

#include "layers/layer.hpp"

namespace ranvier {

/// Elements of scratch that bias_gradient needs.
inline index bias_scratch(index N) { return N; }

/// dbias (N) = sum of the rows of dz (rows, N), in two stages for their precision. Each thread sums some columns.
template <class T>
void bias_gradient(const Pass<T>& pass, const T* dz, index rows, index N, T* dbias) {
  constexpr index kRows = 256, kGrain = 16;
  const Range part = pass.team->share(N, kGrain);
  if (part.size() <= 0) return;
  T* const sums = dbias + part.begin;
  const auto sum = [&](index row, T* to) {
    pass.kernels->column_sum(dz + row * N + part.begin, std::min(kRows, rows - row), part.size(), N, to);
  };
  sum(0, sums);
  for (index row = kRows; row < rows; row += kRows) {
    sum(row, pass.scratch);
    pass.kernels->add(sums, pass.scratch, sums, part.size());
  }
}

}  // namespace ranvier
