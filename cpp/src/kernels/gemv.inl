// Products of 1 to 4 rows: each element of B is used so little that its journey from memory is the cost. Here B is
// read once, front to back, a few whole rows at a time, where tiles would go down its columns: 4.4 ms instead of 8 for
// (1, 4096, 4096). Each element of C is the same chain of fma as in a tile.
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
  T* C;  // (m, N), rows c_row apart
  index c_row;
  const T* start;  // (m, N) or (N)
  index start_row;
  bool relu;
};

/// C (m, v vectors of which the last has `tail` columns) from column j on.
template <class T, int m, int v>
inline void gemv_columns(const GemvPass<T>& p, index j, index tail) {
  constexpr index W = Vec<T>::kLanes;
  auto read = [=](const T* x, int q) { return q < v - 1 ? load(x + q * W) : load_n(x + q * W, tail); };
  Vec<T> c[m][v];
  UNROLL for (int i = 0; i < m; i++) {
    UNROLL for (int q = 0; q < v; q++) c[i][q] = read(p.start + i * p.start_row + j, q);
  }
  const T *A = p.A, *B = p.B + j;
  for (index k = 0; k < p.depth; k++, A += p.a_col, B += p.b_row) {
    Vec<T> b[v];
    UNROLL for (int q = 0; q < v; q++) b[q] = read(B, q);
    UNROLL for (int i = 0; i < m; i++) {
      const Vec<T> a = A[i * p.a_row];
      UNROLL for (int q = 0; q < v; q++) c[i][q] = fma(a, b[q], c[i][q]);
    }
  }
  UNROLL for (int i = 0; i < m; i++) {
    T* row = p.C + i * p.c_row + j;
    UNROLL for (int q = 0; q < v; q++) {
      const Vec<T> y = p.relu ? select(c[i][q] <= 0, Vec<T>(0), c[i][q]) : c[i][q];
      if (q < v - 1) {
        store(row + q * W, y);
      } else {
        store_n(row + q * W, y, tail);
      }
    }
  }
}

template <class T, int m>
[[gnu::flatten]] void gemv_pass(const GemvPass<T>& p, index N) {
  constexpr int v = m <= 2 || kTileRows * kTileVectors > 12 ? 4 : 2;  // what the registers hold
  constexpr index W = Vec<T>::kLanes;
  index j = 0;
  for (; j + v * W <= N; j += v * W) gemv_columns<T, m, v>(p, j, W);
  for (; j < N; j += W) gemv_columns<T, m, 1>(p, j, least(W, N - j));
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
  UNROLL for (int i = 0; i < m; i++) {
    UNROLL for (int q = 0; q < v; q++) c[i][q] = load_n(p.start + i * p.start_row + j + q * W, width(q));
  }
  const T* const B = p.B + j * b_col;
  alignas(64) T strip[kStrip * W];
  // Strides of whole pages put all lines of a strip into a few sets of the cache: each is read at once, to a copy.
  const bool far = b_col >= index(4096 / sizeof(T));
  for (index k = 0; k < p.depth; k += kStrip) {
    const index depth = least(kStrip, p.depth - k);
    UNROLL for (int q = 0; q < v; q++) {
      const T* const block = B + q * W * b_col + k;
      if (far) {
        for (index i = 0; i < width(q); i++) __builtin_prefetch(block + i * b_col + kGemvAhead / sizeof(T));
      }
      if (depth == kStrip && width(q) == W) {
        if (far) {
          UNROLL for (index i = 0; i < W; i++) {
            UNROLL for (index n = 0; n < kStrip; n += W) store(strip + i * kStrip + n, load(block + i * b_col + n));
          }
        }
        UNROLL for (index n = 0; n < kStrip; n += P) {
          Vec<T> column[P];
          far ? transpose_piece(strip + n, kStrip, column) : transpose_piece(block + n, b_col, column);
          UNROLL for (index i = 0; i < P; i++) multiply(c, q, column[i], k + n + i);
        }
      } else {
        pack_transposed(block, b_col, strip, W, depth, width(q));
        for (index i = 0; i < depth; i++) multiply(c, q, load(strip + i * W), k + i);
      }
    }
  }
  UNROLL for (int i = 0; i < m; i++) {
    UNROLL for (int q = 0; q < v; q++) {
      const Vec<T> y = p.relu ? select(c[i][q] <= 0, Vec<T>(0), c[i][q]) : c[i][q];
      store_n(p.C + i * p.c_row + j + q * W, y, width(q));
    }
  }
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

/// Columns n0 .. n1 - 1 of rows m0 .. m1 - 1.
template <class T>
void gemv(const Gemm<T>& g, index m0, index m1, index n0, index n1) {
  static constexpr void (*kPass[kGemvRows])(const GemvPass<T>&, index) = {gemv_pass<T, 1>, gemv_pass<T, 2>,
                                                                          gemv_pass<T, 3>, gemv_pass<T, 4>};
  static constexpr void (*kTransposed[kGemvRows])(const GemvPass<T>&, index, index) = {
      gemv_transposed<T, 1>, gemv_transposed<T, 2>, gemv_transposed<T, 3>, gemv_transposed<T, 4>};
  constexpr index kNarrow = 2048 / sizeof(T);  // columns so few that one pass may go down all rows of B
  GemvPass<T> p;
  p.a_row = g.a_row;
  p.a_col = g.a_col;
  p.b_row = g.b_row;
  p.c_row = g.c_row;
  p.C = g.C + m0 * g.c_row + n0;
  p.start = p.C;
  p.start_row = g.c_row;
  if (!g.accumulate) {
    if (g.bias) {
      p.start = g.bias + n0;
      p.start_row = 0;
    } else {
      for (index i = m0; i < m1; i++) fill(g.C + i * g.c_row + n0, T(0), n1 - n0);
    }
  }
  if (g.b_col != 1) {
    p.depth = g.K;
    p.A = g.A + m0 * g.a_row;
    p.B = g.B + n0 * g.b_col;
    p.relu = g.relu;
    return kTransposed[m1 - m0 - 1](p, g.b_col, n1 - n0);
  }
  const index depth = n1 - n0 <= kNarrow ? most(g.K, 1) : kGemvDepth;
  index k = 0;
  do {
    p.depth = least(depth, g.K - k);
    p.A = g.A + m0 * g.a_row + k * g.a_col;
    p.B = g.B + k * g.b_row + n0;
    p.relu = g.relu && k + p.depth == g.K;
    kPass[m1 - m0 - 1](p, n1 - n0);
    p.start = p.C;
    p.start_row = g.c_row;
    k += p.depth;
  } while (k < g.K);
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
