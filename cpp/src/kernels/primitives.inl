// Elementwise functions of one or two operands, what custom code is made of: f and its derivatives, and one row of the
// list at the end for each. Truth is 1, its absence 0.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {
namespace primitive {

/// A function of the C library, lane by lane.
template <class T, class F>
inline Vec<T> each_lane(Vec<T> x, F f) {
  UNROLL for (index i = 0; i < Vec<T>::kLanes; i++) x.raw[i] = f(x.raw[i]);
  return x;
}

template <class T, class F>
inline Vec<T> each_lane(Vec<T> x, Vec<T> z, F f) {
  UNROLL for (index i = 0; i < Vec<T>::kLanes; i++) x.raw[i] = f(x.raw[i], z.raw[i]);
  return x;
}

#define RANVIER_OF_C(name)                                             \
  struct C_##name {                                                    \
    float operator()(float x) const { return __builtin_##name##f(x); } \
    double operator()(double x) const { return __builtin_##name(x); }  \
  };
#define RANVIER_OF_C_2(name)                                                       \
  struct C_##name {                                                                \
    float operator()(float x, float z) const { return __builtin_##name##f(x, z); } \
    double operator()(double x, double z) const { return __builtin_##name(x, z); } \
  };
RANVIER_OF_C(acos)
RANVIER_OF_C(acosh)
RANVIER_OF_C(asin)
RANVIER_OF_C(asinh)
RANVIER_OF_C(atan)
RANVIER_OF_C(atanh)
RANVIER_OF_C(ceil)
RANVIER_OF_C(cos)
RANVIER_OF_C(cosh)
RANVIER_OF_C(floor)
RANVIER_OF_C(rint)
RANVIER_OF_C(sin)
RANVIER_OF_C(sinh)
RANVIER_OF_C(tan)
RANVIER_OF_C(trunc)
RANVIER_OF_C_2(atan2)
RANVIER_OF_C_2(pow)
#undef RANVIER_OF_C
#undef RANVIER_OF_C_2

/// 1 where the mask holds.
template <class T>
inline Vec<T> truth(Mask<T> m) {
  return select(m, Vec<T>(1), Vec<T>(0));
}

// --- Of one operand: f(x), and df(x, y) ------------------------------------------------------------------------------

#define RANVIER_UNARY(Name, value, slope)                                     \
  template <class V>                                                          \
  struct Name {                                                               \
    static V f(V x) { return value; }                                         \
    static V df([[maybe_unused]] V x, [[maybe_unused]] V y) { return slope; } \
  };
RANVIER_UNARY(Absolute, abs(x), select(x == 0, V(0), sign(x)))
RANVIER_UNARY(Arccos, each_lane(x, C_acos()), -1 / sqrt((1 - x) * (1 + x)))
RANVIER_UNARY(Arccosh, each_lane(x, C_acosh()), 1 / sqrt((x - 1) * (x + 1)))
RANVIER_UNARY(Arcsin, each_lane(x, C_asin()), 1 / sqrt((1 - x) * (1 + x)))
RANVIER_UNARY(Arcsinh, each_lane(x, C_asinh()), 1 / sqrt(fma(x, x, V(1))))
RANVIER_UNARY(Arctan, each_lane(x, C_atan()), 1 / fma(x, x, V(1)))
RANVIER_UNARY(Arctanh, each_lane(x, C_atanh()), 1 / ((1 - x) * (1 + x)))
RANVIER_UNARY(Ceil, each_lane(x, C_ceil()), V(0))
RANVIER_UNARY(Cos, each_lane(x, C_cos()), -each_lane(x, C_sin()))
RANVIER_UNARY(Cosh, each_lane(x, C_cosh()), each_lane(x, C_sinh()))
RANVIER_UNARY(Erf, erf(x), 1.12837916709551257390 * exp(-x * x))
RANVIER_UNARY(Exp, exp(x), y)
RANVIER_UNARY(Exp2, exp(0.69314718055994530942 * x), 0.69314718055994530942 * y)
RANVIER_UNARY(Expm1, select(x > 80, exp(x), expm1(x)), y + 1)  // expm1 stops where exp still grows
RANVIER_UNARY(Floor, each_lane(x, C_floor()), V(0))
RANVIER_UNARY(IsFinite, truth(x - x == 0), V(0))
RANVIER_UNARY(IsInf, truth(abs(x) == V(__builtin_inf())), V(0))
RANVIER_UNARY(IsNan, truth(x != x), V(0))
RANVIER_UNARY(Log, log(x), 1 / x)
RANVIER_UNARY(Log10, 0.43429448190325182765 * log(x), 0.43429448190325182765 / x)
RANVIER_UNARY(Log1p, log1p(x), 1 / (1 + x))
RANVIER_UNARY(Log2, 1.44269504088896340736 * log(x), 1.44269504088896340736 / x)
RANVIER_UNARY(LogicalNot, truth(x == 0), V(0))
RANVIER_UNARY(Negative, -x, V(-1))
RANVIER_UNARY(Reciprocal, 1 / x, -y* y)
RANVIER_UNARY(Round, each_lane(x, C_rint()), V(0))
RANVIER_UNARY(Rsqrt, 1 / sqrt(x), -0.5 * y / x)
RANVIER_UNARY(Sign, select(x == x, sign(x), x), V(0))
RANVIER_UNARY(Sin, each_lane(x, C_sin()), each_lane(x, C_cos()))
RANVIER_UNARY(Sinh, each_lane(x, C_sinh()), each_lane(x, C_cosh()))
RANVIER_UNARY(Sqrt, sqrt(x), 0.5 / y)
RANVIER_UNARY(Square, x* x, 2 * x)
RANVIER_UNARY(Tan, each_lane(x, C_tan()), fma(y, y, V(1)))
RANVIER_UNARY(Trunc, each_lane(x, C_trunc()), V(0))
#undef RANVIER_UNARY

// --- Of two operands: f(a, b), and da and db of (a, b, y) ------------------------------------------------------------

#define RANVIER_BINARY(Name, value, slope_a, slope_b)                                                 \
  template <class V>                                                                                  \
  struct Name {                                                                                       \
    static V f(V a, V b) { return value; }                                                            \
    static V da([[maybe_unused]] V a, [[maybe_unused]] V b, [[maybe_unused]] V y) { return slope_a; } \
    static V db([[maybe_unused]] V a, [[maybe_unused]] V b, [[maybe_unused]] V y) { return slope_b; } \
  };
// Of two equal operands each has half of the slope.
RANVIER_BINARY(Maximum, select(a != a, a, select(b != b, b, max(a, b))),
               select(a > b, V(1), select(a == b, V(0.5), V(0))), select(b > a, V(1), select(a == b, V(0.5), V(0))))
RANVIER_BINARY(Minimum, select(a != a, a, select(b != b, b, min(a, b))),
               select(a < b, V(1), select(a == b, V(0.5), V(0))), select(b < a, V(1), select(a == b, V(0.5), V(0))))
RANVIER_BINARY(Add, a + b, V(1), V(1))
RANVIER_BINARY(Subtract, a - b, V(1), V(-1))
RANVIER_BINARY(Multiply, a* b, b, a)
RANVIER_BINARY(Divide, a / b, 1 / b, -y / b)
RANVIER_BINARY(DivideNoNan, select(b == 0, V(0), a / b), select(b == 0, V(0), 1 / b), select(b == 0, V(0), -y / b))
RANVIER_BINARY(Power, each_lane(a, b, C_pow()), select(b == 0, V(0), b* each_lane(a, b - 1, C_pow())),
               select(a > 0, y* log(a), V(0)))
RANVIER_BINARY(Arctan2, each_lane(a, b, C_atan2()), b / fma(a, a, b* b), -a / fma(a, a, b* b))
RANVIER_BINARY(FloorDivide, each_lane(a / b, C_floor()), V(0), V(0))
// The sign is that of b.
RANVIER_BINARY(Mod, a - b * each_lane(a / b, C_floor()), V(1), -each_lane(a / b, C_floor()))
RANVIER_BINARY(LogAddExp, select(a == b, a + 0.69314718055994530942, max(a, b) + log1p(exp(-abs(a - b)))),
               sigmoid(a - b), sigmoid(b - a))
RANVIER_BINARY(Equal, truth(a == b), V(0), V(0))
RANVIER_BINARY(NotEqual, truth(a != b), V(0), V(0))
RANVIER_BINARY(Greater, truth(a > b), V(0), V(0))
RANVIER_BINARY(GreaterEqual, truth(a >= b), V(0), V(0))
RANVIER_BINARY(Less, truth(a < b), V(0), V(0))
RANVIER_BINARY(LessEqual, truth(a <= b), V(0), V(0))
RANVIER_BINARY(LogicalAnd, truth((a != 0) & (b != 0)), V(0), V(0))
RANVIER_BINARY(LogicalOr, truth((a != 0) | (b != 0)), V(0), V(0))
RANVIER_BINARY(LogicalXor, truth(truth(a != 0) != truth(b != 0)), V(0), V(0))
#undef RANVIER_BINARY

template <class T, class Function>
[[gnu::flatten]] void unary_forward(const T* a, index a_step, const T*, index, T* y, index n) {
  if (a_step == 0) return fill(y, T(Function::f(Vec<T>(double(a[0]))).raw[0]), n);
  for_vectors<T>(n, [=](index i, index count) { store_n(y + i, Function::f(load_n(a + i, count)), count); });
}

template <class T, class Function>
[[gnu::flatten]] void unary_backward(const T* a, index a_step, const T*, index, const T* y, const T* dy, T* da, T*,
                                     index n) {
  if (!da) return;
  const Vec<T> one = double(a[0]);
  for_vectors<T>(n, [=](index i, index count) {
    const Vec<T> x = a_step ? load_n(a + i, count) : one;
    store_n(da + i, load_n(dy + i, count) * Function::df(x, load_n(y + i, count)), count);
  });
}

template <class T, class Function>
[[gnu::flatten]] void binary_forward(const T* a, index a_step, const T* b, index b_step, T* y, index n) {
  const Vec<T> one_a = double(a[0]), one_b = double(b[0]);
  if (a_step && b_step) {
    for_vectors<T>(n, [=](index i, index count) {
      store_n(y + i, Function::f(load_n(a + i, count), load_n(b + i, count)), count);
    });
    return;
  }
  for_vectors<T>(n, [=](index i, index count) {
    store_n(y + i, Function::f(a_step ? load_n(a + i, count) : one_a, b_step ? load_n(b + i, count) : one_b), count);
  });
}

template <class T, class Function>
[[gnu::flatten]] void binary_backward(const T* a, index a_step, const T* b, index b_step, const T* y, const T* dy,
                                      T* da, T* db, index n) {
  const Vec<T> one_a = double(a[0]), one_b = double(b[0]);
  for_vectors<T>(n, [=](index i, index count) {
    const Vec<T> A = a_step ? load_n(a + i, count) : one_a, B = b_step ? load_n(b + i, count) : one_b;
    const Vec<T> Y = load_n(y + i, count), D = load_n(dy + i, count);
    if (da) store_n(da + i, D * Function::da(A, B, Y), count);
    if (db) store_n(db + i, D * Function::db(A, B, Y), count);
  });
}

template <class T, template <class> class Function>
constexpr Primitive<T> unary(const char* name, bool smooth = true) {
  return {name, 1, smooth, unary_forward<T, Function<Vec<T>>>, unary_backward<T, Function<Vec<T>>>};
}

template <class T, template <class> class Function>
constexpr Primitive<T> binary(const char* name, bool smooth = true) {
  return {name, 2, smooth, binary_forward<T, Function<Vec<T>>>, binary_backward<T, Function<Vec<T>>>};
}

constexpr bool kFlat = false;  // the slope is 0 everywhere: no gradient passes

template <class T>
constexpr Primitive<T> kPrimitives[] = {
    unary<T, Absolute>("absolute"),
    unary<T, Arccos>("arccos"),
    unary<T, Arccosh>("arccosh"),
    unary<T, Arcsin>("arcsin"),
    unary<T, Arcsinh>("arcsinh"),
    unary<T, Arctan>("arctan"),
    unary<T, Arctanh>("arctanh"),
    unary<T, Ceil>("ceil", kFlat),
    unary<T, Cos>("cos"),
    unary<T, Cosh>("cosh"),
    unary<T, Erf>("erf"),
    unary<T, Exp>("exp"),
    unary<T, Exp2>("exp2"),
    unary<T, Expm1>("expm1"),
    unary<T, Floor>("floor", kFlat),
    unary<T, IsFinite>("isfinite", kFlat),
    unary<T, IsInf>("isinf", kFlat),
    unary<T, IsNan>("isnan", kFlat),
    unary<T, Log>("log"),
    unary<T, Log10>("log10"),
    unary<T, Log1p>("log1p"),
    unary<T, Log2>("log2"),
    unary<T, LogicalNot>("logical_not", kFlat),
    unary<T, Negative>("negative"),
    unary<T, Reciprocal>("reciprocal"),
    unary<T, Round>("round", kFlat),
    unary<T, Rsqrt>("rsqrt"),
    unary<T, Sign>("sign", kFlat),
    unary<T, Sin>("sin"),
    unary<T, Sinh>("sinh"),
    unary<T, Sqrt>("sqrt"),
    unary<T, Square>("square"),
    unary<T, Tan>("tan"),
    unary<T, Trunc>("trunc", kFlat),
    binary<T, Add>("add"),
    binary<T, Arctan2>("arctan2"),
    binary<T, Divide>("divide"),
    binary<T, DivideNoNan>("divide_no_nan"),
    binary<T, Equal>("equal", kFlat),
    binary<T, FloorDivide>("floor_divide", kFlat),
    binary<T, Greater>("greater", kFlat),
    binary<T, GreaterEqual>("greater_equal", kFlat),
    binary<T, Less>("less", kFlat),
    binary<T, LessEqual>("less_equal", kFlat),
    binary<T, LogAddExp>("logaddexp"),
    binary<T, LogicalAnd>("logical_and", kFlat),
    binary<T, LogicalOr>("logical_or", kFlat),
    binary<T, LogicalXor>("logical_xor", kFlat),
    binary<T, Maximum>("maximum"),
    binary<T, Minimum>("minimum"),
    binary<T, Mod>("mod"),
    binary<T, Multiply>("multiply"),
    binary<T, NotEqual>("not_equal", kFlat),
    binary<T, Power>("power"),
    binary<T, Subtract>("subtract"),
};

}  // namespace primitive
}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
