#define RANVIER_ISA baseline

#include "vec_baseline.hpp"

#include "all.inl"
