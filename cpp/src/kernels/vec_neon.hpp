// NEON on 64-bit ARM: the words that vec.inl builds on. Vectors of 16 bytes, 32 registers, fused multiply-add.
#pragma once

#include <arm_neon.h>

#include "kernels.hpp"
#include "tile_rows.hpp"

namespace ranvier::kernels::neon {
namespace {

constexpr int kVectorBytes = 16;
constexpr int kTileRows = RANVIER_TILE_ROWS(8), kTileVectors = 3;  // 24 accumulators, 3 vectors of B, 5 to spare

typedef float RawF32 __attribute__((vector_size(kVectorBytes)));
typedef double RawF64 __attribute__((vector_size(kVectorBytes)));
typedef std::uint64_t RawU64 __attribute__((vector_size(kVectorBytes)));

inline RawF32 raw_fma(RawF32 a, RawF32 b, RawF32 c) { return (RawF32)vfmaq_f32(c, a, b); }
inline RawF64 raw_fma(RawF64 a, RawF64 b, RawF64 c) { return (RawF64)vfmaq_f64(c, a, b); }
inline RawF32 raw_sqrt(RawF32 x) { return (RawF32)vsqrtq_f32(x); }
inline RawF64 raw_sqrt(RawF64 x) { return (RawF64)vsqrtq_f64(x); }
// Not vmaxq, whose result is NaN if either operand is.
inline RawF32 raw_max(RawF32 a, RawF32 b) { return a < b ? b : a; }
inline RawF64 raw_max(RawF64 a, RawF64 b) { return a < b ? b : a; }
inline RawF32 raw_min(RawF32 a, RawF32 b) { return b < a ? b : a; }
inline RawF64 raw_min(RawF64 a, RawF64 b) { return b < a ? b : a; }
// Product of the low 32 bits of each 64.
inline RawU64 raw_multiply_u32(RawU64 a, RawU64 b) {
  return (RawU64)vmull_u32(vmovn_u64((uint64x2_t)a), vmovn_u64((uint64x2_t)b));
}

#include "vec_partial.inl"

inline RawF32 raw_zip_low(RawF32 a, RawF32 b) { return (RawF32)vzip1q_f32(a, b); }
inline RawF32 raw_zip_high(RawF32 a, RawF32 b) { return (RawF32)vzip2q_f32(a, b); }
inline RawF64 raw_zip_low(RawF64 a, RawF64 b) { return (RawF64)vzip1q_f64(a, b); }
inline RawF64 raw_zip_high(RawF64 a, RawF64 b) { return (RawF64)vzip2q_f64(a, b); }

}  // namespace
}  // namespace ranvier::kernels::neon
