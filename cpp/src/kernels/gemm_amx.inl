// Products of matrices rounded to bfloat16 on the tile registers of AMX: 16 rows x 16 columns x 32 k's an instruction.
//
// Both operands are packed as tiles of 1 KiB: those of A have their lines as rows, those of B their pairs.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr index kTileFloats = 256;   // of 1 KiB
constexpr index kPanel = 2 * kTile;  // rows and columns of C in one block of four accumulators

index amx_packed(index M, index K) { return round_up(M, kTile) * padded_depth(K) / 2; }

template <bool kAlong>
void pack_lines_of_a(const float* A, index a_row, index a_col, index K, index m0, index m1, float* packed) {
  const index tiles = padded_depth(K) / kPairDepth;
  for (index m = m0; m < m1; m += kTile) {
    for (index t = 0; t < tiles; t++) {
      const index k = t * kPairDepth;
      pack_tile<Neighbours, kAlong, false>(A + m * a_row + k * a_col, kAlong ? a_row : a_col, least(kTile, m1 - m),
                                           least(kPairDepth, K - k), packed + (m / kTile * tiles + t) * kTileFloats,
                                           kTile);
    }
  }
}

void amx_pack(const float* A, index a_row, index a_col, index K, index m0, index m1, float* packed) {
  (a_col == 1 ? pack_lines_of_a<true> : pack_lines_of_a<false>)(A, a_row, a_col, K, m0, m1, packed);
}

/// Configures the tile registers of this thread: 16 rows of 64 bytes each. _tile_release() gives them back.
inline void take_tiles() {
  struct alignas(64) Configuration {
    std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
    std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  };
  const Configuration configuration;
  asm volatile("" ::"r"(&configuration) : "memory");  // GCC 12 thinks that only 8 bytes of it are read
  _tile_loadconfig(&configuration);
}

