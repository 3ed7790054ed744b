// Products of 1 to 4 rows: each element of B is used so little that its journey from memory is the cost. Here B is
// read once, front to back, a few whole rows at a time, where tiles would go down its columns: 4.4 ms instead of 8 for
// (1, 4096, 4096). Each element of C is the same chain of fma as in a tile.
//
// Products of 1 to 4 columns are the same turned over, C^T = B^T A^T: with the rows of C in lanes, which tiles would
// leave empty.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr index kGemvRows = 4;
constexpr index kGemvDepth = 8;    // rows of B in one pass over C
constexpr index kGemvAhead = 512;  // bytes

template <class T>
struct GemvPass {
  const T* A;  // A(i, k) at i * a_row + k * a_col
  index a_row, a_col;
  const T* B;  // (depth, N), rows b_row apart
  index b_row, depth;
  T* C;  // C(i, j) at i * c_row + j * c_col
  index c_row, c_col;
  const T* start;  // start(i, j) at i * start_row + j * start_col; start_col is 0 or 1
  index start_row, start_col;
  bool relu;
};

/// c (m, v vectors of which the last has `tail` columns) = what the chains of columns j and on start from.
template <class T, int m, int v>
inline void gemv_start(const GemvPass<T>& p, index j, index tail, Vec<T> (&c)[m][v]) {
  constexpr index W = Vec<T>::kLanes;
  UNROLL for (int i = 0; i < m; i++) {
    const T* const row = p.start + i * p.start_row;
    UNROLL for (int q = 0; q < v; q++) {
      c[i][q] = p.start_col ? load_n(row + j + q * W, q < v - 1 ? W : tail) : Vec<T>(*row);
    }
  }
}

/// C = c in the same columns.
template <class T, int m, int v>
inline void gemv_finish(const GemvPass<T>& p, index j, index tail, Vec<T> (&c)[m][v]) {
  constexpr index W = Vec<T>::kLanes;
  if (p.relu) {
    UNROLL for (int i = 0; i < m; i++) {
      UNROLL for (int q = 0; q < v; q++) c[i][q] = select(c[i][q] <= 0, Vec<T>(0), c[i][q]);
    }
  }
  if (p.c_col == 1) {
    UNROLL for (int i = 0; i < m; i++) {
      UNROLL for (int q = 0; q < v; q++) store_n(p.C + i * p.c_row + j + q * W, c[i][q], q < v - 1 ? W : tail);
    }
    return;
  }
  alignas(64) T lines[m][v * W];
  UNROLL for (int i = 0; i < m; i++) { UNROLL for (int q = 0; q < v; q++) store(lines[i] + q * W, c[i][q]); }
  T* C = p.C + j * p.c_col;
  for (index n = 0; n < (v - 1) * W + tail; n++, C += p.c_col) {
    UNROLL for (int i = 0; i < m; i++) C[i * p.c_row] = lines[i][n];
  }
}

/// C (m, v vectors of which the last has `tail` columns) from column j on. Of rows longer than the nearest cache holds,
/// what comes next is fetched.
template <class T, int m, int v, bool kLong>
inline void gemv_columns(const GemvPass<T>& p, index j, index tail) {
  constexpr index W = Vec<T>::kLanes;
  auto read = [=](const T* x, int q) { return q < v - 1 ? load(x + q * W) : load_n(x + q * W, tail); };
  Vec<T> c[m][v];
  gemv_start(p, j, tail, c);
  const T *A = p.A, *B = p.B + j;
  for (index k = 0; k < p.depth; k++, A += p.a_col, B += p.b_row) {
    Vec<T> b[v];
    UNROLL for (int q = 0; q < v; q++) {
      b[q] = read(B, q);
      if (kLong) __builtin_prefetch(B + q * W + 2 * kGemvAhead / sizeof(T));
    }
    UNROLL for (int i = 0; i < m; i++) {
      const Vec<T> a = A[i * p.a_row];
      UNROLL for (int q = 0; q < v; q++) c[i][q] = fma(a, b[q], c[i][q]);
    }
  }
  gemv_finish(p, j, tail, c);
}

template <class T, int m, bool kLong>
[[gnu::flatten]] void gemv_pass(const GemvPass<T>& p, index N) {
  constexpr int v = m <= 2 || kTileRows * kTileVectors > 12 ? 4 : 2;  // what the registers hold
  constexpr index W = Vec<T>::kLanes;
  index j = 0;
  for (; j + v * W <= N; j += v * W) gemv_columns<T, m, v, kLong>(p, j, W);
  for (; j < N; j += W) gemv_columns<T, m, 1, kLong>(p, j, least(W, N - j));
}

