// Elementary functions of vectors: within 2 ULP in float and 4 in double, for every argument; NaN stays NaN, signed
// zeros, infinities and subnormal results are right.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

// Numbers that depend on the precision. ln 2 is in two parts of which the first times any exponent is exact.
template <class T>
struct Constants;

template <>
struct Constants<float> {
  static constexpr double kLn2High = 0.693359375, kLn2Low = -2.12194440e-4;
  static constexpr double kExpLow = -104, kExpHigh = 89, kExpm1Low = -20, kExpm1High = 88;
  static constexpr double kOne = 8388608, kShift = 12582912;  // 2^23, 1.5 x 2^23
  static constexpr double kMinNormal = 1.17549435e-38;
  static constexpr int kExpTerms = 7, kLogTerms = 4;
};

template <>
struct Constants<double> {
  static constexpr double kLn2High = 6.93145751953125e-1, kLn2Low = 1.42860682030941723212e-6;
  static constexpr double kExpLow = -746, kExpHigh = 710, kExpm1Low = -40, kExpm1High = 709;
  static constexpr double kOne = 4503599627370496, kShift = 6755399441055744;  // 2^52, 1.5 x 2^52
  static constexpr double kMinNormal = 2.2250738585072014e-308;
  static constexpr int kExpTerms = 13, kLogTerms = 10;
};

/// 2^n for an integer n that gives a normal number; n in two's complement.
template <class T>
inline Vec<T> power_of_two(typename Vec<T>::Unsigned n) {
  return Vec<T>::from_bits((n + Format<T>::kBias) << Format<T>::kMantissaBits);
}

constexpr double kInverseFactorial[] = {// of 2, 3, ...
                                        1. / 2,       1. / 6,        1. / 24,        1. / 120,
                                        1. / 720,     1. / 5040,     1. / 40320,     1. / 362880,
                                        1. / 3628800, 1. / 39916800, 1. / 479001600, 1. / 6227020800};

/// x = n ln 2 + r + r_low with |r| <= ln 2 / 2; n is an integer in two's complement.
template <class T>
struct Reduced {
  Vec<T> r, r_low;
  typename Vec<T>::Unsigned n;

  explicit Reduced(Vec<T> x) {
    using C = Constants<T>;
    const Vec<T> shifted = fma(x, Vec<T>(1.44269504088896340736), Vec<T>(C::kShift));  // rounds to an integer
    const Vec<T> whole = shifted - C::kShift;
    n = shifted.bits() - Vec<T>(C::kShift).bits();
    const Vec<T> high = fma(whole, Vec<T>(-C::kLn2High), x);
    r = fma(whole, Vec<T>(-C::kLn2Low), high);
    r_low = fma(whole, Vec<T>(-C::kLn2Low), high - r);
  }

  /// e^r - 1 - r by its Taylor series.
  Vec<T> series() const {
    constexpr int last = Constants<T>::kExpTerms - 2;
    Vec<T> p = kInverseFactorial[last];
    UNROLL for (int i = last - 1; i >= 0; i--) p = fma(p, r, Vec<T>(kInverseFactorial[i]));
    return p * (r * r);
  }
};

template <class T>
inline Vec<T> exp(Vec<T> x) {
  using C = Constants<T>;
  const Reduced<T> z(min(max(x, Vec<T>(C::kExpLow)), Vec<T>(C::kExpHigh)));
  // 2^n in two factors: the first product is exact, so that overflow and subnormals are rounded once.
  const auto half = ((z.n + 4096) >> 1) - 2048;
  const Vec<T> sum = 1 + z.r, lost = z.r - (sum - 1);  // rounding errors are carried: 0.6 ULP, not 1
  return (sum + (lost + (z.series() + z.r_low))) * power_of_two<T>(half) * power_of_two<T>(z.n - half);
}

/// e^x - 1 for x up to 88 (float) or 709 (double); larger x count as that.
template <class T>
inline Vec<T> expm1(Vec<T> x) {
  using C = Constants<T>;
  const Reduced<T> z(min(max(x, Vec<T>(C::kExpm1Low)), Vec<T>(C::kExpm1High)));
  const Vec<T> scale = power_of_two<T>(z.n);
  return fma(scale, z.r + (z.series() + z.r_low), scale - 1);
}

/// x = 2^k m with m in [sqrt(1/2), sqrt(2)), for x >= 0.
template <class T>
struct Split {
  Vec<T> k, m;

  explicit Split(Vec<T> x) {
    using C = Constants<T>;
    constexpr int bits = Format<T>::kMantissaBits, bias = Format<T>::kBias;
    const Mask<T> subnormal = x < C::kMinNormal;
    const auto u = select(subnormal, x * C::kOne, x).bits();
    // kept above 0, since not every instruction set shifts 64-bit integers arithmetically
    const auto exponent = (u - Vec<T>(0.70710678118654752440).bits() + (Vec<T>(1).bits())) >> bits;
    m = Vec<T>::from_bits(u - ((exponent - bias) << bits));
    k = Vec<T>::from_bits(exponent | Vec<T>(C::kOne).bits()) - (C::kOne + bias);
    k = select(subnormal, k - bits, k);
  }
};