/// C (16 m, 16 n), rows c_row floats apart, = start + A B over `tiles` tiles of k's. Start: rows start_row apart (0:
/// one row for all), or null for zeros.
template <int m, int n>
inline void amx_block(index tiles, const float* A, index a_panel, const float* B, float* C, index c_row,
                      const float* start, index start_row) {
  const index c_bytes = c_row * 4, start_bytes = start_row * 4;
  asm volatile("" ::: "memory");  // what was packed is written before tiles are loaded
  if (start) {
    _tile_loadd(0, start, start_bytes);
    if constexpr (n == 2) _tile_loadd(1, start + kTile, start_bytes);
    if constexpr (m == 2) _tile_loadd(2, start + kTile * start_row, start_bytes);
    if constexpr (m == 2 && n == 2) _tile_loadd(3, start + kTile * start_row + kTile, start_bytes);
  } else {
    _tile_zero(0);
    if constexpr (n == 2) _tile_zero(1);
    if constexpr (m == 2) _tile_zero(2);
    if constexpr (m == 2 && n == 2) _tile_zero(3);
  }
  for (index t = 0; t < tiles; t++, A += kTileFloats, B += n * kTileFloats) {
    _tile_loadd(4, A, 64);
    _tile_loadd(6, B, 64);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (n == 2) {
      _tile_loadd(7, B + kTileFloats, 64);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (m == 2) {
      _tile_loadd(5, A + a_panel, 64);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (n == 2) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, C, c_bytes);
  if constexpr (n == 2) _tile_stored(1, C + kTile, c_bytes);
  if constexpr (m == 2) _tile_stored(2, C + kTile * c_row, c_bytes);
  if constexpr (m == 2 && n == 2) _tile_stored(3, C + kTile * c_row + kTile, c_bytes);
  asm volatile("" ::: "memory");
}

index amx_scratch(const Gemm<float>& g) { return Bf16Plan::most_elements(g, kPanel) / 2 + kPanel * kPanel; }

Blocks amx_blocks(const Gemm<float>& g, index wanted) { return bf16_cut(g, wanted, kPanel, kPanel); }

struct AmxProduct {
  const Gemm<float>& g;
  const float* packed_a;
  float *packed_b, *scratch_tile;
  index k0, K, all;  // of the k block; K and `all` are whole tiles

  bool last() const { return k0 + K == all; }

  /// Columns [n, n + columns) of the k block as panels of 32 columns: tile after tile of k's, two tiles beside.
  template <bool kAlong>
  void pack_columns(index n, index columns) const {
    const index stride = kAlong ? g.b_col : g.b_row;
    for (index k = 0; k < K; k += kPairDepth) {
      const index depth = least(kPairDepth, g.K - k0 - k);
      for (index j = 0; j < columns; j += kTile) {
        const index panel = j / kPanel * kPanel, beside = least(ceil_div(columns - panel, kTile), 2);
        float* to = packed_b + panel * K / 2 + (k / kPairDepth * beside + (j - panel) / kTile) * kTileFloats;
        pack_tile<Neighbours, kAlong, true>(g.B + (k0 + k) * g.b_row + (n + j) * g.b_col, stride,
                                            least(kTile, columns - j), depth, to, kTile);
      }
    }
  }

  /// Prefetches what `finish` is going to touch: rows [i, i + count) of the tile at (m, n).
  void prefetch(index m, index n, index i, index count) const {
    if (n >= g.N) return;
    for (const float* array : g.touched) {
      if (!array) continue;
      for (index row = m + i; row < least(m + i + count, g.M); row++) {
        const float* p = array + row * g.c_row + n;
        __builtin_prefetch(p, 1);
        __builtin_prefetch(p + kTile, 1);
      }
    }
  }

  /// The rest of a finished tile (rows, columns) at (m, n): relu, finish, the way to C.
  void complete(float* tile, index stride, index m, index n, index rows, index columns) const {
    const bool in_c = tile == g.C + m * g.c_row + n, relu = g.relu && last(), keep = !g.finish || g.keep;
    if (relu || (keep && !in_c)) {
      float* to = keep ? g.C + m * g.c_row + n : tile;
      const index to_row = keep ? g.c_row : stride;
      for (index i = 0; i < rows; i++) {
        for_vectors<float>(columns, [&](index j, index count) {
          const Vec<float> c = load_n(tile + i * stride + j, count);
          store_n(to + i * to_row + j, relu ? select(c <= 0, Vec<float>(0), c) : c, count);
        });
      }
      tile = to;
      stride = to_row;
    }
    if (!g.finish || !last()) return;
    if (!g.touched[0]) return g.finish(g.context, tile, stride, m, n, rows, columns);
    constexpr index kRowsAtOnce = 4;  // so that the next tile's rows come while this one's are worked on
    for (index i = 0; i < rows; i += kRowsAtOnce) {
      prefetch(m, n + kPanel, i, kRowsAtOnce);
      g.finish(g.context, tile + i * stride, stride, m + i, n, least(kRowsAtOnce, rows - i), columns);
    }
  }

  /// One block of C, (rows, columns) at (m, n), over the k block; B is its packed panel.
  void compute(index m, index n, index rows, index columns, const float* B) const {
    const bool from_c = g.accumulate || k0 > 0, from_bias = !from_c && g.bias;
    const bool two_m = rows > kTile, two_n = columns > kTile;
    const bool whole = rows % kTile == 0 && columns % kTile == 0, direct = whole && (!g.finish || g.keep);
    float* const C = g.C + m * g.c_row + n;
    const float* start = from_c ? C : from_bias ? g.bias + n : nullptr;
    index start_row = from_c ? g.c_row : 0;
    if (start && !whole) {  // tiles may not be read beyond the edge
      for (index i = 0; i < (from_c ? rows : 1); i++) {
        for_vectors<float>(columns, [&](index j, index count) {
          store_n(scratch_tile + i * kPanel + j, load_n(start + i * start_row + j, count), count);
        });
      }
      start = scratch_tile;
      if (from_c) start_row = kPanel;
    }
    float* const tile = direct ? C : scratch_tile;
    const index stride = direct ? g.c_row : kPanel;
    const index a_panel = all / kPairDepth * kTileFloats;
    const float* A = packed_a + m / kTile * a_panel + k0 / kPairDepth * kTileFloats;
    const auto block =
        two_m ? (two_n ? amx_block<2, 2> : amx_block<2, 1>) : (two_n ? amx_block<1, 2> : amx_block<1, 1>);
    block(K / kPairDepth, A, a_panel, B, tile, stride, start, start_row);
    complete(tile, stride, m, n, rows, columns);
  }
};

void amx_gemm(const Gemm<float>& g, const float* packed_a, const Blocks& blocks, index block, float* scratch) {
  const index m0 = block / blocks.count_n * blocks.rows, n0 = block % blocks.count_n * blocks.columns;
  const index m1 = least(m0 + blocks.rows, g.M), n1 = least(n0 + blocks.columns, g.N);
  const Bf16Plan plan(g, kPanel);
  AmxProduct p{g, packed_a, scratch, scratch + plan.depth * plan.columns / 2, 0, 0, padded_depth(g.K)};
  const ArithmeticMode before = arithmetic_mode();
  set_arithmetic_mode(kTileMode);
  take_tiles();
  for (; p.k0 < p.all; p.k0 += p.K) {
    p.K = least(plan.depth, p.all - p.k0);
    for (index n = n0; n < n1; n += plan.columns) {
      const index columns = least(plan.columns, n1 - n);
      if (g.b_col == 1) {
        p.pack_columns<false>(n, columns);
      } else {
        p.pack_columns<true>(n, columns);
      }
      for (index m = m0; m < m1; m += kPanel) {
        for (index j = 0; j < columns; j += kPanel) {
          p.compute(m, n + j, least(kPanel, m1 - m), least(kPanel, columns - j), scratch + j * p.K / 2);
        }
      }
    }
  }
  _tile_release();
  set_arithmetic_mode(before);
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
