// Elementwise activations y = f(x) and their derivatives: one pair each, and one row of the list at the end.
// df is given y where the row says FROM_Y, otherwise x. p are the parameters of the row, in its order.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

/// `a` where the mask holds, 0 elsewhere.
template <class T>
inline Vec<T> where(Mask<T> m, Vec<T> a) {
  return select(m, a, Vec<T>(0));
}

/// x within [low, high]; NaN stays NaN.
template <class V>
inline V clamp(V x, double low, double high) {
  return min(max(x, V(low)), V(high));
}

template <class V>
struct Celu {
  static V f(V x, const V* p) { return select(x >= 0, x, p[0] * expm1(x / p[0])); }
  static V df(V y, const V* p) { return select(y >= 0, V(1), 1 + y / p[0]); }
};

template <class V>
struct Elu {
  static V f(V x, const V* p) { return select(x >= 0, x, p[0] * expm1(x)); }
  static V df(V x, const V* p) { return select(x >= 0, V(1), p[0] * exp(x)); }
};

template <class V>
struct Exponential {
  static V f(V x, const V*) { return exp(x); }
  static V df(V y, const V*) { return y; }
};

// Hendrycks and Gimpel, 2016; the approximation is theirs too.
template <class V>
struct Gelu {
  static V inner(V x) { return 0.79788456080286535588 * x * fma(0.044715 * x, x, V(1)); }
  static V f(V x, const V* p) {
    if (p[0].raw[0] != 0) return 0.5 * x * (1 + tanh(inner(x)));
    return 0.5 * x * (1 + erf(0.70710678118654752440 * x));
  }
  static V df(V x, const V* p) {
    if (p[0].raw[0] != 0) {
      const V t = tanh(inner(x)), slope = 0.79788456080286535588 * fma(0.134145 * x, x, V(1));
      return 0.5 * (1 + t) + where(t * t < 1, 0.5 * x * (1 - t * t) * slope);
    }
    const V density = 0.39894228040143267794 * exp(-0.5 * x * x);
    return fma(x, density, 0.5 * (1 + erf(0.70710678118654752440 * x)));
  }
};

template <class V>
struct HardShrink {
  static V f(V x, const V* p) { return select(abs(x) <= p[0], V(0), x); }
  static V df(V x, const V* p) { return where(abs(x) > p[0], V(1)); }
};

template <class V>
struct HardSigmoid {
  static V f(V x, const V*) { return clamp(x + 3, 0, 6) / 6; }
  static V df(V y, const V*) { return where((y > 0) & (y < 1), V(1. / 6)); }
};

template <class V>
struct HardSilu {
  static V f(V x, const V*) { return x * clamp(x + 3, 0, 6) / 6; }
  static V df(V x, const V*) { return select(x >= 3, V(1), where(x > -3, (x + 1.5) / 3)); }
};

template <class V>
struct HardTanh {
  static V f(V x, const V*) { return clamp(x, -1, 1); }
  static V df(V y, const V*) { return where((y > -1) & (y < 1), V(1)); }
};

template <class V>
struct LeakyRelu {
  static V f(V x, const V* p) { return select(x > 0, x, p[0] * x); }
  static V df(V x, const V* p) { return select(x > 0, V(1), p[0]); }
};

template <class V>
struct Linear {
  static V f(V x, const V*) { return x; }
  static V df(V, const V*) { return 1; }
};

template <class V>
struct LogSigmoid {
  static V f(V x, const V*) { return -softplus(-x); }
  static V df(V x, const V*) { return sigmoid(-x); }
};

// tanh(softplus(x)) = n / (n + 2) where n = e (e + 2), e = exp(x); 1 from x = 20 on.   Misra, 2019
template <class V>
struct Mish {
  static V f(V x, const V*) {
    const V e = exp(min(x, V(20))), n = e * (e + 2);
    return x * (n / (n + 2));
  }
  static V df(V x, const V*) {
    const V e = exp(min(x, V(20))), n = e * (e + 2), d = n + 2;
    return select(x > 20, V(1), n / d + x * (4 * e * (e + 1) / (d * d)));
  }
};

