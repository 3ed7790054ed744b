#define RANVIER_ISA avx2
#define RANVIER_VECTORS "vec_avx2.hpp"

#include "all.inl"
