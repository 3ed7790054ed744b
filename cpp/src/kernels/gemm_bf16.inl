// Products of matrices rounded to bfloat16, bit for bit what AMX computes, on processors without it. The operands are
// packed to words of 32 bits: of one k as a float, or of two where the processor multiplies pairs.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr int kPairRows = kTileRows / 2;  // each element of the tile is two chains

struct Bf16Tile {
  index K;         // whole blocks
  const float* A;  // word q of row i at i * a_row + q
  index a_row;
  const float* B;  // panel (K, v vectors)
  float* C;
  index c_row;
  index tail;          // columns in the last vector
  const float* start;  // what the sums are added to: C, the bias, or zeros
  index start_row;
  bool relu;
  const float* touched[3];  // arrays to prefetch while computing, rows touched_row apart, or null
  index touched_row;        // 0: none
};

/// Prefetches rows [from, to) of a tile in the arrays that `finish` is going to touch.
template <int v>
inline void prefetch_touched(const Bf16Tile& t, index from, index to) {
  constexpr index kLine = 64 / sizeof(float);
  for (const float* array : t.touched) {
    if (!array) continue;
    for (index i = from; i < to; i++) {
      for (index j = 0; j < v * Vec<float>::kLanes; j += kLine) __builtin_prefetch(array + i * t.touched_row + j, 1);
    }
  }
}

/// C (m, v vectors) = start + sum over blocks of (chain over even k + chain over odd k).
template <int m, int v>
[[gnu::flatten]] void bf16_tile(const Bf16Tile& t) {
  using V = Vec<float>;
  constexpr index W = V::kLanes, kWords = kPairDepth / kWordDepth;
  const index a_row = t.a_row, c_row = t.c_row, tail = t.tail;
  const float *A = t.A, *B = t.B, *start = t.start;
  float* const C = t.C;
  index start_row = t.start_row;
  const index ahead = t.touched_row ? ceil_div(m * kPairDepth, t.K) : 0;  // rows to prefetch in each block
  index row = 0;
  for (index k = 0; k < t.K; k += kPairDepth, A += kWords) {
    if (ahead && row < m) {
      prefetch_touched<v>(t, row, least(row + ahead, m));
      row += ahead;
    }
    V even[m][v], odd[m][v];
    UNROLL for (int i = 0; i < m; i++) { UNROLL for (int j = 0; j < v; j++) even[i][j] = odd[i][j] = V(0); }
    const auto step = [&](V(&chain)[m][v], index q) {
      V b[v];
      UNROLL for (int j = 0; j < v; j++) b[j] = load(B + j * W);
      UNROLL for (int i = 0; i < m; i++) {
        UNROLL for (int j = 0; j < v; j++) chain[i][j] = multiply_add(A + i * a_row + q, b[j], chain[i][j]);
      }
      B += v * W;
    };
    for (index q = 0; q < kWords; q += 2) {
      step(even, q);
      step(odd, q + 1);
    }
    const auto add_to_c = [&](index count) {  // inlined twice, so that whole vectors need no test
      UNROLL for (int i = 0; i < m; i++) {
        UNROLL for (int j = 0; j < v; j++) {
          const index n = j < v - 1 ? W : count;
          store_n(C + i * c_row + j * W, load_n(start + i * start_row + j * W, n) + (even[i][j] + odd[i][j]), n);
        }
      }
    };
    if (tail == W) {
      add_to_c(W);
    } else {
      add_to_c(tail);
    }
    start = C;
    start_row = c_row;
  }
  if (!t.relu) return;
  for (index i = 0; i < m; i++) {
    for (index j = 0; j < v; j++) {
      float* const c = C + i * c_row + j * W;
      const index n = j < v - 1 ? W : tail;
      const V x = load_n(c, n);
      store_n(c, select(x <= 0, V(0), x), n);
    }
  }
}

/// Every size of tile: [vectors - 1][rows - 1].
struct Bf16Tiles {
  void (*function[kTileVectors][kPairRows])(const Bf16Tile&);

  template <int v, int m>
  constexpr void fill() {
    function[v - 1][m - 1] = bf16_tile<m, v>;
    if constexpr (m > 1) {
      fill<v, m - 1>();
    } else if constexpr (v > 1) {
      fill<v - 1, kPairRows>();
    }
  }
  constexpr Bf16Tiles() : function{} { fill<kTileVectors, kPairRows>(); }
};
constexpr Bf16Tiles kBf16Tiles;

