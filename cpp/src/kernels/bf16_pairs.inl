// Pairs of k's as bfloat16, side by side in 32 bits, and tiles of them: 16 lines (rows of A, columns of B) of 16 pairs.
//
// Since a pair is as wide as a float, a tile that has its lines as rows is the transpose of one that has its pairs as
// rows. Which k's make a pair is up to the instruction that multiplies them: see the orders.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

typedef std::int32_t Pairs __attribute__((vector_size(64)));  // 16 pairs of bfloat16
typedef std::int16_t Halves __attribute__((vector_size(64)));

constexpr index kTile = 16;  // lines of a tile, and its pairs

/// 32 floats as bfloat16. The instruction rounds to nearest and takes denormals as zero, whatever the mode.
inline Pairs halves(Vec<float> low, Vec<float> high) { return (Pairs)_mm512_cvtne2ps_pbh(high.raw, low.raw); }

/// The first 16 numbers in the low halves, the last 16 in the high ones.
inline Pairs interleaved(Pairs rows) {
  const Halves x = (Halves)rows;
  return (Pairs)__builtin_shufflevector(x, x, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10,
                                        26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/// r[i][j] and r[j][i] change places.
inline void transpose(Pairs (&r)[16]) {
  Pairs a[16];
  UNROLL for (int i = 0; i < 16; i += 2) {
    a[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
    a[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
  }
  UNROLL for (int i = 0; i < 16; i++) {
    if (i & 2) continue;
    r[i] = __builtin_shufflevector(a[i], a[i + 2], 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
    r[i + 2] = __builtin_shufflevector(a[i], a[i + 2], 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  }
  UNROLL for (int i = 0; i < 16; i++) {
    if (i & 4) continue;
    a[i] = __builtin_shufflevector(r[i], r[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
    a[i + 4] = __builtin_shufflevector(r[i], r[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
  }
  UNROLL for (int i = 0; i < 8; i++) {
    r[i] = __builtin_shufflevector(a[i], a[i + 8], 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
    r[i + 8] = __builtin_shufflevector(a[i], a[i + 8], 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  }
}

/// The order of an AMX tile: k's 2 i and 2 i + 1.
struct Neighbours {
  static constexpr index low(index pair) { return 2 * pair; }
  static constexpr index high(index pair) { return 2 * pair + 1; }
  static Pairs along(Pairs line) { return line; }  // 32 numbers in the order of k, as pairs
};

/// Pairs of even k's take turns with pairs of odd ones, the later k first: 2 and 0, 3 and 1, 6 and 4, 7 and 5, ...
struct EvenAndOdd {
  static constexpr index low(index pair) { return 4 * (pair / 2) + pair % 2 + 2; }
  static constexpr index high(index pair) { return low(pair) - 2; }
  static Pairs along(Pairs line) {
    const Halves x = (Halves)line;
    return (Pairs)__builtin_shufflevector(x, x, 2, 0, 3, 1, 6, 4, 7, 5, 10, 8, 11, 9, 14, 12, 15, 13, 18, 16, 19, 17,
                                          22, 20, 23, 21, 26, 24, 27, 25, 30, 28, 31, 29);
  }
};

/// One whole tile, its rows `to_row` apart. kAlong: 16 lines of 32 contiguous k's; otherwise 32 k's of 16 contiguous
/// lines; `stride` apart.
template <class Order, bool kAlong, bool kPairsFirst>
inline void pack_whole_tile(const float* from, index stride, float* to, index to_row) {
  Pairs r[kTile];
  UNROLL for (index i = 0; i < kTile; i++) {
    if constexpr (kAlong) {
      r[i] = Order::along(halves(load(from + i * stride), load(from + i * stride + 16)));
    } else {
      r[i] = interleaved(halves(load(from + Order::low(i) * stride), load(from + Order::high(i) * stride)));
    }
  }
  if constexpr (kAlong == kPairsFirst) transpose(r);
  UNROLL for (index i = 0; i < kTile; i++) store(to + i * to_row, Vec<float>((Vec<float>::Raw)r[i]));
}

/// The same for `lines` lines and `depth` k's, where nothing beyond may be read and zeros fill the tile.
template <class Order, bool kAlong, bool kPairsFirst>
void pack_tile(const float* from, index stride, index lines, index depth, float* to, index to_row) {
  if (lines == kTile && depth == kPairDepth) {
    return pack_whole_tile<Order, kAlong, kPairsFirst>(from, stride, to, to_row);
  }
  alignas(64) float whole[kTile * kPairDepth] = {};
  constexpr index kWhole = kAlong ? kPairDepth : kTile;
  if (lines > 0 && depth > 0) {
    copy_rows(from, stride, whole, kWhole, kAlong ? lines : depth, kAlong ? depth : lines);
  }
  pack_whole_tile<Order, kAlong, kPairsFirst>(whole, kWhole, to, to_row);
}

void bf16_round(const float* x, float* y, index n) {
  for_vectors<float>(n, [=](index i, index count) {
    const Pairs upper = interleaved(halves(Vec<float>(0), load_n(x + i, count)));
    store_n(y + i, Vec<float>((Vec<float>::Raw)upper), count);
  });
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
