// Words of two k's for AVX512-BF16: `vdpbf16ps` adds the second of a pair first, then the first, with both roundings
// and denormals as zero. So pairs of even k's and pairs of odd ones, the later k first, are the two chains of the
// definition.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr index kWordDepth = 2;  // k's of a word
constexpr double kBf16Gain = 2;

/// chain + a b, for a word of A and a vector of words of B.
inline Vec<float> multiply_add(const float* a, Vec<float> b, Vec<float> chain) {
  return _mm512_dpbf16_ps(chain.raw, (__m512bh)_mm512_set1_ps(*a), (__m512bh)b.raw);
}

/// Words of K contiguous numbers, and zeros to whole blocks.
inline void pack_line(const float* from, index K, float* to) {
  constexpr index W = Vec<float>::kLanes;
  for (index k = 0; k < padded_depth(K); k += kPairDepth, from += kPairDepth, to += W) {
    const Vec<float> low = k < K ? load_n(from, least(W, K - k)) : Vec<float>(0);
    const Vec<float> high = k + W < K ? load_n(from + W, least(W, K - k - W)) : Vec<float>(0);
    store(to, Vec<float>((Vec<float>::Raw)EvenAndOdd::along(halves(low, high))));
  }
}

/// Words of `rows` <= 16 rows of A, `to_row` apart; 16 rows may be written.
inline void pack_words_of_a(const float* A, index a_row, index a_col, index rows, index K, float* to, index to_row) {
  if (a_col == 1) {
    for (index i = 0; i < rows; i++) pack_line(A + i * a_row, K, to + i * to_row);
    return;
  }
  for (index k = 0; k < padded_depth(K); k += kPairDepth) {
    pack_tile<EvenAndOdd, false, false>(A + k * a_col, a_col, rows, least(kPairDepth, K - k), to + k / kWordDepth,
                                        to_row);
  }
}

/// Word `word` of `count` columns of a band of B from column j on.
template <class Band>
inline Vec<float> word_of_rows(const Band& band, index word, index j, index count) {
  const Vec<float> low = load_n(band.row(EvenAndOdd::low(word), j), count);
  const Vec<float> high = load_n(band.row(EvenAndOdd::high(word), j), count);
  return (Vec<float>::Raw)interleaved(halves(low, high));
}

/// Words of a panel of B, (K / 2, columns rounded up to whole vectors): `real` rows and zeros.
inline void pack_words_of_b(const float* B, index b_row, index b_col, index real, index K, index columns, float* to) {
  const auto pack = b_col == 1 ? pack_tile<EvenAndOdd, false, true> : pack_tile<EvenAndOdd, true, true>;
  const index w = round_up(columns, kTile), stride = b_col == 1 ? b_row : b_col;
  for (index k = 0; k < K; k += kPairDepth) {
    for (index j = 0; j < columns; j += kTile) {
      pack(B + k * b_row + j * b_col, stride, least(kTile, columns - j), least(kPairDepth, real - k),
           to + k / kWordDepth * w + j, w);
    }
  }
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