constexpr index kBf16Width = kTileVectors * Vec<float>::kLanes;

// Packed A: its rows, rounded and filled with zeros to whole blocks. No power of two apart: different cache sets.
inline index bf16_row_step(index K) { return padded_depth(K) / kWordDepth + 16; }
inline index bf16_packed(index M, index K) { return round_up(M, kBf16PackRows) * bf16_row_step(K); }

inline void bf16_pack(const float* A, index a_row, index a_col, index K, index m0, index m1, float* packed) {
  const index step = bf16_row_step(K);
  for (index m = m0; m < m1; m += kBf16PackRows) {
    pack_words_of_a(A + m * a_row, a_row, a_col, least(kBf16PackRows, m1 - m), K, packed + m * step, step);
  }
}

inline index bf16_scratch(const Gemm<float>& g) {
  return Bf16Plan::most_elements(g, kBf16Width) / kWordDepth + kPairRows * kBf16Width;
}

inline Blocks bf16_blocks(const Gemm<float>& g, index wanted) { return bf16_cut(g, wanted, kPairRows, kBf16Width); }

void bf16_gemm(const Gemm<float>& g, const float* packed_a, const Blocks& blocks, index block, float* scratch) {
  static constexpr float kZeros[kBf16Width] = {};
  const index m0 = block / blocks.count_n * blocks.rows, n0 = block % blocks.count_n * blocks.columns;
  const index m1 = least(m0 + blocks.rows, g.M), n1 = least(n0 + blocks.columns, g.N);
  const Bf16Plan plan(g, kBf16Width);
  const index all = padded_depth(g.K), a_row = bf16_row_step(g.K);
  float* scratch_tile = scratch + plan.depth / kWordDepth * plan.columns;
  const bool to_scratch = g.finish && !g.keep;
  const ArithmeticMode before = arithmetic_mode();
  set_arithmetic_mode(kTileMode);
  if (bf16_gemv_fits(g) && m0 < m1 && n0 < n1) {
    bf16_gemv(g, packed_a, a_row, m0, m1, n0, n1);
    return set_arithmetic_mode(before);
  }
  for (index k0 = 0; k0 < all; k0 += plan.depth) {
    const index K = least(plan.depth, all - k0);
    const bool last = k0 + K == all, from_c = g.accumulate || k0 > 0, from_bias = !from_c && g.bias;
    Bf16Tile t;
    t.K = K;
    t.a_row = a_row;
    t.c_row = to_scratch ? kBf16Width : g.c_row;
    t.start_row = from_c ? g.c_row : 0;
    t.relu = g.relu && last;
    t.touched_row = g.finish && last && (g.touched[0] || g.touched[1] || g.touched[2]) ? g.c_row : 0;
    for (index n = n0; n < n1; n += plan.columns) {
      const index columns = least(plan.columns, n1 - n);
      for (index j = 0; j < columns; j += kBf16Width) {
        pack_words_of_b(g.B + k0 * g.b_row + (n + j) * g.b_col, g.b_row, g.b_col, most(least(K, g.K - k0), 0), K,
                        least(kBf16Width, columns - j), scratch + j * K / kWordDepth);
      }
      for (index m = m0; m < m1; m += kPairRows) {
        const index rows = least(kPairRows, m1 - m);
        t.A = packed_a + m * a_row + k0 / kWordDepth;
        for (index j = 0; j < columns; j += kBf16Width) {
          const index width = least(kBf16Width, columns - j), v = ceil_div(width, Vec<float>::kLanes);
          float* C = to_scratch ? scratch_tile : g.C + m * g.c_row + n + j;
          t.tail = width - (v - 1) * Vec<float>::kLanes;
          t.B = scratch + j * K / kWordDepth;
          t.C = C;
          for (int q = 0; q < 3; q++) t.touched[q] = g.touched[q] ? g.touched[q] + m * g.c_row + n + j : nullptr;
          t.start = from_c ? C : from_bias ? g.bias + n + j : kZeros;
          kBf16Tiles.function[v - 1][rows - 1](t);
          if (g.finish && last) g.finish(g.context, C, t.c_row, m, n + j, rows, width);
        }
      }
    }
  }
  set_arithmetic_mode(before);
}

constexpr Bf16Kernels kBf16Kernels = {kBf16Gain,    bf16_round,  bf16_packed, bf16_pack,
                                      bf16_scratch, bf16_blocks, bf16_gemm};

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
