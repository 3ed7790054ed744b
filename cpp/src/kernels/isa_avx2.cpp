#define RANVIER_ISA avx2

#include "vec_avx2.hpp"

#include "all.inl"
