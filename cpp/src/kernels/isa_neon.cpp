#define RANVIER_ISA neon

#include "vec_neon.hpp"

#include "all.inl"
