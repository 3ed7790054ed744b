#define RANVIER_ISA baseline
#define RANVIER_VECTORS "vec_baseline.hpp"

#include "all.inl"
