// AVX512-BF16 is AVX-512 with dot products of pairs of bfloat16: only products of bfloat16 have a form of their own.
// dispatch.cpp puts them into a copy of the table of AVX-512.
#define RANVIER_ISA avx512

#include "vec_avx512.hpp"

// In the order in which they use each other.
// clang-format off
#include "vec.inl"
#include "elementwise.inl"
#include "gemm_pack.inl"
#include "gemv.inl"
#include "bf16.inl"
#include "bf16_pairs.inl"
#include "bf16_dots.inl"
#include "gemv_bf16.inl"
#include "gemm_bf16.inl"
// clang-format on

namespace ranvier::kernels::avx512bf16 {

extern const Bf16Kernels bf16;
constexpr Bf16Kernels bf16 = avx512::kBf16Kernels;

}  // namespace ranvier::kernels::avx512bf16
