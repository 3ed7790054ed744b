// Losses: value[i] of each row of the prediction and, if asked for, gradient[i][j] = scale[i] d value[i] / d
// prediction[i][j]. Definitions are Keras 3's, with its epsilon. The list of all losses ends the file.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr double kEpsilon = 1e-7;

/// The value of a loss and its derivative by the prediction, for one element.
template <class V>
struct Both {
  V value, derivative;
};

// ---- Elementwise: y is the target, p the prediction, q the parameters of the row ----

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

template <class T>
[[gnu::flatten]] void binary_crossentropy_from_logits(const LossCall<T>& c) {
  elementwise_loss<T, BinaryCrossentropyFromLogits, MEAN, 1>(c);
  if (!c.probability) return;
  for_vectors<T>(c.rows * c.columns, [&](index i, index count) {
    store_n(c.probability + i, sigmoid(load_n(c.prediction + i, count)), count);
  });
}

// ---- Of whole rows ----

/// One row of a call.
template <class T>
struct RowOfLoss {
  const T *target, *prediction;
  T* gradient;
  Vec<T> scale;
  AlongLanes<T> line;

  RowOfLoss(const LossCall<T>& c, index i, index target_columns)
      : target(c.target + i * target_columns),
        prediction(c.prediction + i * c.columns),
        gradient(c.gradient ? c.gradient + i * c.columns : nullptr),
        scale(c.gradient ? Vec<T>(c.scale[i]) : Vec<T>(0)),
        line{c.columns} {}
};

// max(largest (1 - y) p - sum(y p) + 1, 0). Of several largest ones, the first one has the gradient.
template <class T>
[[gnu::flatten]] void categorical_hinge(const LossCall<T>& c) {
  for (index r = 0; r < c.rows; r++) {
    const RowOfLoss<T> row(c, r, c.columns);
    const T *y = row.target, *p = row.prediction;
    const Vec<T> positive = row.line.sum([=](index i, index n, Vec<T>) { return load_n(y + i, n) * load_n(p + i, n); });
    const auto others = [=](index i, index n, Vec<T>) { return (1 - load_n(y + i, n)) * load_n(p + i, n); };
    const Vec<T> negative = row.line.maximum(others);
    const Vec<T> margin = negative - positive + 1;
    c.value[r] = max(margin, Vec<T>(0)).raw[0];
    if (!row.gradient) continue;
    const Vec<T> place = -row.line.maximum([=](index i, index n, Vec<T> position) {
      return select(others(i, n, position) == negative, -position, Vec<T>(-__builtin_inf()));
    });
    row.line.each([=](index i, index n, Vec<T> position) {
      const Vec<T> t = load_n(y + i, n);
      store_n(row.gradient + i, where(margin > 0, row.scale * (where(position == place, 1 - t) - t)), n);
    });
  }
}

// -sum(y / |y| p / |p|), norms at least epsilon.
template <class T>
[[gnu::flatten]] void cosine_similarity(const LossCall<T>& c) {
  for (index r = 0; r < c.rows; r++) {
    const RowOfLoss<T> row(c, r, c.columns);
    const T *y = row.target, *p = row.prediction;
    const auto product = [&](const T* a, const T* b) {
      return row.line.sum([=](index i, index n, Vec<T>) { return load_n(a + i, n) * load_n(b + i, n); });
    };
    const Vec<T> y_norm = max(sqrt(product(y, y)), Vec<T>(kEpsilon)), p_true_norm = sqrt(product(p, p));
    const Vec<T> p_norm = max(p_true_norm, Vec<T>(kEpsilon));
    const Vec<T> cosine = product(y, p) / y_norm / p_norm;
    c.value[r] = (-cosine).raw[0];
    if (!row.gradient) continue;
    const Vec<T> along = where(p_true_norm >= kEpsilon, cosine / p_norm);  // p / |p| turns only if it is normalised
    row.line.each([=](index i, index n, Vec<T>) {
      const Vec<T> d = along * load_n(p + i, n) - load_n(y + i, n) / y_norm;
      store_n(row.gradient + i, row.scale * d / p_norm, n);
    });
  }
}

/// What the target says of the classes of a row: weights, or the index of one class.
template <class T, bool kSparse>
struct ClassTarget {
  const T* target;
  Vec<T> klass, smoothing, classes;

  Vec<T> weight(index i, index count, Vec<T> position) const {
    if (kSparse) return where(position == klass, Vec<T>(1));
    return smoothed(load_n(target + i, count), smoothing, classes);
  }
};

