// Losses that are means or sums over the elements of a row: y is the target, p the prediction, q the parameters of
// the loss. Definitions are Keras 3's, with its epsilon.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr double kEpsilon = 1e-7;

/// The value of a loss and its derivative by the prediction, for one element.
template <class V>
struct Both {
  V value, derivative;
};

template <class V>
struct SquaredError {
  static Both<V> of(V y, V p, const V*) { return {(p - y) * (p - y), 2 * (p - y)}; }
};

template <class V>
struct AbsoluteError {
  static Both<V> of(V y, V p, const V*) { return {abs(p - y), sign(p - y)}; }
};

template <class V>
struct AbsolutePercentageError {
  static Both<V> of(V y, V p, const V*) {
    const V factor = 100 / max(abs(y), V(kEpsilon));
    return {factor * abs(p - y), factor * sign(p - y)};
  }
};

template <class V>
struct SquaredLogarithmicError {
  static Both<V> of(V y, V p, const V*) {
    const V bounded = max(p, V(kEpsilon));
    const V e = log(bounded + 1) - log(max(y, V(kEpsilon)) + 1);
    return {e * e, where(p >= kEpsilon, 2 * e / (bounded + 1))};
  }
};

/// Labels -1 and 1, or 0 and 1 if the parameter binary_labels says so.
template <class V>
inline V hinge_label(V y, const V* q) {
  return select(q[0] == 0, y, 2 * y - 1);
}

template <class V>
struct Hinge {
  static Both<V> of(V y, V p, const V* q) {
    const V label = hinge_label(y, q), margin = 1 - label * p;
    return {max(margin, V(0)), where(margin > 0, -label)};
  }
};

template <class V>
struct SquaredHinge {
  static Both<V> of(V y, V p, const V* q) {
    const V label = hinge_label(y, q), margin = max(1 - label * p, V(0));
    return {margin * margin, -2 * margin * label};
  }
};

template <class V>
struct LogCosh {
  static Both<V> of(V y, V p, const V*) {
    const V e = p - y;
    return {abs(e) + log1p(exp(-2 * abs(e))) - 0.69314718055994530942, tanh(e)};
  }
};

template <class V>
struct Huber {
  static Both<V> of(V y, V p, const V* q) {
    const V e = p - y, d = min(max(e, -q[0]), q[0]);
    return {d * (e - 0.5 * d), d};
  }
};

template <class V>
struct Poisson {
  static Both<V> of(V y, V p, const V*) { return {p - y * log(p + kEpsilon), 1 - y / (p + kEpsilon)}; }
};

template <class V>
struct KlDivergence {
  static Both<V> of(V y, V p, const V*) {
    const V t = clamp(y, kEpsilon, 1), c = clamp(p, kEpsilon, 1);
    return {t * log(t / c), where((p >= kEpsilon) & (p <= 1), -t / c)};
  }
};

template <class V>
inline V smoothed(V y, V smoothing, V classes) {
  return y * (1 - smoothing) + smoothing / classes;
}

template <class V>
struct BinaryCrossentropy {
  static Both<V> of(V y, V p, const V* q) {
    const V t = smoothed(y, q[0], V(2)), c = clamp(p, kEpsilon, 1 - kEpsilon);
    const V value = -(t * log(c) + (1 - t) * log(1 - c));
    return {value, where((p >= kEpsilon) & (p <= 1 - kEpsilon), (c - t) / (c * (1 - c)))};
  }
};

template <class V>
struct BinaryCrossentropyFromLogits {
  static Both<V> of(V y, V x, const V* q) {
    const V t = smoothed(y, q[0], V(2));
    return {max(x, V(0)) - x * t + log1p(exp(-abs(x))), sigmoid(x) - t};
  }
};

enum Reduction { MEAN, SUM };

// A row is summed along the lanes; a single column needs no sum and takes one row per lane.
template <class T, template <class> class Element, Reduction kReduction, int kParameters>
[[gnu::flatten]] void elementwise_loss(const LossCall<T>& c) {
  const Parameters<T> q(c.parameters, kParameters);
  const index columns = c.columns;
  const Vec<T> divisor = kReduction == MEAN ? double(columns) : 1.;
  if (columns == 1) {
    for_vectors<T>(c.rows, [&](index i, index count) {
      const auto both = Element<Vec<T>>::of(load_n(c.target + i, count), load_n(c.prediction + i, count), q.value);
      store_n(c.value + i, both.value, count);
      if (c.gradient) store_n(c.gradient + i, load_n(c.scale + i, count) * both.derivative, count);
    });
    return;
  }
  for (index i = 0; i < c.rows; i++) {
    const T *target = c.target + i * columns, *prediction = c.prediction + i * columns;
    T* gradient = c.gradient ? c.gradient + i * columns : nullptr;
    const Vec<T> factor = gradient ? Vec<T>(c.scale[i]) / divisor : Vec<T>(0);
    const Vec<T> total = AlongLanes<T>{columns}.sum([&](index j, index count, Vec<T>) {
      const auto both = Element<Vec<T>>::of(load_n(target + j, count), load_n(prediction + j, count), q.value);
      if (gradient) store_n(gradient + j, factor * both.derivative, count);
      return both.value;
    });
    c.value[i] = (total / divisor).raw[0];
  }
}

template <class T, template <class> class Element, int kParameters>
[[gnu::flatten]] void loss_of_sigmoid(const LossCall<T>& c) {
  elementwise_loss<T, Element, MEAN, kParameters>(c);
  if (!c.probability) return;
  for_vectors<T>(c.rows * c.columns, [&](index i, index count) {
    store_n(c.probability + i, sigmoid(load_n(c.prediction + i, count)), count);
  });
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