// p: negative_slope, max_value, threshold
template <class V>
struct Relu {
  static V f(V x, const V* p) {
    const V below = select(p[0] == 0, V(0), p[0] * (x - p[2]));  // 0 times -infinity is NaN
    return select(x <= p[2], below, min(x, p[1]));
  }
  static V df(V y, const V* p) { return select(y > 0, where(y < p[1], V(1)), p[0]); }
};

template <class V>
struct Relu6 {
  static V f(V x, const V*) { return clamp(x, 0, 6); }
  static V df(V y, const V*) { return where((y > 0) & (y < 6), V(1)); }
};

// Klambauer et al., "Self-normalizing neural networks" (2017).
template <class V>
struct Selu {
  static constexpr double kAlpha = 1.6732632423543772848, kScale = 1.0507009873554804934;
  static V f(V x, const V*) { return kScale * select(x >= 0, x, kAlpha * expm1(x)); }
  static V df(V y, const V*) { return select(y >= 0, V(kScale), y + kScale * kAlpha); }
};

template <class V>
struct Sigmoid {
  static V f(V x, const V*) { return sigmoid(x); }
  static V df(V y, const V*) { return y * (1 - y); }
};

template <class V>
struct Silu {
  static V f(V x, const V*) { return x * sigmoid(x); }
  static V df(V x, const V*) {
    const V s = sigmoid(x);
    return s * fma(x, 1 - s, V(1));
  }
};

template <class V>
struct SoftShrink {
  static V f(V x, const V* p) { return select(abs(x) <= p[0], V(0), x - copysign(p[0], x)); }
  static V df(V y, const V*) { return where(y != 0, V(1)); }
};

template <class V>
struct Softplus {
  static V f(V x, const V*) { return softplus(x); }
  static V df(V x, const V*) { return sigmoid(x); }
};

template <class V>
struct Softsign {
  static V f(V x, const V*) { return x / (1 + abs(x)); }
  static V df(V x, const V*) {
    const V r = 1 / (1 + abs(x));
    return r * r;
  }
};

template <class V>
struct SparsePlus {
  static V f(V x, const V*) {
    const V h = 0.5 * (x + 1);
    return select(x >= 1, x, select(x <= -1, V(0), h * h));
  }
  static V df(V x, const V*) { return clamp(0.5 * (x + 1), 0, 1); }
};

template <class V>
struct SparseSigmoid {
  static V f(V x, const V*) { return clamp(0.5 * (x + 1), 0, 1); }
  static V df(V y, const V*) { return where((y > 0) & (y < 1), V(0.5)); }
};

// The sum x + sqrt(x^2 + b) cancels for negative x, where it equals b / (sqrt(x^2 + b) - x).
template <class V>
struct Squareplus {
  static V f(V x, const V* p) {
    const V s = sqrt(fma(x, x, p[0])) + abs(x);
    return 0.5 * select(x < 0, p[0] / s, s);
  }
  static V df(V x, const V* p) { return 0.5 * (1 + x / sqrt(fma(x, x, p[0]))); }
};

template <class V>
struct Tanh {
  static V f(V x, const V*) { return tanh(x); }
  static V df(V y, const V*) { return (1 - y) * (1 + y); }
};

template <class V>
struct TanhShrink {
  static V f(V x, const V*) { return x - tanh(x); }
  static V df(V x, const V*) {
    const V t = tanh(x);
    return t * t;
  }
};

// p: threshold, default_value
template <class V>
struct Threshold {
  static V f(V x, const V* p) { return select(x <= p[0], p[1], x); }
  static V df(V x, const V* p) { return where(x > p[0], V(1)); }
};

template <class T>
struct Parameters {
  Vec<T> value[kMaxParameters];
  Parameters(const T* parameters, int count) {
    for (int i = 0; i < kMaxParameters; i++) value[i] = i < count ? parameters[i] : T(0);
  }
};

// y (n) = f(x)
template <class T, template <class> class Pair, int kParameters>
[[gnu::flatten]] void activate(const T* x, T* y, index n, const T* parameters) {
  const Parameters<T> p(parameters, kParameters);
  for_vectors<T>(n,
                 [&](index i, index count) { store_n(y + i, Pair<Vec<T>>::f(load_n(x + i, count), p.value), count); });
}