// -sum(y log(q)), where q = p / sum(p), clipped to [epsilon, 1 - epsilon].
// With g = d value / d q, zero where q is clipped, d value / d p = (g - sum(g q)) / sum(p).
template <class T, bool kSparse>
[[gnu::flatten]] void crossentropy(const LossCall<T>& c) {
  for (index r = 0; r < c.rows; r++) {
    const RowOfLoss<T> row(c, r, kSparse ? 1 : c.columns);
    const T* p = row.prediction;
    const ClassTarget<T, kSparse> y = {row.target, row.target[0], kSparse ? T(0) : c.parameters[0], double(c.columns)};
    const Vec<T> total = row.line.sum([=](index i, index n, Vec<T>) { return load_n(p + i, n); });
    const Vec<T> value = row.line.sum([=](index i, index n, Vec<T> position) {
      return y.weight(i, n, position) * log(clamp(load_n(p + i, n) / total, kEpsilon, 1 - kEpsilon));
    });
    c.value[r] = (-value).raw[0];
    if (!row.gradient) continue;
    const auto g_times_q = [=](index i, index n, Vec<T> position) {
      const Vec<T> q = load_n(p + i, n) / total;
      return where((q >= kEpsilon) & (q <= 1 - kEpsilon), -y.weight(i, n, position));
    };
    const Vec<T> dot = row.line.sum(g_times_q);
    row.line.each([=](index i, index n, Vec<T> position) {
      const Vec<T> q = load_n(p + i, n) / total, gq = g_times_q(i, n, position);
      store_n(row.gradient + i, row.scale * (select(gq == 0, gq, gq / q) - dot) / total, n);
    });
  }
}

/// Softmax cross-entropy of one line of logits x. `e` is room for the line, may be x itself or null; so may be
/// `probability` and `gradient`. Gradient: softmax(x) sum(y) - y.
template <class T, bool kSparse, class Line>
inline Vec<T> softmax_crossentropy(const Line& line, const T* x, const ClassTarget<T, kSparse>& y, Vec<T> scale, T* e,
                                   T* probability, T* gradient) {
  const Vec<T> largest = line.maximum([=](index i, index n, Vec<T>) { return load_n(x + i, n); });
  Vec<T> weights = 1;
  if (!kSparse) weights = line.sum([=](index i, index n, Vec<T> position) { return y.weight(i, n, position); });
  const Vec<T> dot = line.sum([=](index i, index n, Vec<T> position) {
    const Vec<T> weight = y.weight(i, n, position);
    return where(weight != 0, weight * (load_n(x + i, n) - largest));  // a class of no weight may be -infinity
  });
  const Vec<T> total = line.sum([=](index i, index n, Vec<T>) {
    const Vec<T> v = exp(load_n(x + i, n) - largest);
    if (e) store_n(e + i, v, n);
    return v;
  });
  if (e) {
    line.each([=](index i, index n, Vec<T> position) {
      const Vec<T> p = load_n(e + i, n) / total;
      if (gradient) store_n(gradient + i, scale * (p * weights - y.weight(i, n, position)), n);
      if (probability) store_n(probability + i, p, n);
    });
  }
  return weights * log(total) - dot;
}

// Few classes: one row per lane, 0.2 us instead of 1.8 for 10 rows of 2.
template <class T, bool kSparse>
inline void crossentropy_of_short_rows(const LossCall<T>& c) {
  constexpr index W = Vec<T>::kLanes;
  const index columns = c.columns;
  ShortRows<T> x, target, gradient;
  for (index r = 0; r < c.rows; r += W) {
    const index rows = least(W, c.rows - r);
    x.load(c.prediction + r * columns, rows, columns);
    if (!kSparse) target.load(c.target + r * columns, rows, columns);
    const ClassTarget<T, kSparse> y = {target.lane, kSparse ? load_n(c.target + r, rows) : Vec<T>(0),
                                       kSparse ? T(0) : c.parameters[0], double(columns)};
    const Vec<T> scale = c.gradient ? load_n(c.scale + r, rows) : Vec<T>(0);
    const Vec<T> value = softmax_crossentropy(PerLane<T>{columns, W, W}, x.lane, y, scale, x.lane, x.lane,
                                              c.gradient ? gradient.lane : nullptr);
    store_n(c.value + r, value, rows);
    if (c.gradient) gradient.store(c.gradient + r * columns, rows, columns);
    if (c.probability) x.store(c.probability + r * columns, rows, columns);
  }
}

