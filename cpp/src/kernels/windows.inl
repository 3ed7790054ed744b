// Windows that move over images with the channels last: pooling, and convolution of each channel by itself. Vectors go
// along the channels; what a window gathers stays in registers.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

/// Calls body(window, channel, lanes) for each vector of channels of each window.
template <class T, class F>
inline void each_window(const Windows<T>& w, F body) {
  for (index p = 0; p < w.count; p++) for_vectors<T>(w.C, [&](index c, index n) { body(p, c, n); });
}

/// y = the greatest x of the window; a NaN wins.
template <class T>
void window_max(const Windows<T>& w) {
  each_window(w, [&](index p, index c, index n) {
    const T* const x = w.x + p * w.x_step + c;
    Vec<T> greatest = load_n(x + w.place[0], n);
    for (index t = 1; t < w.taps; t++) {
      const Vec<T> v = load_n(x + w.place[t], n);
      greatest = select((greatest < v) | (v != v), v, greatest);
    }
    store_n(w.y + p * w.y_step + c, greatest, n);
  });
}

/// dx (+)= dy at the first place of the window that holds its y, 0 at the others.
template <class T, bool kAdd>
inline void spread_max(const Windows<T>& w, const T* dy, T* dx) {
  each_window(w, [&](index p, index c, index n) {
    const index from = p * w.x_step + c, at = p * w.y_step + c;
    const Vec<T> y = load_n(w.y + at, n);
    Vec<T> rest = load_n(dy + at, n);
    for (index t = 0; t < w.taps; t++) {
      const index i = from + w.place[t];
      const Vec<T> x = load_n(w.x + i, n);
      const auto here = (x == y) | (x != x);
      const Vec<T> d = select(here, rest, Vec<T>(0));
      store_n(dx + i, kAdd ? load_n(dx + i, n) + d : d, n);
      rest = select(here, Vec<T>(0), rest);
    }
  });
}

template <class T>
void window_max_backward(const Windows<T>& w, const T* dy, T* dx, bool add) {
  add ? spread_max<T, true>(w, dy, dx) : spread_max<T, false>(w, dy, dx);
}

/// y = factor times the sum of x.
template <class T>
void window_sum(const Windows<T>& w, double factor) {
  each_window(w, [&](index p, index c, index n) {
    const T* const x = w.x + p * w.x_step + c;
    Vec<T> sum = load_n(x + w.place[0], n);
    for (index t = 1; t < w.taps; t++) sum = sum + load_n(x + w.place[t], n);
    store_n(w.y + p * w.y_step + c, sum * factor, n);
  });
}

/// dx (+)= factor dy at every place.
template <class T>
void window_sum_backward(const Windows<T>& w, double factor, const T* dy, T* dx, bool add) {
  each_window(w, [&](index p, index c, index n) {
    const Vec<T> d = load_n(dy + p * w.y_step + c, n) * factor;
    for (index t = 0; t < w.taps; t++) {
      T* const to = dx + p * w.x_step + c + w.place[t];
      store_n(to, add ? load_n(to, n) + d : d, n);
    }
  });
}

/// y = bias + sum over places of weight x: weight (.., C), its row of place t at weight_place[t]; bias (C) or null.
template <class T>
void window_dot(const Windows<T>& w, const T* weight, const T* bias) {
  each_window(w, [&](index p, index c, index n) {
    const T* const x = w.x + p * w.x_step + c;
    Vec<T> sum = bias ? load_n(bias + c, n) : Vec<T>(0);
    for (index t = 0; t < w.taps; t++)
      sum = fma(load_n(x + w.place[t], n), load_n(weight + w.weight_place[t] + c, n), sum);
    store_n(w.y + p * w.y_step + c, sum, n);
  });
}

/// dx += weight dy at every place.
template <class T>
void window_dot_backward(const Windows<T>& w, const T* weight, const T* dy, T* dx) {
  each_window(w, [&](index p, index c, index n) {
    const Vec<T> d = load_n(dy + p * w.y_step + c, n);
    for (index t = 0; t < w.taps; t++) {
      T* const to = dx + p * w.x_step + c + w.place[t];
      store_n(to, fma(load_n(weight + w.weight_place[t] + c, n), d, load_n(to, n)), n);
    }
  });
}

/// dweight += sum over the windows of dy x, for channels [c0, c1).
template <class T>
void window_dot_weight(const Windows<T>& w, const T* dy, index c0, index c1, T* dweight) {
  constexpr index kTogether = 4;  // places: their chains hide the latency of the sums
  for_vectors<T>(c1 - c0, [&](index v, index n) {
    const index c = c0 + v;
    for (index t = 0; t < w.taps; t += kTogether) {
      const index last = w.taps - 1;
      const index place[kTogether] = {w.place[t], w.place[least(t + 1, last)], w.place[least(t + 2, last)],
                                      w.place[least(t + 3, last)]};
      Vec<T> sum[kTogether];
      UNROLL for (index q = 0; q < kTogether; q++) sum[q] = Vec<T>(0);
      for (index p = 0; p < w.count; p++) {
        const Vec<T> d = load_n(dy + p * w.y_step + c, n);
        const T* const x = w.x + p * w.x_step + c;
        UNROLL for (index q = 0; q < kTogether; q++) sum[q] = fma(load_n(x + place[q], n), d, sum[q]);
      }
      for (index q = 0; q < least(kTogether, w.taps - t); q++) {
        T* const to = dweight + w.weight_place[t + q] + c;
        store_n(to, load_n(to, n) + sum[q], n);
      }
    }
  });
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
