#define RANVIER_ISA avx512
#define RANVIER_VECTORS "vec_avx512.hpp"

#include "all.inl"
