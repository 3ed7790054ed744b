// Every kernel of one instruction set, and the table that hands them out. A kernel that is missing from the
// initialiser does not compile (-Werror=missing-field-initializers).
#pragma once

// In the order in which they use each other.
// clang-format off
#include RANVIER_VECTORS
#include "vec.inl"
#include "vmath.inl"
#include "elementwise.inl"
#include "reductions.inl"
#include "activations.inl"
#include "primitives.inl"
#include "lines.inl"
#include "axis_activations.inl"
#include "losses_elementwise.inl"
#include "losses_rows.inl"
#include "losses_focal.inl"
#include "losses.inl"
#include "glove.inl"
#include "optimizers.inl"
#include "random.inl"
#include "normal.inl"
#include "normalization.inl"
#include "windows.inl"
#include "recurrent.inl"
#include "gemm_tile.inl"
#include "gemm_pack.inl"
#include "gemv.inl"
#include "gemm_outer.inl"
#include "gemm.inl"
#include "bf16.inl"
#include "bf16_floats.inl"
#include "gemv_bf16.inl"
#include "gemm_bf16.inl"
#include "word_steps.inl"
// clang-format on

#define RANVIER_TEXT_(x) #x
#define RANVIER_TEXT(x) RANVIER_TEXT_(x)

namespace ranvier::kernels::RANVIER_ISA {
namespace {

template <class T>
constexpr const Bf16Kernels* bf16_kernels() {
  return nullptr;
}
template <>
constexpr const Bf16Kernels* bf16_kernels<float>() {
  return &kBf16Kernels;
}

template <class T>
constexpr Kernels<T> kernels() {
  return {
      Vec<T>::kLanes,
      kTileRows,
      GemmPlan<T>::NR,
      gemm_scratch<T>,
      gemm_blocks<T>,
      gemm<T>,
      gemm_pack<T>,
      kActivations<T>,
      count(kActivations<T>),
      kAxisActivations<T>,
      count(kAxisActivations<T>),
      kLosses<T>,
      count(kLosses<T>),
      primitive::kPrimitives<T>,
      count(primitive::kPrimitives<T>),
      fill<T>,
      add<T>,
      multiply<T>,
      scale<T>,
      axpy<T>,
      clip<T>,
      copy_rows<T>,
      add_penalty<T>,
      column_sum<T>,
      sum<T>,
      sum_of_squares<T>,
      sum_of_absolutes<T>,
      all_finite<T>,
      row_products<T>,
      inverse_roots<T>,
      dropout<T>,
      random_bits,
      gaussian<T>,
      column_dot<T>,
      standardize<T>,
      standardize_backward<T>,
      normalize<T>,
      normalize_backward<T>,
      line_dot<T>,
      window_max<T>,
      window_max_backward<T>,
      window_sum<T>,
      window_sum_backward<T>,
      window_dot<T>,
      window_dot_backward<T>,
      window_dot_weight<T>,
      lstm<T>,
      lstm_backward<T>,
      gru<T>,
      gru_backward<T>,
      glove<T>,
      adam<T>,
      adamax<T>,
      nadam<T>,
      lamb<T>,
      sgd<T>,
      rmsprop<T>,
      adagrad<T>,
      adadelta<T>,
      ftrl<T>,
      lion<T>,
      add_squares<T>,
      divide_by_factored<T>,
      divide_by_root<T>,
      blend<T>,
      bf16_kernels<T>(),
      word_kernels<T>(),
  };
}

}  // namespace

extern const Table table;
constexpr Table table = {RANVIER_TEXT(RANVIER_ISA), kernels<float>(), kernels<double>()};

}  // namespace ranvier::kernels::RANVIER_ISA
