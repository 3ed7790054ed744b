#define RANVIER_ISA neon
#define RANVIER_VECTORS "vec_neon.hpp"

#include "all.inl"
