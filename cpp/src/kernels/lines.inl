// Functions along one axis, such as softmax, are written once for two ways of laying a line of n elements in
// registers: along the lanes of a vector (AlongLanes), or one line per lane, element after element (PerLane).
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

// Rows this short are computed one per lane: softmax cross-entropy of 128 rows of 12 takes 1.7 us, of 13 takes 5.
constexpr index kFewColumns = 12;

/// n contiguous elements. A reduction folds the lanes; every lane of its result is the same.
template <class T>
struct AlongLanes {
  index n;

  /// body(offset, count, position): `count` elements at `offset` from the first; position is their place in the line.
  template <class F>
  void each(F body) const {
    const Vec<T> lanes = lane_numbers<T>();
    for_vectors<T>(n, [&](index i, index count) { body(i, count, lanes + double(i)); });
  }
  template <class F>
  Vec<T> sum(F f) const {
    const Vec<T> lanes = lane_numbers<T>();
    LaneSum<T> s;
    for_vectors<T>(n, [&](index i, index count) { s.add(i, count, f(i, count, lanes + double(i))); });
    return s.total();
  }
  template <class F>
  Vec<T> maximum(F f) const {
    const Vec<T> lanes = lane_numbers<T>();
    Vec<T> m = -__builtin_inf();
    for_vectors<T>(n, [&](index i, index count) {
      m = max(m, first(count, f(i, count, lanes + double(i)), Vec<T>(-__builtin_inf())));
    });
    alignas(64) T lane[Vec<T>::kLanes];
    store(lane, m);
    T largest = lane[0];
    for (index i = 1; i < Vec<T>::kLanes; i++) largest = lane[i] > largest ? lane[i] : largest;
    return largest;
  }
};

/// `count` lines of n elements side by side, the elements of one line `stride` apart. Reductions go lane by lane.
template <class T>
struct PerLane {
  index n, stride, count;

  template <class F>
  void each(F body) const {
    for (index k = 0; k < n; k++) body(k * stride, count, Vec<T>(double(k)));
  }
  template <class F>
  Vec<T> sum(F f) const {
    Vec<T> s = 0;
    for (index k = 0; k < n; k++) s = s + f(k * stride, count, Vec<T>(double(k)));
    return s;
  }
  template <class F>
  Vec<T> maximum(F f) const {
    Vec<T> m = -__builtin_inf();
    for (index k = 0; k < n; k++) m = max(m, f(k * stride, count, Vec<T>(double(k))));
    return m;
  }
};

/// Up to one vector of short rows, turned so that each lies in a lane: a line for PerLane with stride `lanes`.
template <class T>
struct ShortRows {
  static constexpr index W = Vec<T>::kLanes;
  alignas(64) T lane[kFewColumns * W];

  void load(const T* x, index rows, index columns) {
    if (rows < W) fill_zeros(columns);
    for (index i = 0; i < rows; i++) {
      for (index c = 0; c < columns; c++) lane[c * W + i] = x[i * columns + c];
    }
  }
  void store(T* y, index rows, index columns) const {
    for (index i = 0; i < rows; i++) {
      for (index c = 0; c < columns; c++) y[i * columns + c] = lane[c * W + i];
    }
  }

 private:
  void fill_zeros(index columns) {
    for (index c = 0; c < columns; c++) RANVIER_ISA::store(lane + c * W, Vec<T>(0));
  }
};

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