/// k ln 2 + log(1 + f) + c, as in fdlibm: log(1 + f) = 2 atanh(s) = 2 s + 2 s^3 / 3 + ... where s = f / (2 + f).
template <class T>
inline Vec<T> log_sum(Vec<T> k, Vec<T> f, Vec<T> c) {
  using C = Constants<T>;
  const Vec<T> s = f / (2 + f), z = s * s;
  Vec<T> p = 2. / (2 * C::kLogTerms + 1);
  UNROLL for (int i = C::kLogTerms - 1; i > 0; i--) p = fma(p, z, Vec<T>(2. / (2 * i + 1)));
  const Vec<T> half_square = 0.5 * f * f;
  const Vec<T> rest = fma(s, fma(p, z, half_square), fma(k, Vec<T>(C::kLn2Low), c));
  const Vec<T> high = k * C::kLn2High, sum = high + f, lost = (high - sum) + f;  // high is exact
  return sum - (half_square - (rest + lost));
}

/// `y` where x is an ordinary argument of a logarithm; -infinity at 0, NaN below, infinity and NaN as they are.
template <class T>
inline Vec<T> log_or_special(Vec<T> x, Vec<T> y) {
  y = select(x == 0, Vec<T>(-__builtin_inf()), y);
  y = select(x < 0, Vec<T>(__builtin_nan("")), y);
  return select(x < __builtin_inf(), y, x);
}

template <class T>
inline Vec<T> log(Vec<T> x) {
  const Split<T> u(x);
  return log_or_special(x, log_sum(u.k, u.m - 1, Vec<T>(0)));
}

/// log(1 + x)
template <class T>
inline Vec<T> log1p(Vec<T> x) {
  const Vec<T> sum = 1 + x;
  const Split<T> u(sum);
  const Mask<T> small = u.k == 0;  // then x itself is exact, where 1 + x is rounded
  const Vec<T> lost = select(x > 1, 1 - (sum - x), x - (sum - 1)) / sum;
  const Vec<T> y = log_sum(u.k, select(small, x, u.m - 1), select(small, Vec<T>(0), lost));
  return select(x == 0, x, log_or_special(sum, y));
}

inline Vec<float> tanh_near_zero(Vec<float> x) {  // Cephes, tanhf.c
  using V = Vec<float>;
  const V z = x * x;
  V p = -5.70498872745e-3;
  p = fma(p, z, V(2.06390887954e-2));
  p = fma(p, z, V(-5.37397155531e-2));
  p = fma(p, z, V(1.33314422036e-1));
  p = fma(p, z, V(-3.33332819422e-1));
  return fma(p * z, x, x);
}

inline Vec<double> tanh_near_zero(Vec<double> x) {  // Cephes, tanh.c
  using V = Vec<double>;
  const V z = x * x;
  V p = -9.64399179425052238628e-1;
  p = fma(p, z, V(-9.92877231001918586564e1));
  p = fma(p, z, V(-1.61468768441708447952e3));
  V q = z + 1.12811678491632931402e2;
  q = fma(q, z, V(2.23548839060100448583e3));
  q = fma(q, z, V(4.84406305325125486048e3));
  return fma(p / q * z, x, x);
}

template <class T>
inline Vec<T> tanh(Vec<T> x) {
  const Vec<T> a = abs(x);
  const Vec<T> far = copysign(1 - 2 / (exp(a + a) + 1), x);
  return select(a < 0.625, select(x == 0, x, tanh_near_zero(x)), far);
}

/// 1 / (1 + e^-x)
template <class T>
inline Vec<T> sigmoid(Vec<T> x) {
  const Vec<T> e = exp(-abs(x)), sum = 1 + e, lost = e - (sum - 1);
  const Vec<T> y = select(x < 0, e, Vec<T>(1)) / sum;
  return y - y * lost * (1 / sum);
}

/// log(1 + e^x)
template <class T>
inline Vec<T> softplus(Vec<T> x) {
  return max(x, Vec<T>(0)) + log1p(exp(-abs(x)));
}

/// Two branches that meet at 0.9277 (N. Juffa's erff): an odd polynomial, and 1 - exp of another.
inline Vec<float> erf(Vec<float> x) {
  using V = Vec<float>;
  const V a = abs(x), z = x * x;
  V p = fma(V(-1.72853470e-5), a, V(3.83197126e-4));
  p = fma(p, z, fma(V(-3.88396438e-3), a, V(2.42546219e-2)));
  p = fma(p, a, V(-1.06777877e-1));
  p = fma(p, a, V(-6.34846687e-1));
  p = fma(p, a, V(-1.28717512e-1));
  p = fma(p, a, -a);
  V q = -5.96761703e-4;
  q = fma(q, z, V(4.99119423e-3));
  q = fma(q, z, V(-2.67681349e-2));
  q = fma(q, z, V(1.12819925e-1));
  q = fma(q, z, V(-3.76125336e-1));
  q = fma(q, z, V(1.28379166e-1));
  return select(a > 0.927734375, copysign(1 - exp(min(p, V(0))), x), fma(q, x, x));
}

inline Vec<double> erf(Vec<double> x) {
  for (index i = 0; i < Vec<double>::kLanes; i++) x.raw[i] = __builtin_erf(x.raw[i]);
  return x;
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