template <class T, bool kSparse>
[[gnu::flatten]] void crossentropy_from_logits(const LossCall<T>& c) {
  if (c.columns <= kFewColumns) return crossentropy_of_short_rows<T, kSparse>(c);
  for (index r = 0; r < c.rows; r++) {
    const RowOfLoss<T> row(c, r, kSparse ? 1 : c.columns);
    const ClassTarget<T, kSparse> y = {row.target, row.target[0], kSparse ? T(0) : c.parameters[0], double(c.columns)};
    T* probability = c.probability ? c.probability + r * c.columns : nullptr;
    const Vec<T> value = softmax_crossentropy(row.line, row.prediction, y, row.scale,
                                              row.gradient ? row.gradient : probability, probability, row.gradient);
    c.value[r] = value.raw[0];
  }
}

// -x[y] for log-probabilities x
template <class T>
void negative_log_likelihood(const LossCall<T>& c) {
  if (c.gradient) fill(c.gradient, T(0), c.rows * c.columns);
  for (index r = 0; r < c.rows; r++) {
    const index at = r * c.columns + index(c.target[r]);
    c.value[r] = -c.prediction[at];
    if (c.gradient) c.gradient[at] = -c.scale[r];
  }
}

template <class T, template <class> class Element, Reduction kReduction = MEAN, class... P>
constexpr Loss<T> elementwise_row(const char* name, const char* formula, P... parameters) {
  return {name, formula, {parameters...}, false, false, elementwise_loss<T, Element, kReduction, sizeof...(P)>};
}

enum Target { DENSE, SPARSE };
enum Prediction { PLAIN, LOGITS };

template <class T, class... P>
constexpr Loss<T> row_loss(const char* name, const char* formula, Target target, Prediction prediction,
                           void (*run)(const LossCall<T>&), P... parameters) {
  return {name, formula, {parameters...}, target == SPARSE, prediction == LOGITS, run};
}

constexpr ParameterInfo kSmoothing = parameter("label_smoothing", 0);

template <class T>
constexpr Loss<T> kLosses[] = {
    elementwise_row<T, SquaredError>("mean_squared_error", "mean((p - y)^2)"),
    elementwise_row<T, AbsoluteError>("mean_absolute_error", "mean(|p - y|)"),
    elementwise_row<T, AbsolutePercentageError>("mean_absolute_percentage_error", "100 mean(|p - y| / |y|)"),
    elementwise_row<T, SquaredLogarithmicError>("mean_squared_logarithmic_error", "mean((log(1 + p) - log(1 + y))^2)"),
    elementwise_row<T, Hinge>("hinge", "mean(max(1 - y p, 0))", parameter("binary_labels", 0)),
    elementwise_row<T, SquaredHinge>("squared_hinge", "mean(max(1 - y p, 0)^2)", parameter("binary_labels", 0)),
    elementwise_row<T, LogCosh>("log_cosh", "mean(log(cosh(p - y)))"),
    elementwise_row<T, Huber>("huber", "mean(e^2 / 2 if |e| <= delta, else delta (|e| - delta / 2)), e = p - y",
                              parameter("delta", 1)),
    elementwise_row<T, Poisson>("poisson", "mean(p - y log(p))"),
    elementwise_row<T, KlDivergence, SUM>("kl_divergence", "sum(y log(y / p))"),
    elementwise_row<T, BinaryCrossentropy>("binary_crossentropy", "-mean(y log(p) + (1 - y) log(1 - p))", kSmoothing),
    row_loss<T>("binary_crossentropy_from_logits", "mean(log(1 + exp(x)) - y x)", DENSE, LOGITS,
                binary_crossentropy_from_logits<T>, kSmoothing),
    row_loss<T>("categorical_hinge", "max(max((1 - y) p) - sum(y p) + 1, 0)", DENSE, PLAIN, categorical_hinge<T>),
    row_loss<T>("cosine_similarity", "-sum(y p) / (|y| |p|)", DENSE, PLAIN, cosine_similarity<T>),
    row_loss<T>("categorical_crossentropy", "-sum(y log(p / sum(p)))", DENSE, PLAIN, crossentropy<T, false>,
                kSmoothing),
    row_loss<T>("sparse_categorical_crossentropy", "-log(p[y] / sum(p))", SPARSE, PLAIN, crossentropy<T, true>),
    row_loss<T>("categorical_crossentropy_from_logits", "sum(y) log(sum(exp(x))) - sum(y x)", DENSE, LOGITS,
                crossentropy_from_logits<T, false>, kSmoothing),
    row_loss<T>("sparse_categorical_crossentropy_from_logits", "log(sum(exp(x))) - x[y]", SPARSE, LOGITS,
                crossentropy_from_logits<T, true>),
    row_loss<T>("negative_log_likelihood", "-x[y] of log-probabilities x", SPARSE, PLAIN, negative_log_likelihood<T>),
};

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
