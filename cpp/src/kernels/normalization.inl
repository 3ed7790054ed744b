// Normalization: of columns by statistics of a batch, and of lines by their own. A column's sum goes over the rows in
// order, a line's over interleaved lanes, so that neither depends on who computes what.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

/// y (columns) = sum over rows of (x - mean) z, where z null stands for x - mean itself: x (rows, columns), rows
/// `stride` apart.
template <class T>
void column_dot(const T* x, const T* mean, const T* z, index rows, index columns, index stride, T* y) {
  constexpr index W = Vec<T>::kLanes, kTogether = 4;  // vectors whose chains hide each other's latency
  index j = 0;
  for (; j + kTogether * W <= columns; j += kTogether * W) {
    Vec<T> m[kTogether], s[kTogether];
    UNROLL for (index v = 0; v < kTogether; v++) {
      m[v] = load(mean + j + v * W);
      s[v] = 0;
    }
    for (index i = 0; i < rows; i++) {
      const index at = i * stride + j;
      UNROLL for (index v = 0; v < kTogether; v++) {
        const Vec<T> centered = load(x + at + v * W) - m[v];
        s[v] = fma(centered, z ? load(z + at + v * W) : centered, s[v]);
      }
    }
    UNROLL for (index v = 0; v < kTogether; v++) store(y + j + v * W, s[v]);
  }
  for (; j < columns; j += W) {
    const index n = least(W, columns - j);
    const Vec<T> m = load_n(mean + j, n);
    Vec<T> s = 0;
    for (index i = 0; i < rows; i++) {
      const Vec<T> centered = load_n(x + i * stride + j, n) - m;
      s = fma(centered, z ? load_n(z + i * stride + j, n) : centered, s);
    }
    store_n(y + j, s, n);
  }
}

/// y = (x - mean) scale + shift, all three (columns): x, y (rows, columns)
template <class T>
void standardize(const T* x, const T* mean, const T* scale, const T* shift, T* y, index rows, index columns) {
  for (index i = 0; i < rows; i++) {
    const T* const from = x + i * columns;
    T* const to = y + i * columns;
    for_vectors<T>(columns, [=](index j, index n) {
      store_n(to + j, fma(load_n(from + j, n) - load_n(mean + j, n), load_n(scale + j, n), load_n(shift + j, n)), n);
    });
  }
}

/// dx = a dy + b (x - mean) + c, all four (columns): x, dy, dx (rows, columns); dx may be dy
template <class T>
void standardize_backward(const T* x, const T* mean, const T* dy, const T* a, const T* b, const T* c, T* dx, index rows,
                          index columns) {
  for (index i = 0; i < rows; i++) {
    const T *const from = x + i * columns, *const d = dy + i * columns;
    T* const to = dx + i * columns;
    for_vectors<T>(columns, [=](index j, index n) {
      const Vec<T> centered = load_n(from + j, n) - load_n(mean + j, n);
      store_n(to + j, fma(load_n(a + j, n), load_n(d + j, n), fma(load_n(b + j, n), centered, load_n(c + j, n))), n);
    });
  }
}

template <class T>
inline Vec<T> or_one(const T* p, index i, index n) {
  return p ? load_n(p + i, n) : Vec<T>(1);
}

template <class T>
inline Vec<T> or_zero(const T* p, index i, index n) {
  return p ? load_n(p + i, n) : Vec<T>(0);
}

/// Statistics of a line: mean (0 unless it is centered), and 1 / sqrt(variance + epsilon) where the variance is the
/// mean, or with `total` the sum, of the squared distances from it.
template <class T>
void normalize(const NormalizedLine<T>& line) {
  const AlongLanes<T> along{line.n};
  const T* const x = line.x;
  T* const y = line.y;
  const T *const gamma = line.gamma, *const beta = line.beta;
  T mean = 0;
  if (line.centered) {
    mean = along.sum([=](index i, index n, Vec<T>) { return load_n(x + i, n); }).raw[0] / T(line.n);
  }
  const Vec<T> m = double(mean);
  const T squares = along
                        .sum([=](index i, index n, Vec<T>) {
                          const Vec<T> d = load_n(x + i, n) - m;
                          return d * d;
                        })
                        .raw[0];
  const Vec<T> variance = double(line.total ? squares : squares / T(line.n)) + Vec<T>(line.epsilon);
  const Vec<T> inverse = min(1 / sqrt(variance), Vec<T>(line.greatest));
  line.statistics[0] = mean;
  line.statistics[1] = inverse.raw[0];
  along.each([=](index i, index n, Vec<T>) {
    const Vec<T> hat = (load_n(x + i, n) - m) * inverse;
    store_n(y + i, fma(hat, or_one(gamma, i, n), or_zero(beta, i, n)), n);
  });
}

/// With h = (x - mean) inverse and d = dy gamma: dx = inverse (d - mean(d) - h mean(d h)); without centering the middle
/// term is missing, and with `total` the last is a sum. dx may be dy.
template <class T>
void normalize_backward(const NormalizedLine<T>& line, const T* dy, T* dx) {
  const AlongLanes<T> along{line.n};
  const T* const x = line.x;
  const T* const gamma = line.gamma;
  const Vec<T> m = double(line.statistics[0]), inverse = double(line.statistics[1]);
  // The bound on the inverse holds only for lines of length 0, nearly: there it is a constant.
  const bool bounded = line.statistics[1] >= T(line.greatest);
  T mean = 0, dot = 0;
  if (line.centered) {
    mean =
        along.sum([=](index i, index n, Vec<T>) { return load_n(dy + i, n) * or_one(gamma, i, n); }).raw[0] / T(line.n);
  }
  if (!bounded) {
    dot = along
              .sum([=](index i, index n, Vec<T>) {
                return load_n(dy + i, n) * or_one(gamma, i, n) * ((load_n(x + i, n) - m) * inverse);
              })
              .raw[0];
    if (!line.total) dot /= T(line.n);
  }
  const Vec<T> d_mean = double(mean), d_dot = double(dot);
  along.each([=](index i, index n, Vec<T>) {
    const Vec<T> hat = (load_n(x + i, n) - m) * inverse, d = load_n(dy + i, n) * or_one(gamma, i, n);
    store_n(dx + i, inverse * fma(-hat, d_dot, d - d_mean), n);
  });
}

/// dgamma (columns) = sum over lines of h dy, for h as above: x, dy (lines, columns) with lines `stride` apart and
/// their (mean, inverse) `period` places apart in statistics.
template <class T>
void line_dot(const T* x, const T* statistics, index period, const T* dy, index lines, index columns, index stride,
              T* dgamma) {
  constexpr index W = Vec<T>::kLanes;
  for (index j = 0; j < columns; j += W) {
    const index n = least(W, columns - j);
    Vec<T> s = 0;
    for (index i = 0; i < lines; i++) {
      const Vec<T> m = double(statistics[i * period]), inverse = double(statistics[i * period + 1]);
      s = fma((load_n(x + i * stride + j, n) - m) * inverse, load_n(dy + i * stride + j, n), s);
    }
    store_n(dgamma + j, s, n);
  }
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
