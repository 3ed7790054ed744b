// The door to matrix products: builds them, and hands their blocks to the team.
#pragma once

#include <type_traits>

#include "layers/layer.hpp"

namespace ranvier {

/// C (M, N) = A (M, K) B (K, N), all row major and dense; change what differs. Every member is spelled out: of a
/// struct that begins as zeros a compiler makes a string instruction, a thirtieth of a small product's time.
template <class T>
kernels::Gemm<T> product(index M, index N, index K, const T* A, const T* B, T* C) {
  // clang-format off
  return {M, N, K, A, /*a_row=*/K, /*a_col=*/1, /*jump=*/nullptr, /*piece=*/0, /*line=*/0, /*line_step=*/0,
          B, /*b_row=*/N, /*b_col=*/1, /*packed=*/0, C, /*c_row=*/N, /*bias=*/nullptr, /*accumulate=*/false,
          /*relu=*/false, /*finish=*/nullptr, /*context=*/nullptr, /*keep=*/true, /*touched=*/{nullptr, nullptr, nullptr}};
  // clang-format on
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

/// Blocks to ask for: one for each thread, since every block packs A again. Four were 1.05 to 1.4 times as slow; what a
/// busy neighbour costs is ThreadChoice's matter.
inline index wanted_blocks(const Team& team) { return team.size(); }

/// Runs the product on the team of `pass`; no barrier at the end.
template <class T>
void multiply(const Pass<T>& pass, const kernels::Gemm<T>& g) {
  if (pass.team->size() == 1) return pass.kernels->gemm(g, {g.M, g.N, 1, 1}, 0, pass.scratch);
  const kernels::Blocks blocks = pass.kernels->gemm_blocks(g, wanted_blocks(*pass.team));
  pass.team->for_each(blocks.count_m * blocks.count_n,
                      [&](index block) { pass.kernels->gemm(g, blocks, block, pass.scratch); });
}

// Products of operands rounded to bfloat16, of float only. B is rounded inside, as it is used; A is packed before by
// all threads together, with a barrier between the two.

/// Elements of A when it is packed, a multiple of a cache line.
template <class T>
index packed_size(const kernels::Gemm<T>& g) {
  return round_up(kernels::table<float>().bf16->packed(g.M, g.K), static_cast<index>(kCacheLine / sizeof(float)));
}

/// Elements of scratch that each thread needs.
template <class T>
index rounded_scratch(const kernels::Gemm<T>& g) {
  if constexpr (std::is_same_v<T, float>) return kernels::table<float>().bf16->scratch(g);
  return 0;
}

/// Packs this thread's share of A.
template <class T>
void pack_rounded(const Pass<T>& pass, const kernels::Gemm<T>& g, T* packed) {
  if constexpr (std::is_same_v<T, float>) {
    const Range rows = pass.team->share(g.M, kernels::kBf16PackRows);
    pass.kernels->bf16->pack(g.A, g.a_row, g.a_col, g.K, rows.begin, rows.end, packed);
  }
}

/// As multiply, once all threads have packed.
template <class T>
void multiply_rounded(const Pass<T>& pass, const kernels::Gemm<T>& g, const T* packed) {
  if constexpr (std::is_same_v<T, float>) {
    const auto& k = *pass.kernels->bf16;
    const kernels::Blocks blocks = k.blocks(g, wanted_blocks(*pass.team));
    pass.team->for_each(blocks.count_m * blocks.count_n,
                        [&](index block) { k.gemm(g, packed, blocks, block, pass.scratch); });
  }
}

}  // namespace ranvier
