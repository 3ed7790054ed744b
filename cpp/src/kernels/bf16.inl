// What every implementation of bfloat16 products shares: how a product is cut, and the mode of the processor.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr index kPairDepth = 32;          // k's of one AMX tile: 16 pairs
constexpr index kBf16Depth = 512;         // k block: equal parts of at most this
constexpr index kBf16GroupColumns = 256;  // columns of B held in L2

/// K with the zeros that fill its last pairs; never nothing, so that C is always written.
inline index padded_depth(index K) { return round_up(most(K, 1), kPairDepth); }

/// How one product is computed with panels of B that are `width` columns wide; a function of its sizes only.
struct Bf16Plan {
  index depth, columns;

  Bf16Plan(const Gemm<float>& g, index width) {
    const bool whole_depth = g.finish && !g.keep;  // a tile that only lives in scratch is computed in one go
    const index K = padded_depth(g.K), parts = whole_depth ? 1 : ceil_div(K, kBf16Depth);
    depth = round_up(ceil_div(K, parts), kPairDepth);
    columns =
        depth <= kBf16Depth ? kBf16GroupColumns : most(kBf16GroupColumns * kBf16Depth / depth / width * width, width);
    columns = least(columns, round_up(g.N, width));
  }

  /// Elements of a packed group of columns, for this and every smaller K: see gemm_scratch.
  static index most_elements(const Gemm<float>& g, index width) {
    const index K = padded_depth(g.K);
    return least(most(kBf16GroupColumns * kBf16Depth, width * K), K * round_up(g.N, width));
  }
};

/// About `wanted` blocks of whole units. Columns are cut first: a cut across rows makes B be packed again.
inline Blocks bf16_cut(const Gemm<float>& g, index wanted, index row_unit, index column_unit) {
  const index units_n = ceil_div(g.N, column_unit), units_m = ceil_div(g.M, row_unit);
  const index cuts_n = most(least(wanted, units_n), 1), cuts_m = most(least(wanted / cuts_n, units_m), 1);
  const index columns = most(ceil_div(units_n, cuts_n), 1) * column_unit;
  const index rows = most(ceil_div(units_m, cuts_m), 1) * row_unit;
  return {rows, columns, ceil_div(g.M, rows), ceil_div(g.N, columns)};
}

// What an AMX tile does whatever the mode of the processor: sums round to nearest and denormals are zero. Plain
// functions, since an object with a destructor would need exceptions, of which kernels know nothing.
#if defined(__SSE2__)
using ArithmeticMode = unsigned;
inline ArithmeticMode arithmetic_mode() { return _mm_getcsr(); }
inline void set_arithmetic_mode(ArithmeticMode mode) {
  asm volatile("" ::: "memory");  // no arithmetic on memory moves across
  _mm_setcsr(mode);
  asm volatile("" ::: "memory");
}
constexpr ArithmeticMode kTileMode = 0x9fc0;  // no traps, to nearest, FTZ and DAZ
#elif defined(__aarch64__)
using ArithmeticMode = unsigned long;
inline ArithmeticMode arithmetic_mode() {
  ArithmeticMode mode;
  asm volatile("mrs %0, fpcr" : "=r"(mode));
  return mode;
}
inline void set_arithmetic_mode(ArithmeticMode mode) { asm volatile("msr fpcr, %0" ::"r"(mode) : "memory"); }
constexpr ArithmeticMode kTileMode = 1UL << 24;  // FZ
#else
using ArithmeticMode = int;
inline ArithmeticMode arithmetic_mode() { return 0; }
inline void set_arithmetic_mode(ArithmeticMode) {}
constexpr ArithmeticMode kTileMode = 0;
#endif

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
