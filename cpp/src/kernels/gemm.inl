// C (M, N) = A (M, K) B (K, N) + bias, in the order
//   k block > rows of A (packed if its strides ask for it) > group of columns of B (in L2) > panel of A > panels of B:
// a panel of A stays in L1 while the panels of B stream from L2. The classic order, B panel in L1, reaches 0.90-0.93
// of MKL on weight gradients where this one reaches 1.00-1.07.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr index kDepth = 512;           // k block: equal parts of at most this
constexpr index kRows = 1024;           // rows of A in one sweep: a usual batch is never split
constexpr index kGroupColumns = 256;    // columns of B held in L2
constexpr index kFar = index(1) << 18;  // elements from which C is not in the nearer caches: its tiles are prefetched

/// How one product is computed; a function of its sizes and strides only.
template <class T>
struct GemmPlan {
  static constexpr index W = Vec<T>::kLanes, NR = kTileVectors * W;
  index depth, rows, columns;
  bool pack_a, pack_b;
  index a_elements, b_elements;

  explicit GemmPlan(const Gemm<T>& g) {
    const bool whole_depth = g.finish && !g.keep;  // a tile that only lives in scratch is computed in one go
    depth = g.K;
    if (g.K > kDepth && !whole_depth) {  // divisions only where a product is large: they are a tenth of a small one
      const index unit = g.jump ? g.piece : 8, most_at_once = most(g.jump ? kDepth / unit * unit : kDepth, unit);
      const index parts = ceil_div(g.K, most_at_once);
      depth = least(round_up(ceil_div(g.K, parts), unit), g.K);
    }
    rows = least(kRows, g.M);
    // Whole panels of B: one that was packed before is cut from its first column on.
    columns = most((depth <= kDepth ? kGroupColumns : kGroupColumns * kDepth / depth) / NR * NR, NR);
    columns = least(columns, round_up(g.N, NR));

    constexpr index kPage = 4096 / sizeof(T), kConflict = 2048 / sizeof(T);
    pack_b = !g.packed && (g.b_col != 1 || (g.M > 2 * kTileRows && g.b_row >= kPage));
    pack_a = !g.jump && g.line == 0 && g.N > 4 * NR &&
             (g.a_col == 1 ? g.a_row % kConflict == 0 && g.K >= 256 : g.a_col >= kPage);
    a_elements = pack_a ? rows * (round_up(depth, 16) + 16) : 0;
    b_elements = pack_b ? depth * columns : 0;
  }
};

/// Never less than for the same product with a smaller K, although the plan's own needs may be: the last batch of an
/// epoch is smaller than those that the scratch was made for, and equal parts of 513 are shallower than the whole of
/// 512.
template <class T>
index gemm_scratch(const Gemm<T>& g) {
  const GemmPlan<T> plan(g);
  const index K = round_up(g.K, 8), at_once = most(kDepth, g.jump ? g.piece : 0);
  const index depth = g.finish && !g.keep ? K : least(K, at_once);
  const index a = plan.pack_a ? plan.rows * (round_up(depth, 16) + 16) : 0;
  const index group = most(kGroupColumns * at_once, plan.NR * K);
  const index b = plan.pack_b ? least(group, K * round_up(g.N, plan.NR)) : 0;
  return round_up(a, 16) + round_up(b, 16) + (g.finish && !g.keep ? kTileRows * kGroupColumns : 0);
}

template <class T>
Blocks gemm_blocks(const Gemm<T>& g, index wanted) {
  constexpr index NR = GemmPlan<T>::NR;
  if (wanted <= 1) return {g.M, g.N, 1, 1};
  const index tiles_m = ceil_div(g.M, kTileRows), tiles_n = ceil_div(g.N, NR);
  Blocks best = {g.M, g.N, 1, 1};
  index least_cost = g.M * g.N;
  // The largest block decides; of equal ones that with the fewest cuts across rows, since each packs B again.
  for (index cuts_m = 1; cuts_m <= least(wanted, tiles_m); cuts_m++) {
    const index cuts_n = most(least(wanted / cuts_m, tiles_n), 1);
    const index rows = ceil_div(g.M, cuts_m), columns = ceil_div(tiles_n, cuts_n) * NR;
    const index cost = rows * least(columns, g.N);
    if (cost >= least_cost) continue;
    least_cost = cost;
    best = {rows, columns, ceil_div(g.M, rows), ceil_div(g.N, columns)};
  }
  return best;
}

