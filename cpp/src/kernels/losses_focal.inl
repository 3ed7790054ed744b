// Cross-entropies that look less at what is already right: focal (Lin et al., 2017) and generalized (Zhang and
// Sabuncu, 2018). Those of logits take logarithms and complements of probabilities from the logits, so nothing clips.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

/// x^q for x >= 0, with 0^0 = 1; 0 where it would be infinite, so that 0^q log(1) counts as nothing.
template <class V>
inline V power(V x, V q) {
  return select(q == 0, V(1), where(x > 0, exp(q * log(x))));
}

/// The parameters of a binary focal loss: label_smoothing, apply_class_balancing, alpha, gamma.
template <class V>
struct BinaryFocus {
  V t, gamma, balance;

  BinaryFocus(V y, const V* q)
      : t(smoothed(y, q[0], V(2))), gamma(q[3]), balance(select(q[1] == 0, V(1), t * q[2] + (1 - t) * (1 - q[2]))) {}

  /// Of the probability `miss` of the wrong answer and the entropy, whose derivatives are given.
  Both<V> of(V miss, V d_miss, V entropy, V d_entropy) const {
    const V focus = power(miss, gamma);
    return {balance * focus * entropy,
            balance * (gamma * power(miss, gamma - 1) * d_miss * entropy + focus * d_entropy)};
  }
};

template <class V>
struct BinaryFocalCrossentropy {
  static Both<V> of(V y, V p, const V* q) {
    const BinaryFocus<V> focus(y, q);
    const auto entropy = BinaryCrossentropy<V>::of(y, p, q);
    return focus.of(focus.t * (1 - p) + (1 - focus.t) * p, 1 - 2 * focus.t, entropy.value, entropy.derivative);
  }
};

template <class V>
struct BinaryFocalCrossentropyFromLogits {
  static Both<V> of(V y, V x, const V* q) {
    const BinaryFocus<V> focus(y, q);
    const V t = focus.t, p = sigmoid(x), n = sigmoid(-x);
    const auto entropy = BinaryCrossentropyFromLogits<V>::of(y, x, q);
    return focus.of(t * n + (1 - t) * p, (1 - 2 * t) * p * n, entropy.value, (1 - t) * p - t * n);
  }
};

/// The parameters of a categorical focal loss (label_smoothing, gamma, alpha) and one row's targets.
template <class T>
struct CategoricalFocus {
  const T *target, *class_weight;
  Vec<T> smoothing, gamma, alpha, classes;

  CategoricalFocus(const LossCall<T>& c, const T* target)
      : target(target),
        class_weight(c.class_weight),
        smoothing(c.parameters[0]),
        gamma(c.parameters[1]),
        alpha(c.parameters[2]),
        classes(double(c.columns)) {}

  Vec<T> weight(index i, index n) const {
    const Vec<T> balance = class_weight ? load_n(class_weight + i, n) : alpha;
    return balance * smoothed(load_n(target + i, n), smoothing, classes);
  }
};

// -sum(alpha y (1 - q)^gamma log(q)), where q = p / sum(p), clipped to [epsilon, 1 - epsilon].
// With g = d value / d q, zero where q is clipped, d value / d p = (g - sum(g q)) / sum(p).
template <class T>
[[gnu::flatten]] void categorical_focal_crossentropy(const LossCall<T>& c) {
  for (index r = 0; r < c.rows; r++) {
    const RowOfLoss<T> row(c, r, c.columns);
    const T* p = row.prediction;
    const CategoricalFocus<T> focus(c, row.target);
    const Vec<T> total = row.line.sum([=](index i, index n, Vec<T>) { return load_n(p + i, n); });
    const Vec<T> value = row.line.sum([=](index i, index n, Vec<T>) {
      const Vec<T> q = clamp(load_n(p + i, n) / total, kEpsilon, 1 - kEpsilon);
      return focus.weight(i, n) * power(1 - q, focus.gamma) * log(q);
    });
    c.value[r] = (-value).raw[0];
    if (!row.gradient) continue;
    const auto g = [=](index i, index n) {
      const Vec<T> q = load_n(p + i, n) / total;
      const Vec<T> d = focus.gamma * power(1 - q, focus.gamma - 1) * log(q) - power(1 - q, focus.gamma) / q;
      return where((q >= kEpsilon) & (q <= 1 - kEpsilon), focus.weight(i, n) * d);
    };
    const Vec<T> dot = row.line.sum([=](index i, index n, Vec<T>) { return g(i, n) * load_n(p + i, n) / total; });
    row.line.each([=](index i, index n, Vec<T>) { store_n(row.gradient + i, row.scale * (g(i, n) - dot) / total, n); });
  }
}

// The same of p = softmax(x). With h = p d value / d p, d value / d x = h - p sum(h).
template <class T>
[[gnu::flatten]] void categorical_focal_crossentropy_from_logits(const LossCall<T>& c) {
  for (index r = 0; r < c.rows; r++) {
    const RowOfLoss<T> row(c, r, c.columns);
    const T* x = row.prediction;
    T* probability = c.probability ? c.probability + r * c.columns : nullptr;
    const CategoricalFocus<T> focus(c, row.target);
    const Vec<T> largest = row.line.maximum([=](index i, index n, Vec<T>) { return load_n(x + i, n); });
    const Vec<T> log_total =
        log(Vec<T>(row.line.sum([=](index i, index n, Vec<T>) { return exp(load_n(x + i, n) - largest); })));
    const auto log_p = [=](index i, index n) { return load_n(x + i, n) - largest - log_total; };
    const Vec<T> value = row.line.sum([=](index i, index n, Vec<T>) {
      const Vec<T> w = focus.weight(i, n), l = log_p(i, n);
      return where(w != 0, w * power(-expm1(l), focus.gamma) * l);  // a class of no weight may be -infinity
    });
    c.value[r] = (-value).raw[0];
    const auto h = [=](index i, index n) {
      const Vec<T> w = focus.weight(i, n), l = log_p(i, n), miss = -expm1(l);
      return where(w != 0, w * (focus.gamma * power(miss, focus.gamma - 1) * exp(l) * l - power(miss, focus.gamma)));
    };
    Vec<T> total = 0;
    if (row.gradient) total = row.line.sum([=](index i, index n, Vec<T>) { return h(i, n); });
    row.line.each([=](index i, index n, Vec<T>) {
      const Vec<T> p = exp(log_p(i, n));
      if (row.gradient) store_n(row.gradient + i, row.scale * (h(i, n) - p * total), n);
      if (probability) store_n(probability + i, p, n);  // last: it may lie where x does
    });
  }
}

// (1 - p[y]^q) / q. The slope of a probability below epsilon is that at epsilon, since at 0 it is infinite.
template <class T>
[[gnu::flatten]] void categorical_generalized_cross_entropy(const LossCall<T>& c) {
  const Vec<T> q = c.parameters[0];
  if (c.gradient) fill(c.gradient, T(0), c.rows * c.columns);
  for (index r = 0; r < c.rows; r++) {
    const index at = r * c.columns + index(c.target[r]);
    const Vec<T> p = c.prediction[at];
    c.value[r] = ((1 - power(p, q)) / q).raw[0];
    if (c.gradient) c.gradient[at] = (-Vec<T>(c.scale[r]) * power(max(p, Vec<T>(kEpsilon)), q - 1)).raw[0];
  }
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
