// One step of an optimizer on n parameters w with gradient g, in place: one pass over memory. Formulas are Keras 3's.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

/// w - decay w: weight decay that is decoupled from the gradient (Loshchilov and Hutter, 2019).
template <class T>
inline Vec<T> decayed(Vec<T> w, Vec<T> decay) {
  return fma(-decay, w, w);
}

/// m += (1 - beta_1) (g - m), v += (1 - beta_2) (g^2 - v), w -= rate m / (sqrt(v) + epsilon)   (Kingma and Ba, 2015)
/// With kMax (amsgrad; Reddi et al., 2018) the largest v so far takes the place of v.
// Exact square root and division: Newton steps from estimates are slower, or differ between vendors.
template <class T, bool kMax>
inline void adam_step(T* w, T* m, T* v, T* v_max, const T* g, index n, const AdamStep& step) {
  const Vec<T> rate = step.rate, epsilon = step.epsilon, decay = step.decay;
  const Vec<T> gain_1 = 1 - step.beta_1, gain_2 = 1 - step.beta_2;
  for_vectors<T>(n, [=](index i, index count) {
    const Vec<T> G = load_n(g + i, count), m0 = load_n(m + i, count), v0 = load_n(v + i, count);
    const Vec<T> m1 = fma(G - m0, gain_1, m0), v1 = fma(fma(G, G, -v0), gain_2, v0);
    store_n(m + i, m1, count);
    store_n(v + i, v1, count);
    Vec<T> largest = v1;
    if (kMax) {
      largest = max(load_n(v_max + i, count), v1);
      store_n(v_max + i, largest, count);
    }
    const Vec<T> w0 = decayed(load_n(w + i, count), decay);
    store_n(w + i, w0 - rate * m1 / (sqrt(largest) + epsilon), count);
  });
}

template <class T>
void adam(T* w, T* m, T* v, const T* g, index n, const AdamStep& step) {
  adam_step<T, false>(w, m, v, nullptr, g, n, step);
}

template <class T>
void amsgrad(T* w, T* m, T* v, T* v_max, const T* g, index n, const AdamStep& step) {
  adam_step<T, true>(w, m, v, v_max, g, n, step);
}

/// w -= rate g
template <class T>
void sgd(T* w, const T* g, index n, const SgdStep& step) {
  const Vec<T> rate = step.rate, decay = step.decay;
  for_vectors<T>(n, [=](index i, index count) {
    store_n(w + i, fma(-rate, load_n(g + i, count), decayed(load_n(w + i, count), decay)), count);
  });
}

/// velocity = momentum velocity - rate g, w += velocity; with Nesterov's, w += momentum velocity - rate g
template <class T>
void momentum(T* w, T* velocity, const T* g, index n, const SgdStep& step) {
  const Vec<T> rate = step.rate, decay = step.decay, momentum = step.momentum;
  const bool nesterov = step.nesterov;
  for_vectors<T>(n, [=](index i, index count) {
    const Vec<T> descent = rate * load_n(g + i, count);
    const Vec<T> speed = fma(momentum, load_n(velocity + i, count), -descent);
    store_n(velocity + i, speed, count);
    const Vec<T> w0 = decayed(load_n(w + i, count), decay);
    store_n(w + i, w0 + (nesterov ? fma(momentum, speed, -descent) : speed), count);
  });
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