/// Rows [0, rows) of a sweep cut into panels whose sizes differ by at most one: 128 = 8 x 13 + 2 x 12, not 9 x 14 + 2.
struct Panels {
  index count, size, extra;
  explicit Panels(index rows) : count(ceil_div(rows, kTileRows)), size(rows), extra(0) {
    if (count == 1) return;
    size = index(std::uint32_t(rows) / std::uint32_t(count));  // at most kRows
    extra = rows - size * count;
  }
  index rows(index panel) const { return size + (panel < extra); }
  index begin(index panel) const { return panel * size + least(panel, extra); }
};

template <class T>
struct GemmBlock {
  static constexpr index W = Vec<T>::kLanes, NR = kTileVectors * W;
  const Gemm<T>& g;
  const GemmPlan<T> plan;
  T *packed_a, *packed_b;
  T* scratch_panel;  // a panel of C that is not kept

  GemmBlock(const Gemm<T>& g, T* scratch) : g(g), plan(g) {
    packed_a = scratch;
    packed_b = packed_a + round_up(plan.a_elements, 16);
    scratch_panel = packed_b + round_up(plan.b_elements, 16);
  }

  void run(index m0, index m1, index n0, index n1) const {
    index k0 = 0;
    do {
      const index K = least(plan.depth, g.K - k0);
      for (index m = m0; m < m1; m += plan.rows) {
        const index rows = least(plan.rows, m1 - m);
        if (plan.pack_a) pack_rows(m, rows, k0, K);
        for (index n = n0; n < n1; n += plan.columns) sweep(m, rows, n, least(plan.columns, n1 - n), k0, K);
      }
      k0 += K;
    } while (k0 < g.K);
  }

  static index row_step(index K) { return round_up(K, 16) + 16; }  // no power of two: rows on different cache sets

  void pack_rows(index m, index rows, index k0, index K) const {
    const T* A = g.A + m * g.a_row + k0 * g.a_col;
    if (g.a_col == 1) return copy_rows(A, g.a_row, packed_a, row_step(K), rows, K);
    const Panels panels(rows);
    for (index p = 0; p < panels.count; p++) {
      const index i = panels.begin(p), size = panels.rows(p);
      copy_rows(A + i, g.a_col, packed_a + i * K, size, K, size);
    }
  }

  /// All tiles of rows [m, m + rows) and columns [n, n + columns) for k0 .. k0 + K - 1.
  void sweep(index m, index rows, index n, index columns, index k0, index K) const {
    const T* B = g.B + k0 * g.b_row + n * g.b_col;
    if (plan.pack_b) pack_columns(B, g.b_row, g.b_col, K, columns, packed_b, K);

    const bool last = k0 + K == g.K, by_rows = g.a_col == 1;
    const bool far = !to_scratch() && g.M * g.c_row >= kFar;
    TileCall<T> t;
    t.K = K;
    t.relu = g.relu && last;
    t.c_row = to_scratch() ? columns : g.c_row;
    t.start_row = from_c(k0) ? g.c_row : 0;
    t.touched_row = (g.finish && last && g.touched[0]) || far ? g.c_row : 0;
    static constexpr index kInOnePiece = 0;
    t.jump = g.jump ? g.jump + k0 / g.piece : &kInOnePiece;
    t.piece = g.jump ? g.piece : K;
    for (index begin = 0; begin < rows;) {  // a panel lies in one line
      const index end = g.line ? least(begin + g.line - (m + begin) % g.line, rows) : rows;
      const Panels panels(end - begin);
      for (index p = 0; p < panels.count; p++) {
        const index i = begin + panels.begin(p), size = panels.rows(p);
        if (plan.pack_a) {
          t.A = packed_a + i * (by_rows ? row_step(K) : K);
          t.a_step = by_rows ? row_step(K) : size;
        } else {
          t.A = g.A + row_offset(m + i) + (g.jump ? 0 : k0 * g.a_col);
          t.a_step = by_rows ? g.a_row : g.a_col;
        }
        sweep_panel(t, m + i, size, n, columns, k0, B, far);
      }
      begin = end;
    }
  }

