#define RANVIER_ISA avx512

#include "vec_avx512.hpp"

#include "all.inl"
