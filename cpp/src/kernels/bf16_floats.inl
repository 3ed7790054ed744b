// Words of one k: a number rounded to bfloat16 and kept as a float, which wastes memory but no instruction. What a
// processor without products of bfloat16 multiplies.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr index kWordDepth = 1;  // k's of a word
constexpr double kBf16Gain = 1;

/// Rounded to bfloat16, ties to even; denormals to zero, NaN stays NaN.
inline Vec<float> rounded_to_bf16(Vec<float> x) {
  using V = Vec<float>;
  const V::Unsigned bits = x.bits();
  const V rounded = V::from_bits((bits + 0x7fffu + ((bits >> 16) & 1u)) & 0xffff0000u);
  const V nan = V::from_bits((bits | 0x00400000u) & 0xffff0000u);
  return select(x == x, select(abs(x) < 0x1p-126, copysign(V(0), x), rounded), nan);
}

inline void bf16_round(const float* x, float* y, index n) {
  for_vectors<float>(n, [=](index i, index count) { store_n(y + i, rounded_to_bf16(load_n(x + i, count)), count); });
}

/// chain + a b, for a word of A and a vector of words of B.
inline Vec<float> multiply_add(const float* a, Vec<float> b, Vec<float> chain) { return fma(Vec<float>(*a), b, chain); }

/// Words of `rows` <= 16 rows of A, `to_row` apart: K and zeros to whole blocks.
inline void pack_words_of_a(const float* A, index a_row, index a_col, index rows, index K, float* to, index to_row) {
  constexpr index W = Vec<float>::kLanes;
  if (a_row == 1 && a_col != 1) {
    for (index k = 0; k < K; k += W) pack_transposed(A + k * a_col, a_col, to + k, to_row, rows, least(W, K - k));
  } else {
    copy_rows(A, a_row, to, to_row, rows, K);
  }
  for (index i = 0; i < rows; i++, to += to_row) {
    bf16_round(to, to, K);
    fill(to + K, 0.0f, padded_depth(K) - K);
  }
}

/// Word `word` of `count` columns of a band of B from column j on.
template <class Band>
inline Vec<float> word_of_rows(const Band& band, index word, index j, index count) {
  return rounded_to_bf16(load_n(band.row(word, j), count));
}

/// Words of a panel of B, (K, columns rounded up to whole vectors): `real` rows and zeros.
inline void pack_words_of_b(const float* B, index b_row, index b_col, index real, index K, index columns, float* to) {
  const index w = round_up(columns, Vec<float>::kLanes);
  pack_columns(B, b_row, b_col, real, columns, to, real);
  bf16_round(to, to, real * w);
  fill(to + real * w, 0.0f, (K - real) * w);
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