  /// The tiles of one panel of A, rows [m, m + size).
  [[gnu::always_inline]] inline void sweep_panel(TileCall<T>& t, index m, index size, index n, index columns, index k0,
                                                 const T* B, bool far) const {
    static constexpr T kZeros[NR] = {};
    const bool last = k0 + t.K == g.K, touches = g.finish && last && g.touched[0];
    const bool in_scratch = to_scratch(), goes_on = from_c(k0);
    const T* const bias = k0 == 0 ? g.bias : nullptr;
    for (index j = 0; j < columns; j += NR) {
      const index width = least(NR, columns - j), v = ceil_div(width, W);
      t.tail = width - (v - 1) * W;
      t.whole = t.K;
      if (plan.pack_b) {
        t.B = packed_b + j * t.K;
        t.b_row = v * W;
      } else if (g.packed) {
        t.B = g.B + (n + j) * g.packed + k0 * v * W;
        t.b_row = v * W;
      } else {
        t.B = B + j;
        t.b_row = g.b_row;
        // Whole vectors run past the end of a row into the next ones, but must not run past the last row.
        if (t.tail < W) t.whole = rows_before_end(v * W, n + j, k0, t.K);
      }
      const index offset = m * g.c_row + n + j;
      for (int q = 0; q < 3; q++) t.touched[q] = touches && g.touched[q] ? g.touched[q] + offset : nullptr;
      T* C = g.C + offset;
      t.touched[3] = !far ? nullptr : j + NR < columns ? C + NR : g.C + (m + size) * g.c_row + n;
      t.C = in_scratch ? scratch_panel + j : C;
      t.start = goes_on ? C : bias ? bias + n + j : kZeros;
      kTiles<T>.function[g.a_col == 1][v - 1][size - 1](t);
      if (g.finish && last && !in_scratch) g.finish(g.context, t.C, t.c_row, m, n + j, size, width);
    }
    // Whole rows of the panel: an optimizer goes along them at the speed of the second-level cache, where tile by tile
    // the parts of its arrays push one another out of the nearest one.
    if (in_scratch) g.finish(g.context, scratch_panel, columns, m, n, size, columns);
  }

  bool to_scratch() const { return g.finish && !g.keep; }
  bool from_c(index k0) const { return g.accumulate || k0 > 0; }
  index row_offset(index m) const { return g.line ? m / g.line * g.line_step + m % g.line * g.a_row : m * g.a_row; }

  /// How many of the rows k0 .. k0 + K - 1 of B have `width` readable elements from column n on, where a row ends
  /// before.
  index rows_before_end(index width, index n, index k0, index K) const {
    const index beyond = n + width - g.N;
    const index unreadable = beyond <= g.b_row ? 1 : ceil_div(beyond, g.b_row);  // of all rows of B, the last ones
    return most(least(g.K - unreadable - k0, K), 0);
  }
};

template <class T>
void gemm(const Gemm<T>& g, const Blocks& blocks, index block, T* scratch) {
  const index line = block == 0 ? 0 : block / blocks.count_n, column = block - line * blocks.count_n;
  const index m = line * blocks.rows, n = column * blocks.columns;
  const index m1 = least(m + blocks.rows, g.M), n1 = least(n + blocks.columns, g.N);
  if (m >= m1 || n >= n1) return;
  if (g.K == 1 && m1 - m >= kOuterRows && g.b_col == 1 && !g.jump && !g.packed && g.line == 0)
    return outer_product(g, m, m1, n, n1, scratch, kTileRows * kGroupColumns);
  if (!g.finish && !g.jump && !g.packed) {
    if (g.M <= kGemvRows) return gemv_of_rows(g, m, m1, n, n1);
    // Fewer rows than lanes are no better off in lanes, where they have to be turned first.
    const bool wins = g.N <= kGemvRows && (g.a_row == 1 || m1 - m >= Vec<T>::kLanes);
    if (wins && !g.accumulate && g.line == 0) return gemv_of_columns(g, m, m1, n, n1);
  }
  GemmBlock<T>(g, scratch).run(m, m1, n, n1);
}

template <class T>
void gemm_pack(const T* B, index b_row, index b_col, index K, index N, T* packed, index rows, index first) {
  pack_columns(B, b_row, b_col, K, N, packed, rows, first);
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
