// The door to matrix products: builds them, and hands their blocks to the team.
#pragma once

#include "layers/layer.hpp"

namespace ranvier {

/// C (M, N) = A (M, K) B (K, N), all row major and dense; change what differs.
template <class T>
kernels::Gemm<T> product(index M, index N, index K, const T* A, const T* B, T* C) {
  kernels::Gemm<T> g{};
  g.M = M, g.N = N, g.K = K;
  g.A = A, g.a_row = K, g.a_col = 1;
  g.B = B, g.b_row = N, g.b_col = 1;
  g.C = C, g.c_row = N;
  g.keep = true;
  return g;
}

/// C = A^T B for A (K, M).
template <class T>
kernels::Gemm<T> product_transposed_a(index M, index N, index K, const T* A, const T* B, T* C) {
  kernels::Gemm<T> g = product(M, N, K, A, B, C);
  g.a_row = 1, g.a_col = M;
  return g;
}

/// C = A B^T for B (N, K).
template <class T>
kernels::Gemm<T> product_transposed_b(index M, index N, index K, const T* A, const T* B, T* C) {
  kernels::Gemm<T> g = product(M, N, K, A, B, C);
  g.b_row = 1, g.b_col = K;
  return g;
}

/// Runs the product on the team of `pass`; no barrier at the end.
template <class T>
void multiply(const Pass<T>& pass, const kernels::Gemm<T>& g) {
  // More blocks than threads: one that is preempted then delays the others by a part of its work only.
  constexpr index kBlocksPerThread = 4;
  const int threads = pass.team->size();
  const kernels::Blocks blocks = pass.kernels->gemm_blocks(g, threads == 1 ? 1 : threads * kBlocksPerThread);
  pass.team->for_each(blocks.count_m * blocks.count_n,
                      [&](index block) { pass.kernels->gemm(g, blocks, block, pass.scratch); });
}

}  // namespace ranvier
