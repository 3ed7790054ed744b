// Normally distributed numbers: the quantile function of the normal distribution, of one random word each. It is
// algorithm AS 241 of Wichura, "The percentage points of the normal distribution" (1988), PPND16. With 32 bits the
// numbers end at 6.3 standard deviations.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

/// c[0] + c[1] x + ... + c[7] x^7
template <class T>
inline Vec<T> polynomial(Vec<T> x, const double (&c)[8]) {
  Vec<T> p = c[7];
  UNROLL for (int i = 6; i >= 0; i--) p = fma(p, x, Vec<T>(c[i]));
  return p;
}

/// The size of the quantile at p, 0 < p <= 1/2.
template <class T>
inline Vec<T> quantile_size(Vec<T> p) {
  static constexpr double kCenterNumerator[8] = {
      3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
      4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3};
  static constexpr double kCenterDenominator[8] = {1,
                                                   4.2313330701600911252e1,
                                                   6.8718700749205790830e2,
                                                   5.3941960214247511077e3,
                                                   2.1213794301586595867e4,
                                                   3.9307895800092710610e4,
                                                   2.8729085735721942674e4,
                                                   5.2264952788528545610e3};
  static constexpr double kTailNumerator[8] = {
      1.42343711074968357734e0, 4.63033784615654529590e0,  5.76949722146069140550e0,  3.64784832476320460504e0,
      1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
  static constexpr double kTailDenominator[8] = {1,
                                                 2.05319162663775882187e0,
                                                 1.67638483018380384940e0,
                                                 6.89767334985100004550e-1,
                                                 1.48103976427480074590e-1,
                                                 1.51986665636164571966e-2,
                                                 5.47593808499534494600e-4,
                                                 1.05075007164441684324e-9};
  const Vec<T> q = 0.5 - p, r = fma(-q, q, Vec<T>(0.180625));
  const Vec<T> center = q * (polynomial(r, kCenterNumerator) / polynomial(r, kCenterDenominator));
  const Vec<T> s = sqrt(-log(p)) - 1.6;
  const Vec<T> tail = polynomial(s, kTailNumerator) / polynomial(s, kTailDenominator);
  return select(q <= 0.425, center, tail);
}

/// y = x (1 + spread n) + noise n, where n is normal with mean 0 and deviation 1, for elements first .. first + n - 1.
template <class T>
[[gnu::flatten]] void gaussian(const T* x, T* y, index first_element, index n, double spread, double noise,
                               RandomKey key) {
  const Vec<T> b = spread, a = noise;
  for_random(first_element, n, key, [=](index i, index count, const std::uint32_t* bits) {
    alignas(64) T p[4 * kCounters];
    alignas(64) T side[4 * kCounters];
    // p of the nearer end, from the integer: a probability near 1 would lose its digits.
    for (index j = 0; j < count; j++) {
      const bool above = bits[j] >> 31;
      p[j] = (T(std::int32_t(above ? ~bits[j] : bits[j])) + T(0.5)) * T(1 / 4294967296.0);
      side[j] = above ? T(1) : T(-1);
    }
    for_vectors<T>(count, [=](index j, index lanes) {
      const Vec<T> normal = load_n(side + j, lanes) * quantile_size(load_n(p + j, lanes));
      const Vec<T> X = load_n(x + i + j, lanes);
      store_n(y + i + j, fma(X, b * normal, fma(a, normal, X)), lanes);
    });
  });
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
