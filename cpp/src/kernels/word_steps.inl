// Steps of word vectors (Mikolov et al. 2013): an example is an input row x (D) against R output rows y_r (D) with
// targets t_r, its loss the sum of the cross-entropies of sigmoid(x . y_r). Rows are padded with zeros to D, a multiple
// of 16, and begin on cache lines. The kernels work on the columns first .. last - 1, multiples of 16.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr index kWordVectors = kWordColumns / Vec<float>::kLanes;
// Output rows that are worked on at once: their sums and the piece of x stay in registers.
constexpr int kWordRows = kVectorBytes == 64 ? 8 : kVectorBytes == 32 ? 6 : 2;

template <int ROWS>
inline void word_dots_of(const float* x, const float* const* y, index first, index last, float* z) {
  constexpr index W = Vec<float>::kLanes;
  const float* row[ROWS];
  UNROLL for (int r = 0; r < ROWS; r++) row[r] = y[r];
  Vec<float> sum[ROWS][kWordVectors];
  UNROLL for (int r = 0; r < ROWS; r++) { UNROLL for (index v = 0; v < kWordVectors; v++) sum[r][v] = Vec<float>(0); }
  for (index d = first; d < last; d += kWordColumns) {
    UNROLL for (index v = 0; v < kWordVectors; v++) {
      const Vec<float> a = load(x + d + v * W);
      UNROLL for (int r = 0; r < ROWS; r++) sum[r][v] = fma(a, load(row[r] + d + v * W), sum[r][v]);
    }
  }
  UNROLL for (int r = 0; r < ROWS; r++) {
    alignas(64) float lanes[kWordColumns];
    UNROLL for (index v = 0; v < kWordVectors; v++) store(lanes + v * W, sum[r][v]);
    z[r] = fold_lanes(lanes);
  }
}

/// Calls Body<ROWS> for 1 .. kWordRows rows at a time.
template <template <int> class Body, int ROWS = kWordRows, class... Args>
inline void with_rows(index rows, Args... args) {
  if constexpr (ROWS > 1) {
    if (rows < ROWS) return with_rows<Body, ROWS - 1>(rows, args...);
  }
  Body<ROWS>::run(args...);
}

template <int ROWS>
struct WordDots {
  static void run(const float* x, const float* const* y, index first, index last, float* z) {
    word_dots_of<ROWS>(x, y, first, last, z);
  }
};

[[gnu::flatten]] void word_dots(const float* const* x, const float* const* y, index examples, index rows, index first,
                                index last, float* z) {
  for (index e = 0; e < examples; e++) {
    for (index r = 0; r < rows; r += kWordRows) {
      with_rows<WordDots>(least(rows - r, kWordRows), x[e], y + e * rows + r, first, last, z + e * rows + r);
    }
  }
}

/// Reads z and targets t and leaves the step of each dot product, rate (t - sigmoid(z)), in z. Returns the loss,
/// log(1 + e^z) - t z, if LOSS.
template <bool LOSS>
[[gnu::flatten]] double word_slopes(float* z, const float* t, index n, float rate) {
  using V = Vec<float>;
  LaneSum<float> loss;
  for_vectors<float>(n, [&](index i, index count) {
    const V a = load_n(z + i, count), target = load_n(t + i, count);
    const V e = exp(-abs(a)), y = select(a < 0, e, V(1)) / (1 + e);
    if (LOSS) loss.add(i, count, max(a, V(0)) - target * a + log1p(e));
    store_n(z + i, V(double(rate)) * (target - y), count);
  });
  return LOSS ? double(loss.total()) : 0.;
}

/// e += sum over r of g_r y_r, then y_r += g_r x; the rows in order, so that a row that is there twice moves twice. A
/// null e: x takes the sum.
template <int ROWS>
struct WordUpdate {
  static void run(float* x, float* const* y, index first, index last, const float* g, float* e) {
    constexpr index W = Vec<float>::kLanes;
    float* row[ROWS];
    UNROLL for (int r = 0; r < ROWS; r++) row[r] = y[r];
    Vec<float> slope[ROWS];
    UNROLL for (int r = 0; r < ROWS; r++) slope[r] = Vec<float>(g[r] - typename Vec<float>::Raw{});
    float* const to = e ? e : x;
    for (index d = first; d < last; d += W) {
      const Vec<float> a = load(x + d);
      Vec<float> sum = load(to + d);
      UNROLL for (int r = 0; r < ROWS; r++) {
        const Vec<float> b = load(row[r] + d);
        sum = fma(slope[r], b, sum);
        store(row[r] + d, fma(slope[r], a, b));
      }
      store(to + d, sum);
    }
  }
};

[[gnu::flatten]] void word_update(float* x, float* const* y, index rows, index first, index last, const float* g,
                                  float* e) {
  for (index r = 0; r < rows; r += kWordRows) {
    with_rows<WordUpdate>(least(rows - r, kWordRows), x, y + r, first, last, g + r, e);
  }
}

/// y = factor sum of n rows
[[gnu::flatten]] void word_gather(const float* const* rows, index n, index first, index last, float factor, float* y) {
  for (index d = first; d < last; d += Vec<float>::kLanes) {
    Vec<float> sum = 0;
    for (index i = 0; i < n; i++) sum = sum + load(rows[i] + d);
    store(y + d, Vec<float>(double(factor)) * sum);
  }
}

/// n rows += factor e
[[gnu::flatten]] void word_scatter(float* const* rows, index n, index first, index last, float factor, const float* e) {
  for (index i = 0; i < n; i++) {
    for (index d = first; d < last; d += Vec<float>::kLanes) {
      store(rows[i] + d, fma(Vec<float>(double(factor)), load(e + d), load(rows[i] + d)));
    }
  }
}

template <class T>
constexpr const WordKernels* word_kernels() {
  return nullptr;
}
constexpr WordKernels kWordKernels = {kWordRows,   word_dots,   word_slopes<false>, word_slopes<true>,
                                      word_update, word_gather, word_scatter};
template <>
constexpr const WordKernels* word_kernels<float>() {
  return &kWordKernels;
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
