// Vec<T>: one vector register of T, with the operators of arithmetic, so that a formula reads as on paper.
//
// Nothing here contracts or reassociates: a fused multiply-add is written fma(a, b, c). Together with sums over a
// fixed number of lanes that makes AVX2 and AVX-512 agree bit for bit.
#pragma once

// A compiler keeps an array in registers only if every loop over it is unrolled.
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

namespace ranvier::kernels::RANVIER_ISA {
namespace {

template <class T>
struct Format;

template <>
struct Format<float> {
  using Int = std::int32_t;
  using Unsigned = std::uint32_t;
  static constexpr int kMantissaBits = 23, kBias = 127;
};

template <>
struct Format<double> {
  using Int = std::int64_t;
  using Unsigned = std::uint64_t;
  static constexpr int kMantissaBits = 52, kBias = 1023;
};

/// A truth value per lane: all bits set, or none.
template <class T>
struct Mask {
  typedef typename Format<T>::Int Bits __attribute__((vector_size(kVectorBytes)));
  Bits bits;

  friend Mask operator&(Mask a, Mask b) { return {a.bits & b.bits}; }
  friend Mask operator|(Mask a, Mask b) { return {a.bits | b.bits}; }
};

template <class T>
struct Vec {
  typedef T Raw __attribute__((vector_size(kVectorBytes)));
  typedef typename Format<T>::Int Int __attribute__((vector_size(kVectorBytes)));
  typedef typename Format<T>::Unsigned Unsigned __attribute__((vector_size(kVectorBytes)));
  static constexpr index kLanes = kVectorBytes / sizeof(T);

  Raw raw;

  Vec() = default;
  Vec(Raw x) : raw(x) {}
  Vec(double x) : raw(T(x) - Raw{}) {}  // every lane; x - 0 is x, -0 and NaN included

  Unsigned bits() const { return (Unsigned)raw; }
  static Vec from_bits(Unsigned x) { return (Raw)x; }

  friend Vec operator+(Vec a, Vec b) { return a.raw + b.raw; }
  friend Vec operator-(Vec a, Vec b) { return a.raw - b.raw; }
  friend Vec operator*(Vec a, Vec b) { return a.raw * b.raw; }
  friend Vec operator/(Vec a, Vec b) { return a.raw / b.raw; }
  friend Vec operator-(Vec a) { return -a.raw; }
  friend Mask<T> operator<(Vec a, Vec b) { return {(typename Mask<T>::Bits)(a.raw < b.raw)}; }
  friend Mask<T> operator<=(Vec a, Vec b) { return {(typename Mask<T>::Bits)(a.raw <= b.raw)}; }
  friend Mask<T> operator>(Vec a, Vec b) { return b < a; }
  friend Mask<T> operator>=(Vec a, Vec b) { return b <= a; }
  friend Mask<T> operator==(Vec a, Vec b) { return {(typename Mask<T>::Bits)(a.raw == b.raw)}; }
  friend Mask<T> operator!=(Vec a, Vec b) { return {(typename Mask<T>::Bits)(a.raw != b.raw)}; }

  friend Vec fma(Vec a, Vec b, Vec c) { return raw_fma(a.raw, b.raw, c.raw); }  // a * b + c
  friend Vec sqrt(Vec a) { return raw_sqrt(a.raw); }
  friend Vec select(Mask<T> m, Vec a, Vec b) { return m.bits ? a.raw : b.raw; }  // m ? a : b
  friend Vec max(Vec a, Vec b) { return raw_max(a.raw, b.raw); }                 // a < b ? b : a, a if a is NaN
  friend Vec min(Vec a, Vec b) { return raw_min(a.raw, b.raw); }                 // b < a ? b : a, a if a is NaN
  friend Vec abs(Vec a) { return from_bits(a.bits() & ~sign_bit()); }
  friend Vec copysign(Vec a, Vec s) { return from_bits((a.bits() & ~sign_bit()) | (s.bits() & sign_bit())); }
  friend Vec sign(Vec a) { return select(a == 0, a, copysign(Vec(1), a)); }  // of a NaN: 1 or -1

 private:
  static Unsigned sign_bit() { return Vec(-0.0).bits(); }
};

template <class T>
inline Vec<T> load(const T* p) {
  typedef T Unaligned __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
  return typename Vec<T>::Raw(*(const Unaligned*)p);
}

template <class T>
inline void store(T* p, Vec<T> x) {
  typedef T Unaligned __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
  *(Unaligned*)p = x.raw;
}

/// The first n lanes, 1 <= n <= lanes; the others are 0.
template <class T>
inline Vec<T> load_n(const T* p, index n) {
  return n == Vec<T>::kLanes ? load(p) : Vec<T>(raw_load_n(p, n));
}

template <class T>
inline void store_n(T* p, Vec<T> x, index n) {
  if (n == Vec<T>::kLanes) {
    store(p, x);
  } else {
    raw_store_n(p, x.raw, n);
  }
}

/// 0, 1, 2, ...
template <class T>
inline Vec<T> lane_numbers() {
  typename Vec<T>::Raw x;
  UNROLL for (index i = 0; i < Vec<T>::kLanes; i++) x[i] = T(i);
  return x;
}

/// The first n lanes of x, `other` in the rest.
template <class T>
inline Vec<T> first(index n, Vec<T> x, Vec<T> other) {
  return n == Vec<T>::kLanes ? x : select(lane_numbers<T>() < double(n), x, other);
}

inline index least(index a, index b) { return a < b ? a : b; }
inline index most(index a, index b) { return a < b ? b : a; }
inline index ceil_div(index a, index b) { return (a + b - 1) / b; }
inline index round_up(index a, index b) { return ceil_div(a, b) * b; }

/// Visits 0 .. n - 1 in vectors of T: body(i, count) for elements i .. i + count - 1.
template <class T, class F>
inline void for_vectors(index n, F body) {
  constexpr index W = Vec<T>::kLanes;
  index i = 0;
  for (; i + W <= n; i += W) body(i, W);
  if (i < n) body(i, n - i);
}

/// The sum of the 16 numbers at p, as a fixed tree. Written as loops over halves, which compilers send through memory
/// step by step, it took longer than a row of 100 elements.
template <class T>
inline T fold_lanes(const T* p) {
  typedef T Four __attribute__((vector_size(4 * sizeof(T)), aligned(alignof(T)), may_alias));
  const Four* q = (const Four*)p;
  const Four sum = (q[0] + q[2]) + (q[1] + q[3]);
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/// 16 interleaved running sums (element i belongs to lane i % 16), folded as a fixed tree: the same result, bit for
/// bit, for every width of vector.
template <class T>
struct LaneSum {
  static constexpr index W = Vec<T>::kLanes, kVectors = 16 / W;
  Vec<T> lane[kVectors];

  LaneSum() { UNROLL for (index v = 0; v < kVectors; v++) lane[v] = Vec<T>(0); }

  /// x holds elements i .. i + count - 1; i is a multiple of W.
  void add(index i, index count, Vec<T> x) {
    Vec<T>& sum = lane[i / W % kVectors];
    sum = sum + first(count, x, Vec<T>(0));
  }

  T total() const {
    alignas(64) T sum[16];
    UNROLL for (index v = 0; v < kVectors; v++) store(sum + v * W, lane[v]);
    return fold_lanes(sum);
  }
};

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
