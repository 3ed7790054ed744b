// Sums over rows of a matrix and over whole arrays.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

/// y (columns) = sum of the rows of x (rows, columns), rows `stride` apart, first to last.
template <class T>
void column_sum(const T* x, index rows, index columns, index stride, T* y) {
  constexpr index W = Vec<T>::kLanes;
  index j = 0;
  for (; j + 4 * W <= columns; j += 4 * W) {  // four vectors hide the latency of the additions
    Vec<T> s[4];
    UNROLL for (index v = 0; v < 4; v++) s[v] = 0;
    for (index i = 0; i < rows; i++) {
      UNROLL for (index v = 0; v < 4; v++) s[v] = s[v] + load(x + i * stride + j + v * W);
    }
    UNROLL for (index v = 0; v < 4; v++) store(y + j + v * W, s[v]);
  }
  for (; j < columns; j += W) {
    const index n = least(W, columns - j);
    Vec<T> s = 0;
    for (index i = 0; i < rows; i++) s = s + load_n(x + i * stride + j, n);
    store_n(y + j, s, n);
  }
}

/// Sum of f(x[i]) in double over 16 interleaved lanes.
template <class T, class F>
inline double lane_sum(const T* x, index n, F f) {
  alignas(64) double lane[16] = {};
  index i = 0;
  for (; i + 16 <= n; i += 16) {
    for (index q = 0; q < 16; q++) lane[q] += f(double(x[i + q]));
  }
  for (; i < n; i++) lane[i % 16] += f(double(x[i]));
  for (index half = 8; half > 0; half /= 2) {
    for (index q = 0; q < half; q++) lane[q] += lane[q + half];
  }
  return lane[0];
}

template <class T>
double sum(const T* x, index n) {
  return lane_sum(x, n, [](double v) { return v; });
}

template <class T>
double sum_of_squares(const T* x, index n) {
  return lane_sum(x, n, [](double v) { return v * v; });
}

template <class T>
double sum_of_absolutes(const T* x, index n) {
  return lane_sum(x, n, [](double v) { return v < 0 ? -v : v; });
}

template <class T>
bool all_finite(const T* x, index n) {
  Vec<T> difference = 0;  // x - x is 0, or NaN for NaN and the infinities
  for_vectors<T>(n, [&](index i, index count) {
    const Vec<T> v = load_n(x + i, count);
    difference = difference + (v - v);
  });
  bool finite = true;
  for (index i = 0; i < Vec<T>::kLanes; i++) finite = finite && difference.raw[i] == 0;
  return finite;
}

/// x (rows, n), rows `stride` apart, times q (n), and the squares of its rows summed in the same pass over memory:
/// dot[i] = x[i] q and squares[i] = x[i] x[i].
///
/// Asked for so far ahead, memory comes at 39 GB/s in place of 31 (one thread, Zen 5), whether squares are summed or
/// not.
template <class T>
void row_products(const T* x, index rows, index stride, index n, const T* q, T* dot, T* squares) {
  constexpr index W = Vec<T>::kLanes, kAhead = 8192 / sizeof(T);
  for (index i = 0; i < rows; i++, x += stride) {
    LaneSum<T> product, square;
    index j = 0;
    for (; j + 16 <= n; j += 16) {
      UNROLL for (index line = 0; line < 16; line += 64 / sizeof(T)) __builtin_prefetch(x + j + line + kAhead);
      UNROLL for (index v = 0; v < LaneSum<T>::kVectors; v++) {
        const Vec<T> a = load(x + j + v * W);
        product.lane[v] = fma(a, load(q + j + v * W), product.lane[v]);
        square.lane[v] = fma(a, a, square.lane[v]);
      }
    }
    __builtin_prefetch(x + j + kAhead);
    for (; j < n; j += W) {
      const index count = least(W, n - j);
      const Vec<T> a = load_n(x + j, count);
      product.add(j, count, a * load_n(q + j, count));
      square.add(j, count, a * a);
    }
    dot[i] = product.total();
    squares[i] = square.total();
  }
}

/// y = 1 / sqrt(x)
template <class T>
void inverse_roots(const T* x, T* y, index n) {
  for_vectors<T>(n, [&](index i, index count) { store_n(y + i, Vec<T>(1) / sqrt(load_n(x + i, count)), count); });
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
