// AMX is AVX-512 with tile registers: only products of bfloat16 have a form of their own. dispatch.cpp puts them into
// a copy of the table of AVX-512.
#define RANVIER_ISA avx512

#include "vec_avx512.hpp"

// In the order in which they use each other.
// clang-format off
#include "vec.inl"
#include "elementwise.inl"
#include "gemm_pack.inl"
#include "bf16.inl"
#include "bf16_pairs.inl"
#include "gemm_amx.inl"
// clang-format on

namespace ranvier::kernels::amx {

extern const Bf16Kernels bf16;
constexpr Bf16Kernels bf16 = {4,
                              avx512::bf16_round,
                              avx512::amx_packed,
                              avx512::amx_pack,
                              avx512::amx_scratch,
                              avx512::amx_blocks,
                              avx512::amx_gemm};

}  // namespace ranvier::kernels::amx
