// AVX-512 (x86-64-v4): the words that vec.inl builds on. Vectors of 64 bytes, partial access by mask registers.
#pragma once

#include <immintrin.h>

#include "kernels.hpp"
#include "tile_rows.hpp"

namespace ranvier::kernels::avx512 {
namespace {

constexpr int kVectorBytes = 64;
constexpr int kTileRows = RANVIER_TILE_ROWS(14), kTileVectors = 2;  // 28 accumulators, 2 vectors of B, 2 to spare

typedef float RawF32 __attribute__((vector_size(kVectorBytes)));
typedef double RawF64 __attribute__((vector_size(kVectorBytes)));
typedef std::uint64_t RawU64 __attribute__((vector_size(kVectorBytes)));

inline RawF32 raw_fma(RawF32 a, RawF32 b, RawF32 c) { return _mm512_fmadd_ps(a, b, c); }
inline RawF64 raw_fma(RawF64 a, RawF64 b, RawF64 c) { return _mm512_fmadd_pd(a, b, c); }
// The masked form with every lane on: plain _mm512_sqrt_* reads an undefined vector, of which GCC 12 warns.
inline RawF32 raw_sqrt(RawF32 x) { return _mm512_maskz_sqrt_ps(__mmask16(0xffff), x); }
inline RawF64 raw_sqrt(RawF64 x) { return _mm512_maskz_sqrt_pd(__mmask8(0xff), x); }
// Of the instructions, the second operand is the result where neither is greater; one takes a third of the time of a
// comparison and a blend, which is what a compiler makes of the same in C.
inline RawF32 raw_max(RawF32 a, RawF32 b) { return _mm512_maskz_max_ps(__mmask16(0xffff), b, a); }
inline RawF64 raw_max(RawF64 a, RawF64 b) { return _mm512_maskz_max_pd(__mmask8(0xff), b, a); }
inline RawF32 raw_min(RawF32 a, RawF32 b) { return _mm512_maskz_min_ps(__mmask16(0xffff), b, a); }
inline RawF64 raw_min(RawF64 a, RawF64 b) { return _mm512_maskz_min_pd(__mmask8(0xff), b, a); }
// Product of the low 32 bits of each 64.
inline RawU64 raw_multiply_u32(RawU64 a, RawU64 b) {
  return (RawU64)_mm512_maskz_mul_epu32(__mmask8(0xff), (__m512i)a, (__m512i)b);  // masked: as above
}

inline __mmask16 first_lanes(const float*, index n) { return __mmask16((1u << n) - 1u); }
inline __mmask8 first_lanes(const double*, index n) { return __mmask8((1u << n) - 1u); }
inline RawF32 raw_load_n(const float* p, index n) { return _mm512_maskz_loadu_ps(first_lanes(p, n), p); }
inline RawF64 raw_load_n(const double* p, index n) { return _mm512_maskz_loadu_pd(first_lanes(p, n), p); }
inline void raw_store_n(float* p, RawF32 x, index n) { _mm512_mask_storeu_ps(p, first_lanes(p, n), x); }
inline void raw_store_n(double* p, RawF64 x, index n) { _mm512_mask_storeu_pd(p, first_lanes(p, n), x); }

// 16 bytes from each of the addresses p, p + stride, ... side by side. A broadcast into masked lanes is a load and a
// blend; an insertion would compete with the interleaving for the one port (Zen 4) that shuffles 64 bytes.
inline RawF32 raw_load_pieces(const float* p, index stride) {
  const __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(p));
  const __m512 w = _mm512_mask_broadcast_f32x4(v, 0x00f0, _mm_loadu_ps(p + stride));
  const __m512 x = _mm512_mask_broadcast_f32x4(w, 0x0f00, _mm_loadu_ps(p + 2 * stride));
  return _mm512_mask_broadcast_f32x4(x, 0xf000, _mm_loadu_ps(p + 3 * stride));
}
inline RawF64 raw_load_pieces(const double* p, index stride) {
  const __m512d v = _mm512_castpd128_pd512(_mm_loadu_pd(p));
  const __m512d w = _mm512_mask_broadcast_f64x2(v, 0x0c, _mm_loadu_pd(p + stride));
  const __m512d x = _mm512_mask_broadcast_f64x2(w, 0x30, _mm_loadu_pd(p + 2 * stride));
  return _mm512_mask_broadcast_f64x2(x, 0xc0, _mm_loadu_pd(p + 3 * stride));
}
// Interleave the low (high) halves of every 16 bytes.
inline RawF32 raw_zip_low(RawF32 a, RawF32 b) { return _mm512_maskz_unpacklo_ps(__mmask16(0xffff), a, b); }
inline RawF32 raw_zip_high(RawF32 a, RawF32 b) { return _mm512_maskz_unpackhi_ps(__mmask16(0xffff), a, b); }
inline RawF64 raw_zip_low(RawF64 a, RawF64 b) { return _mm512_maskz_unpacklo_pd(__mmask8(0xff), a, b); }
inline RawF64 raw_zip_high(RawF64 a, RawF64 b) { return _mm512_maskz_unpackhi_pd(__mmask8(0xff), a, b); }

}  // namespace
}  // namespace ranvier::kernels::avx512