// dx (n) = dy f'(x)
template <class T, template <class> class Pair, int kParameters>
[[gnu::flatten]] void activate_backward(const T* xy, const T* dy, T* dx, index n, const T* parameters) {
  const Parameters<T> p(parameters, kParameters);
  for_vectors<T>(n, [&](index i, index count) {
    store_n(dx + i, load_n(dy + i, count) * Pair<Vec<T>>::df(load_n(xy + i, count), p.value), count);
  });
}

enum DerivativeFrom { FROM_X, FROM_Y };

template <class T, template <class> class Pair, class... P>
constexpr Activation<T> row(const char* name, DerivativeFrom from, const char* formula, P... parameters) {
  constexpr int n = sizeof...(P);
  return {name, formula, {parameters...}, from == FROM_Y, activate<T, Pair, n>, activate_backward<T, Pair, n>};
}

constexpr ParameterInfo parameter(const char* name, double value) { return {name, value}; }

constexpr double kInfinity = __builtin_inf();

template <class T>
constexpr Activation<T> kActivations[] = {
    row<T, Celu>("celu", FROM_Y, "x if x > 0, else alpha (exp(x / alpha) - 1)", parameter("alpha", 1)),
    row<T, Elu>("elu", FROM_X, "x if x > 0, else alpha (exp(x) - 1)", parameter("alpha", 1)),
    row<T, Exponential>("exponential", FROM_Y, "exp(x)"),
    row<T, Gelu>("gelu", FROM_X, "x P(X <= x), X standard normal; or 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))",
                 parameter("approximate", 0)),
    row<T, HardShrink>("hard_shrink", FROM_X, "x if |x| > threshold, else 0", parameter("threshold", 0.5)),
    row<T, HardSigmoid>("hard_sigmoid", FROM_Y, "min(max(x + 3, 0), 6) / 6"),
    row<T, HardSilu>("hard_silu", FROM_X, "x hard_sigmoid(x)"),
    row<T, HardTanh>("hard_tanh", FROM_Y, "min(max(x, -1), 1)"),
    row<T, LeakyRelu>("leaky_relu", FROM_X, "x if x > 0, else negative_slope x", parameter("negative_slope", 0.2)),
    row<T, Linear>("linear", FROM_Y, "x"),
    row<T, LogSigmoid>("log_sigmoid", FROM_X, "log(1 / (1 + exp(-x)))"),
    row<T, Mish>("mish", FROM_X, "x tanh(log(1 + exp(x)))"),
    row<T, Relu>("relu", FROM_Y, "min(x, max_value) if x > threshold, else negative_slope (x - threshold)",
                 parameter("negative_slope", 0), parameter("max_value", kInfinity), parameter("threshold", 0)),
    row<T, Relu6>("relu6", FROM_Y, "min(max(x, 0), 6)"),
    row<T, Selu>("selu", FROM_Y, "1.0507 x if x > 0, else 1.7581 (exp(x) - 1)"),
    row<T, Sigmoid>("sigmoid", FROM_Y, "1 / (1 + exp(-x))"),
    row<T, Silu>("silu", FROM_X, "x / (1 + exp(-x))"),
    row<T, SoftShrink>("soft_shrink", FROM_Y, "x - sign(x) threshold if |x| > threshold, else 0",
                       parameter("threshold", 0.5)),
    row<T, Softplus>("softplus", FROM_X, "log(1 + exp(x))"),
    row<T, Softsign>("softsign", FROM_X, "x / (1 + |x|)"),
    row<T, SparsePlus>("sparse_plus", FROM_X, "0 if x <= -1, x if x >= 1, else (x + 1)^2 / 4"),
    row<T, SparseSigmoid>("sparse_sigmoid", FROM_Y, "min(max((x + 1) / 2, 0), 1)"),
    row<T, Squareplus>("squareplus", FROM_X, "(x + sqrt(x^2 + b)) / 2", parameter("b", 4)),
    row<T, Tanh>("tanh", FROM_Y, "tanh(x)"),
    row<T, TanhShrink>("tanh_shrink", FROM_X, "x - tanh(x)"),
    row<T, Threshold>("threshold", FROM_X, "x if x > threshold, else default_value", parameter("threshold", 0),
                      parameter("default_value", 0)),
};

template <class Row, index n>
constexpr index count(const Row (&)[n]) {
  return n;
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
