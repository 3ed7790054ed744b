// One step of an optimizer on n parameters w with gradient g, in place: one pass over memory. Formulas are Keras 3's.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

/// w - decay w: weight decay that is decoupled from the gradient (Loshchilov and Hutter, 2019).
template <class T>
inline Vec<T> decayed(Vec<T> w, Vec<T> decay) {
  return fma(-decay, w, w);
}

/// x + gain (y - x)
template <class T>
inline Vec<T> toward(Vec<T> x, Vec<T> y, Vec<T> gain) {
  return fma(y - x, gain, x);
}

/// m += (1 - beta_1) (g - m), v += (1 - beta_2) (g^2 - v), w -= rate m / (sqrt(v) + epsilon)   (Kingma and Ba, 2015)
/// With kMax (amsgrad; Reddi et al., 2018) the largest v so far takes the place of v.
// Exact square root and division: Newton steps from estimates are slower, or differ between vendors.
template <class T, bool kMax>
inline void adam_step(const Update<T>& u, const AdamStep& step) {
  T *const w = u.w, *const m = u.slots[0], *const v = u.slots[1], *const v_max = u.slots[2];
  const T* const g = u.g;
  const Vec<T> rate = step.rate, epsilon = step.epsilon, decay = u.decay;
  const Vec<T> gain_1 = 1 - step.beta_1, gain_2 = 1 - step.beta_2;
  for_vectors<T>(u.n, [=](index i, index count) {
    const Vec<T> G = load_n(g + i, count), m0 = load_n(m + i, count), v0 = load_n(v + i, count);
    const Vec<T> m1 = toward(m0, G, gain_1), v1 = fma(fma(G, G, -v0), gain_2, v0);
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
void adam(const Update<T>& u, const AdamStep& step) {
  if (step.amsgrad) {
    adam_step<T, true>(u, step);
  } else {
    adam_step<T, false>(u, step);
  }
}

/// m as Adam's, norm = max(beta_2 norm, |g|), w -= rate m / (norm + epsilon)   (Kingma and Ba, 2015, section 7.1)
template <class T>
void adamax(const Update<T>& u, const AdamStep& step) {
  T *const w = u.w, *const m = u.slots[0], *const norm = u.slots[1];
  const T* const g = u.g;
  const Vec<T> rate = step.rate, epsilon = step.epsilon, decay = u.decay;
  const Vec<T> gain = 1 - step.beta_1, beta_2 = step.beta_2;
  for_vectors<T>(u.n, [=](index i, index count) {
    const Vec<T> G = load_n(g + i, count), m1 = toward(load_n(m + i, count), G, gain);
    const Vec<T> largest = max(beta_2 * load_n(norm + i, count), abs(G));
    store_n(m + i, m1, count);
    store_n(norm + i, largest, count);
    store_n(w + i, decayed(load_n(w + i, count), decay) - rate * m1 / (largest + epsilon), count);
  });
}

/// m and v as Adam's, w -= (m_factor m + g_factor g) / (sqrt(v_factor v) + epsilon)   (Dozat, 2016)
template <class T>
void nadam(const Update<T>& u, const NadamStep& step) {
  T *const w = u.w, *const m = u.slots[0], *const v = u.slots[1];
  const T* const g = u.g;
  const Vec<T> epsilon = step.epsilon, decay = u.decay, gain_1 = 1 - step.beta_1, gain_2 = 1 - step.beta_2;
  const Vec<T> m_factor = step.m_factor, g_factor = step.g_factor, v_factor = step.v_factor;
  for_vectors<T>(u.n, [=](index i, index count) {
    const Vec<T> G = load_n(g + i, count), v0 = load_n(v + i, count);
    const Vec<T> m1 = toward(load_n(m + i, count), G, gain_1), v1 = fma(fma(G, G, -v0), gain_2, v0);
    store_n(m + i, m1, count);
    store_n(v + i, v1, count);
    const Vec<T> direction = fma(m_factor, m1, g_factor * G) / (sqrt(v_factor * v1) + epsilon);
    store_n(w + i, decayed(load_n(w + i, count), decay) - direction, count);
  });
}

/// m and v as Adam's, w decays, g = m_factor m / (sqrt(v_factor v) + epsilon): the direction   (You et al., 2020)
template <class T>
void lamb(const Update<T>& u, const LambStep& step) {
  T *const w = u.w, *const m = u.slots[0], *const v = u.slots[1], *const g = u.g;
  const Vec<T> epsilon = step.epsilon, decay = u.decay, gain_1 = 1 - step.beta_1, gain_2 = 1 - step.beta_2;
  const Vec<T> m_factor = step.m_factor, v_factor = step.v_factor;
  for_vectors<T>(u.n, [=](index i, index count) {
    const Vec<T> G = load_n(g + i, count), v0 = load_n(v + i, count);
    const Vec<T> m1 = toward(load_n(m + i, count), G, gain_1), v1 = fma(fma(G, G, -v0), gain_2, v0);
    store_n(m + i, m1, count);
    store_n(v + i, v1, count);
    store_n(w + i, decayed(load_n(w + i, count), decay), count);
    store_n(g + i, m_factor * m1 / (sqrt(v_factor * v1) + epsilon), count);
  });
}

/// w -= rate g
template <class T>
inline void plain_sgd(const Update<T>& u, const SgdStep& step) {
  T* const w = u.w;
  const T* const g = u.g;
  const Vec<T> rate = step.rate, decay = u.decay;
  for_vectors<T>(u.n, [=](index i, index count) {
    store_n(w + i, fma(-rate, load_n(g + i, count), decayed(load_n(w + i, count), decay)), count);
  });
}

/// velocity = momentum velocity - rate g, w += velocity; with Nesterov's, w += momentum velocity - rate g
template <class T>
void sgd(const Update<T>& u, const SgdStep& step) {
  if (step.momentum == 0) return plain_sgd(u, step);
  T *const w = u.w, *const velocity = u.slots[0];
  const T* const g = u.g;
  const Vec<T> rate = step.rate, decay = u.decay, momentum = step.momentum;
  const bool nesterov = step.nesterov;
  for_vectors<T>(u.n, [=](index i, index count) {
    const Vec<T> descent = rate * load_n(g + i, count);
    const Vec<T> speed = fma(momentum, load_n(velocity + i, count), -descent);
    store_n(velocity + i, speed, count);
    const Vec<T> w0 = decayed(load_n(w + i, count), decay);
    store_n(w + i, w0 + (nesterov ? fma(momentum, speed, -descent) : speed), count);
  });
}

/// velocity = rho velocity + (1 - rho) g^2, step = rate g / sqrt(velocity + epsilon), w -= step   (Hinton, 2012)
/// Centered, the square of the mean gradient is taken from velocity; with momentum, momentum = momentum momentum + step
/// is taken from w. Slots: velocity, then momentum and the mean gradient if they are used.
template <class T, bool kMomentum, bool kCentered>
inline void rmsprop_step(const Update<T>& u, const RmspropStep& step) {
  T *const w = u.w, *const velocity = u.slots[0], *const speed = u.slots[1], *const mean = u.slots[kMomentum ? 2 : 1];
  const T* const g = u.g;
  const Vec<T> rate = step.rate, epsilon = step.epsilon, decay = u.decay, momentum = step.momentum;
  const Vec<T> gain = 1 - step.rho;
  for_vectors<T>(u.n, [=](index i, index count) {
    const Vec<T> G = load_n(g + i, count), v0 = load_n(velocity + i, count), v1 = fma(fma(G, G, -v0), gain, v0);
    store_n(velocity + i, v1, count);
    Vec<T> variance = v1;
    if (kCentered) {
      const Vec<T> m = toward(load_n(mean + i, count), G, gain);
      store_n(mean + i, m, count);
      variance = max(fma(-m, m, v1), Vec<T>(0));  // rounding may take it below 0
    }
    Vec<T> change = rate * G / sqrt(variance + epsilon);
    if (kMomentum) {
      change = fma(momentum, load_n(speed + i, count), change);
      store_n(speed + i, change, count);
    }
    store_n(w + i, decayed(load_n(w + i, count), decay) - change, count);
  });
}

template <class T>
void rmsprop(const Update<T>& u, const RmspropStep& step) {
  if (step.momentum > 0) {
    step.centered ? rmsprop_step<T, true, true>(u, step) : rmsprop_step<T, true, false>(u, step);
  } else {
    step.centered ? rmsprop_step<T, false, true>(u, step) : rmsprop_step<T, false, false>(u, step);
  }
}

/// sum += g^2, w -= rate g / sqrt(sum + epsilon)   (Duchi et al., 2011)
template <class T>
void adagrad(const Update<T>& u, const AdagradStep& step) {
  T *const w = u.w, *const sum = u.slots[0];
  const T* const g = u.g;
  const Vec<T> rate = step.rate, epsilon = step.epsilon, decay = u.decay;
  for_vectors<T>(u.n, [=](index i, index count) {
    const Vec<T> G = load_n(g + i, count), squares = fma(G, G, load_n(sum + i, count));
    store_n(sum + i, squares, count);
    store_n(w + i, decayed(load_n(w + i, count), decay) - rate * G / sqrt(squares + epsilon), count);
  });
}

/// square = rho square + (1 - rho) g^2, change = sqrt(changes + epsilon) g / sqrt(square + epsilon),
/// changes = rho changes + (1 - rho) change^2, w -= rate change   (Zeiler, 2012)
template <class T>
void adadelta(const Update<T>& u, const AdadeltaStep& step) {
  T *const w = u.w, *const square = u.slots[0], *const changes = u.slots[1];
  const T* const g = u.g;
  const Vec<T> rate = step.rate, epsilon = step.epsilon, decay = u.decay, gain = 1 - step.rho;
  for_vectors<T>(u.n, [=](index i, index count) {
    const Vec<T> G = load_n(g + i, count), s0 = load_n(square + i, count), c0 = load_n(changes + i, count);
    const Vec<T> s1 = fma(fma(G, G, -s0), gain, s0);
    const Vec<T> change = sqrt(c0 + epsilon) * G / sqrt(s1 + epsilon);
    store_n(square + i, s1, count);
    store_n(changes + i, fma(fma(change, change, -c0), gain, c0), count);
    store_n(w + i, fma(-rate, change, decayed(load_n(w + i, count), decay)), count);
  });
}

/// sum_1 = sum + g^2, linear += g + 2 shrinkage w - (sum_1^power - sum^power) / rate w, and with the new linear
/// w = (clip(linear, -l1, l1) - linear) / (sum_1^power / rate + 2 l2)   (McMahan et al., 2013)
template <class T, bool kRoot>
inline void ftrl_step(const Update<T>& u, const FtrlStep& step) {
  T *const w = u.w, *const sum = u.slots[0], *const linear = u.slots[1];
  const T* const g = u.g;
  const Vec<T> one_by_rate = 1 / step.rate, decay = u.decay, power = step.power, l1 = step.l1;
  const Vec<T> l2_twice = 2 * step.l2, shrink = 2 * step.shrinkage;
  for_vectors<T>(u.n, [=](index i, index count) {
    const Vec<T> G = load_n(g + i, count), w0 = decayed(load_n(w + i, count), decay), s0 = load_n(sum + i, count);
    const Vec<T> square = G * G, s1 = s0 + square;
    // The difference of two powers that are nearly one, without subtracting them.
    Vec<T> p1, grown;
    if (kRoot) {
      p1 = sqrt(s1);
      grown = square / (p1 + sqrt(s0));
    } else {
      const Vec<T> p0 = exp(power * log(s0));
      grown = p0 * expm1(power * log1p(square / s0));
      p1 = select(s0 == 0, exp(power * log(s1)), p0 + grown);
    }
    const Vec<T> sigma = select(s0 == 0, p1, grown) * one_by_rate;
    const Vec<T> z = load_n(linear + i, count) + fma(shrink - sigma, w0, G);
    store_n(sum + i, s1, count);
    store_n(linear + i, z, count);
    store_n(w + i, (min(max(z, -l1), l1) - z) / fma(p1, one_by_rate, l2_twice), count);
  });
}

template <class T>
void ftrl(const Update<T>& u, const FtrlStep& step) {
  if (step.power == 0.5) {
    ftrl_step<T, true>(u, step);
  } else {
    ftrl_step<T, false>(u, step);
  }
}

/// w -= rate sign(beta_1 m + (1 - beta_1) g), m = beta_2 m + (1 - beta_2) g   (Chen et al., 2023)
template <class T>
void lion(const Update<T>& u, const LionStep& step) {
  T *const w = u.w, *const m = u.slots[0];
  const T* const g = u.g;
  const Vec<T> rate = step.rate, decay = u.decay, beta_1 = step.beta_1, beta_2 = step.beta_2;
  const Vec<T> gain_1 = 1 - step.beta_1, gain_2 = 1 - step.beta_2;
  for_vectors<T>(u.n, [=](index i, index count) {
    const Vec<T> G = load_n(g + i, count), m0 = load_n(m + i, count);
    store_n(m + i, fma(m0, beta_2, G * gain_2), count);
    store_n(w + i, fma(-rate, sign(fma(m0, beta_1, G * gain_1)), decayed(load_n(w + i, count), decay)), count);
  });
}

template <class T>
void add_squares(T* y, const T* g, T factor, T epsilon, index n) {
  const Vec<T> f = factor, e = epsilon;
  for_vectors<T>(n, [=](index i, index count) {
    const Vec<T> G = load_n(g + i, count);
    store_n(y + i, fma(f, fma(G, G, e), load_n(y + i, count)), count);
  });
}

template <class T>
void divide_by_factored(T* g, T* v, T r, const T* c, index n) {
  const Vec<T> row = r;
  for_vectors<T>(n, [=](index i, index count) {
    const Vec<T> square = row * load_n(c + i, count);
    store_n(v + i, square, count);
    store_n(g + i, load_n(g + i, count) / sqrt(square), count);
  });
}

template <class T>
void divide_by_root(T* g, const T* y, index n) {
  for_vectors<T>(
      n, [=](index i, index count) { store_n(g + i, load_n(g + i, count) / sqrt(load_n(y + i, count)), count); });
}

template <class T>
void blend(T* average, const T* w, T momentum, index n) {
  const Vec<T> kept = momentum, gain = 1 - double(momentum);
  for_vectors<T>(n, [=](index i, index count) {
    store_n(average + i, fma(kept, load_n(average + i, count), gain * load_n(w + i, count)), count);
  });
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