/// C (m, v vectors of which the last has `tail` columns) from column j on, for a transposed B, b_row = 1.
template <class T, int m, int v>
inline void gemv_transposed_columns(const GemvPass<T>& p, index b_col, index j, index tail) {
  constexpr index W = Vec<T>::kLanes, P = kPiece<T>;
  const auto width = [=](int q) { return q < v - 1 ? W : tail; };
  const auto multiply = [&](Vec<T>(&c)[m][v], int q, Vec<T> b, index k) {
    UNROLL for (int i = 0; i < m; i++) c[i][q] = fma(Vec<T>(p.A[i * p.a_row + k * p.a_col]), b, c[i][q]);
  };
  Vec<T> c[m][v];
  gemv_start(p, j, tail, c);
  const T* const B = p.B + j * b_col;
  const auto multiply_block = [&](const T* block, index row, int q, index k) {
    for (index n = 0; n < kStrip; n += P) {
      Vec<T> column[P];
      transpose_piece(block + n, row, column);
      UNROLL for (index i = 0; i < P; i++) multiply(c, q, column[i], k + n + i);
    }
  };
  index k = 0;
  // Strides of whole pages put all lines of a strip into a few sets of the nearest cache: pieces of lines are fetched
  // two ahead and copied to where they do not. 1.2 times as fast from the third-level cache.
  constexpr index kPart = 256 / sizeof(T), kPartRow = kPart + kStrip;
  if (b_col >= index(4096 / sizeof(T)) && tail == W) {
    alignas(64) T part[v * W * kPartRow];
    for (; k + kPart <= p.depth; k += kPart) {
      copy_rows(B + k, b_col, part, kPartRow, v * W, kPart);
      for (index n = 0; n < kPart; n += kStrip) {
        UNROLL for (int q = 0; q < v; q++) {
          const T* const next = B + q * W * b_col + k + n + 2 * kPart;
          for (index i = 0; i < W; i++) __builtin_prefetch(next + i * b_col, 0, 2);
          multiply_block(part + q * W * kPartRow + n, kPartRow, q, k + n);
        }
      }
    }
  }
  for (; k < p.depth; k += kStrip) {
    const index depth = least(kStrip, p.depth - k);
    UNROLL for (int q = 0; q < v; q++) {
      const T* const block = B + q * W * b_col + k;
      if (depth == kStrip && width(q) == W) {
        multiply_block(block, b_col, q, k);
      } else {
        alignas(64) T strip[kStrip * W];
        pack_transposed(block, b_col, strip, W, depth, width(q));
        for (index i = 0; i < depth; i++) multiply(c, q, load(strip + i * W), k + i);
      }
    }
  }
  gemv_finish(p, j, tail, c);
}

/// The same for a transposed B: pieces of it are turned in registers and used at once, never stored as a panel.
template <class T, int m>
[[gnu::flatten]] void gemv_transposed(const GemvPass<T>& p, index b_col, index N) {
  constexpr int v = m <= 2 ? 2 : 1;  // one chain alone would wait for each of its sums
  constexpr index W = Vec<T>::kLanes;
  index j = 0;
  for (; j + v * W <= N; j += v * W) gemv_transposed_columns<T, m, v>(p, b_col, j, W);
  for (; j < N; j += W) gemv_transposed_columns<T, m, 1>(p, b_col, j, least(W, N - j));
}

/// C(i, j) for all j < N of 1 to kGemvRows rows; p.start is p.C, or what the chains of all K rows of B start from.
template <class T>
void gemv(GemvPass<T>& p, index rows, index K, index b_col, index N) {
  static constexpr void (*kPass[2][kGemvRows])(const GemvPass<T>&, index) = {
      {gemv_pass<T, 1, false>, gemv_pass<T, 2, false>, gemv_pass<T, 3, false>, gemv_pass<T, 4, false>},
      {gemv_pass<T, 1, true>, gemv_pass<T, 2, true>, gemv_pass<T, 3, true>, gemv_pass<T, 4, true>}};
  static constexpr void (*kTransposed[kGemvRows])(const GemvPass<T>&, index, index) = {
      gemv_transposed<T, 1>, gemv_transposed<T, 2>, gemv_transposed<T, 3>, gemv_transposed<T, 4>};
  constexpr index kNarrow = 2048 / sizeof(T);  // columns so few that one pass may go down all rows of B
  if (b_col != 1) {
    p.depth = K;
    return kTransposed[rows - 1](p, b_col, N);
  }
  // A C that is turned over is written only once.
  const bool in_parts = N > kNarrow && p.c_col == 1;
  const index depth = in_parts ? kGemvDepth : most(K, 1);
  const bool relu = p.relu;
  index k = 0;
  do {
    p.depth = least(depth, K - k);
    p.relu = relu && k + p.depth == K;
    kPass[in_parts][rows - 1](p, N);
    p.A += p.depth * p.a_col;
    p.B += p.depth * p.b_row;
    p.start = p.C;
    p.start_row = p.c_row;
    p.start_col = 1;
    k += p.depth;
  } while (k < K);
}

/// Columns n0 .. n1 - 1 of rows m0 .. m1 - 1, at most kGemvRows of them.
template <class T>
void gemv_of_rows(const Gemm<T>& g, index m0, index m1, index n0, index n1) {
  static constexpr T kZero = 0;
  GemvPass<T> p;
  p.A = g.A + m0 * g.a_row;
  p.a_row = g.a_row, p.a_col = g.a_col;
  p.B = g.B + n0 * g.b_col;
  p.b_row = g.b_row;
  p.C = g.C + m0 * g.c_row + n0;
  p.c_row = g.c_row, p.c_col = 1;
  p.start = g.accumulate ? p.C : g.bias ? g.bias + n0 : &kZero;
  p.start_row = g.accumulate ? g.c_row : 0;
  p.start_col = g.accumulate || g.bias;
  p.relu = g.relu;
  gemv(p, m1 - m0, g.K, g.b_col, n1 - n0);
}

/// The same for at most kGemvRows columns, without accumulation.
template <class T>
void gemv_of_columns(const Gemm<T>& g, index m0, index m1, index n0, index n1) {
  static constexpr T kZero = 0;
  GemvPass<T> p;
  p.A = g.B + n0 * g.b_col;
  p.a_row = g.b_col, p.a_col = g.b_row;
  p.B = g.A + m0 * g.a_row;
  p.b_row = g.a_col;
  p.C = g.C + m0 * g.c_row + n0;
  p.c_row = 1, p.c_col = g.c_row;
  p.start = g.bias ? g.bias + n0 : &kZero;
  p.start_row = g.bias ? 1 : 0;
  p.start_col = 0;
  p.relu = g.relu;
  gemv(p, n1 - n0, g.K, g.a_row, m1 - m0);
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
