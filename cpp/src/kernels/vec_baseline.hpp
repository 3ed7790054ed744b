// What every processor has: vectors of 16 bytes, multiply and add rounded separately. On x86 this is x86-64-v2;
// elsewhere the compiler's own vectors.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "kernels.hpp"
#include "tile_rows.hpp"

namespace ranvier::kernels::baseline {
namespace {

constexpr int kVectorBytes = 16;
constexpr int kTileRows = RANVIER_TILE_ROWS(5), kTileVectors = 2;  // 10 accumulators; products need registers too

typedef float RawF32 __attribute__((vector_size(kVectorBytes)));
typedef double RawF64 __attribute__((vector_size(kVectorBytes)));
typedef std::uint64_t RawU64 __attribute__((vector_size(kVectorBytes)));

inline RawF32 raw_fma(RawF32 a, RawF32 b, RawF32 c) { return a * b + c; }
inline RawF64 raw_fma(RawF64 a, RawF64 b, RawF64 c) { return a * b + c; }
#if defined(__SSE2__)
inline RawF32 raw_sqrt(RawF32 x) { return _mm_sqrt_ps(x); }
inline RawF64 raw_sqrt(RawF64 x) { return _mm_sqrt_pd(x); }
// Of the instructions, the second operand is the result where neither is greater.
inline RawF32 raw_max(RawF32 a, RawF32 b) { return _mm_max_ps(b, a); }
inline RawF64 raw_max(RawF64 a, RawF64 b) { return _mm_max_pd(b, a); }
inline RawF32 raw_min(RawF32 a, RawF32 b) { return _mm_min_ps(b, a); }
inline RawF64 raw_min(RawF64 a, RawF64 b) { return _mm_min_pd(b, a); }
// Product of the low 32 bits of each 64.
inline RawU64 raw_multiply_u32(RawU64 a, RawU64 b) { return (RawU64)_mm_mul_epu32((__m128i)a, (__m128i)b); }
#else
inline RawF32 raw_sqrt(RawF32 x) {
  return RawF32{__builtin_sqrtf(x[0]), __builtin_sqrtf(x[1]), __builtin_sqrtf(x[2]), __builtin_sqrtf(x[3])};
}
inline RawF64 raw_sqrt(RawF64 x) { return RawF64{__builtin_sqrt(x[0]), __builtin_sqrt(x[1])}; }
inline RawF32 raw_max(RawF32 a, RawF32 b) { return a < b ? b : a; }
inline RawF64 raw_max(RawF64 a, RawF64 b) { return a < b ? b : a; }
inline RawF32 raw_min(RawF32 a, RawF32 b) { return b < a ? b : a; }
inline RawF64 raw_min(RawF64 a, RawF64 b) { return b < a ? b : a; }
inline RawU64 raw_multiply_u32(RawU64 a, RawU64 b) { return (a & 0xffffffffu) * (b & 0xffffffffu); }
#endif

#include "vec_partial.inl"

inline RawF32 raw_zip_low(RawF32 a, RawF32 b) { return RawF32{a[0], b[0], a[1], b[1]}; }
inline RawF32 raw_zip_high(RawF32 a, RawF32 b) { return RawF32{a[2], b[2], a[3], b[3]}; }
inline RawF64 raw_zip_low(RawF64 a, RawF64 b) { return RawF64{a[0], b[0]}; }
inline RawF64 raw_zip_high(RawF64 a, RawF64 b) { return RawF64{a[1], b[1]}; }

}  // namespace
}  // namespace ranvier::kernels::baseline
