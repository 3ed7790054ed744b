// Products of 1 to 4 rows rounded to bfloat16: as in gemv.inl, B is read once, front to back, and becomes words in
// registers, where packing it first takes twice as long.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

/// 32 rows of B. kFar: prefetched, since they are too long for the nearer caches: 0.6 to 0.8 of the time.
template <bool kFar>
struct WholeBand {
  const float* B;
  index b_row;

  const float* row(index k, index j) const {
    const float* p = B + k * b_row + j;
    if constexpr (kFar) __builtin_prefetch(p + kGemvAhead / sizeof(float), 0, 2);
    return p;
  }
};

/// The last rows of B, and zeros.
struct LastBand {
  const float* B;
  index b_row, rows;

  const float* row(index k, index j) const {
    static constexpr float kZeros[Vec<float>::kLanes] = {};
    return k < rows ? B + k * b_row + j : kZeros;
  }
};

struct Bf16GemvPass {
  const float* A;  // words of the band, rows a_row apart
  index a_row;
  float* C;
  index c_row;
  const float* start;  // null: zeros
  index start_row;
  bool relu;
};

/// C (m, v vectors of which the last has `tail` columns) from column j on = start + A times the band.
template <int m, int v, class Band>
inline void bf16_gemv_columns(const Bf16GemvPass& p, const Band& band, index j, index tail) {
  using V = Vec<float>;
  constexpr index W = V::kLanes, kWords = kPairDepth / kWordDepth;
  V even[m][v], odd[m][v];
  UNROLL for (int i = 0; i < m; i++) { UNROLL for (int q = 0; q < v; q++) even[i][q] = odd[i][q] = V(0); }
  const auto step = [&](V(&chain)[m][v], index word) {
    UNROLL for (int q = 0; q < v; q++) {
      const V b = word_of_rows(band, word, j + q * W, q < v - 1 ? W : tail);
      UNROLL for (int i = 0; i < m; i++) chain[i][q] = multiply_add(p.A + i * p.a_row + word, b, chain[i][q]);
    }
  };
  for (index word = 0; word < kWords; word += 2) {
    step(even, word);
    step(odd, word + 1);
  }
  UNROLL for (int i = 0; i < m; i++) {
    UNROLL for (int q = 0; q < v; q++) {
      const index n = q < v - 1 ? W : tail, at = j + q * W;
      const V c = (p.start ? load_n(p.start + i * p.start_row + at, n) : V(0)) + (even[i][q] + odd[i][q]);
      store_n(p.C + i * p.c_row + at, p.relu ? select(c <= 0, V(0), c) : c, n);
    }
  }
}

template <int m, class Band>
[[gnu::flatten]] void bf16_gemv_band(const Bf16GemvPass& p, const Band& band, index n0, index n1) {
  constexpr index W = Vec<float>::kLanes;
  constexpr int kFit = kTileRows * kTileVectors / (2 * m), v = kFit < 1 ? 1 : kFit < 4 ? kFit : 4;
  index j = n0;
  for (; j + v * W <= n1; j += v * W) bf16_gemv_columns<m, v>(p, band, j, W);
  for (; j < n1; j += W) bf16_gemv_columns<m, 1>(p, band, j, least(W, n1 - j));
}

/// Columns n0 .. n1 - 1 of m rows.
template <int m>
void bf16_gemv(const Gemm<float>& g, const float* A, index a_row, float* C, index n0, index n1) {
  constexpr index kNear = 512;  // columns
  Bf16GemvPass p = {A, a_row, C, g.c_row, g.accumulate ? C : g.bias, g.accumulate ? g.c_row : 0, false};
  const float* B = g.B;
  index k = g.K;
  for (; k > kPairDepth; k -= kPairDepth, B += kPairDepth * g.b_row) {
    if (n1 - n0 > kNear) {
      bf16_gemv_band<m>(p, WholeBand<true>{B, g.b_row}, n0, n1);
    } else {
      bf16_gemv_band<m>(p, WholeBand<false>{B, g.b_row}, n0, n1);
    }
    p.A += kPairDepth / kWordDepth;
    p.start = C;
    p.start_row = g.c_row;
  }
  p.relu = g.relu;
  if (k == kPairDepth) {
    bf16_gemv_band<m>(p, WholeBand<false>{B, g.b_row}, n0, n1);
  } else {
    bf16_gemv_band<m>(p, LastBand{B, g.b_row, k}, n0, n1);
  }
}

inline bool bf16_gemv_fits(const Gemm<float>& g) { return g.M <= kGemvRows && g.b_col == 1 && !g.finish; }

inline void bf16_gemv(const Gemm<float>& g, const float* packed_a, index a_row, index m0, index m1, index n0,
                      index n1) {
  static constexpr void (*kRows[kGemvRows])(const Gemm<float>&, const float*, index, float*, index, index) = {
      bf16_gemv<1>, bf16_gemv<2>, bf16_gemv<3>, bf16_gemv<4>};
  kRows[m1 - m0 - 1](g, packed_a + m0 * a_row, a_row, g.C + m0 * g.c_row, n0, n1);
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
