// AVX2 with FMA: the words that vec.inl builds on. Vectors of 32 bytes, partial access by masked moves.
#pragma once

#include <immintrin.h>

#include "kernels.hpp"
#include "tile_rows.hpp"

namespace ranvier::kernels::avx2 {
namespace {

constexpr int kVectorBytes = 32;
constexpr int kTileRows = RANVIER_TILE_ROWS(6), kTileVectors = 2;  // 12 accumulators, 2 vectors of B, 2 to spare

typedef float RawF32 __attribute__((vector_size(kVectorBytes)));
typedef double RawF64 __attribute__((vector_size(kVectorBytes)));
typedef std::uint64_t RawU64 __attribute__((vector_size(kVectorBytes)));

inline RawF32 raw_fma(RawF32 a, RawF32 b, RawF32 c) { return _mm256_fmadd_ps(a, b, c); }
inline RawF64 raw_fma(RawF64 a, RawF64 b, RawF64 c) { return _mm256_fmadd_pd(a, b, c); }
inline RawF32 raw_sqrt(RawF32 x) { return _mm256_sqrt_ps(x); }
inline RawF64 raw_sqrt(RawF64 x) { return _mm256_sqrt_pd(x); }
// Of the instructions, the second operand is the result where neither is greater; one takes a third of the time of a
// comparison and a blend, which is what a compiler makes of the same in C.
inline RawF32 raw_max(RawF32 a, RawF32 b) { return _mm256_max_ps(b, a); }
inline RawF64 raw_max(RawF64 a, RawF64 b) { return _mm256_max_pd(b, a); }
inline RawF32 raw_min(RawF32 a, RawF32 b) { return _mm256_min_ps(b, a); }
inline RawF64 raw_min(RawF64 a, RawF64 b) { return _mm256_min_pd(b, a); }
// Product of the low 32 bits of each 64.
inline RawU64 raw_multiply_u32(RawU64 a, RawU64 b) { return (RawU64)_mm256_mul_epu32((__m256i)a, (__m256i)b); }

// The mask of the first n lanes begins n places before the zeros.
alignas(64) constexpr std::int32_t kLaneMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
inline __m256i first_lanes(const float*, index n) { return _mm256_loadu_si256((const __m256i*)(kLaneMask + 8 - n)); }
inline __m256i first_lanes(const double*, index n) {
  return _mm256_loadu_si256((const __m256i*)(kLaneMask + 8 - 2 * n));
}
inline RawF32 raw_load_n(const float* p, index n) { return _mm256_maskload_ps(p, first_lanes(p, n)); }
inline RawF64 raw_load_n(const double* p, index n) { return _mm256_maskload_pd(p, first_lanes(p, n)); }
inline void raw_store_n(float* p, RawF32 x, index n) { _mm256_maskstore_ps(p, first_lanes(p, n), x); }
inline void raw_store_n(double* p, RawF64 x, index n) { _mm256_maskstore_pd(p, first_lanes(p, n), x); }

// 16 bytes from each of the addresses p and p + stride side by side.
inline RawF32 raw_load_pieces(const float* p, index stride) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + stride), 1);
}
inline RawF64 raw_load_pieces(const double* p, index stride) {
  return _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(p)), _mm_loadu_pd(p + stride), 1);
}
// Interleave the low (high) halves of every 16 bytes.
inline RawF32 raw_zip_low(RawF32 a, RawF32 b) { return _mm256_unpacklo_ps(a, b); }
inline RawF32 raw_zip_high(RawF32 a, RawF32 b) { return _mm256_unpackhi_ps(a, b); }
inline RawF64 raw_zip_low(RawF64 a, RawF64 b) { return _mm256_unpacklo_pd(a, b); }
inline RawF64 raw_zip_high(RawF64 a, RawF64 b) { return _mm256_unpackhi_pd(a, b); }

}  // namespace
}  // namespace ranvier::kernels::avx2
