// gru: z and r = recurrent_activation of their parts of x W + b + h_before U, h = z h_before + (1 - z) g with
//   g = activation(x W_g + b_g + r (h_before U_g + b'_g))   after the product (reset_after, Cho et al. 2014, version
//   3), g = activation(x W_g + b_g + (r h_before) U_g)          before it (version 1).
// Columns of W, U and b: z, r, g; with reset_after b is (2, 3 U), for x and for h. Slots: g, z, r, and what r works on:
// h_before U_g + b'_g, or r h_before.

#include "layers/recurrent.hpp"

namespace ranvier {
namespace {

constexpr index kColumns = 3, kSlots = 4;
enum Slot : index { kCandidate, kUpdate, kReset, kInner };

template <class T>
class Gru final : public Recurrent<T> {
 public:
  Gru(Config& config, const std::string& name)
      : Recurrent<T>("gru", config, name, kColumns, kSlots, 1),
        activation_(config, "activation", "tanh"),
        recurrent_activation_(config, "recurrent_activation", "sigmoid"),
        reset_after_(config.boolean("reset_after", true)),
        usual_(reset_after_ && activation_.is("tanh") && recurrent_activation_.is("sigmoid")) {}

 protected:
  bool keeps_sums() const override { return !activation_.from_output() || !recurrent_activation_.from_output(); }
  index joined() const override { return (reset_after_ ? 3 : 2) * this->units(); }
  Shape bias_shape() const override {
    const index width = kColumns * this->units();
    return reset_after_ ? Shape{2, width} : Shape{width};
  }

  void step(const CellCall<T>& c) const override {
    const index U = this->units(), width = kColumns * U;
    project(c);
    if (c.h)
      c.multiply(c.h, c.row, this->recurrent_kernel(), width, U, c.gate(0, kUpdate), c.s.gates_row, joined(), nullptr,
                 true);
    if (usual_) return c.pass->kernels->gru(c.s);
    const auto& k = *c.pass->kernels;
    for (index i = 0; i < c.s.rows; ++i) {
      if (c.sums) std::copy_n(c.gate(i, kUpdate), 2 * U, c.sum(i, kUpdate));
      for (const Slot slot : {kUpdate, kReset}) recurrent_activation_.forward(k, c.gate(i, slot), c.gate(i, slot), U);
      T *const g = c.gate(i, kCandidate), *const inner = c.gate(i, kInner);
      const T* const r = c.gate(i, kReset);
      if (reset_after_)
        for (index j = 0; j < U; ++j) g[j] += r[j] * inner[j];
      else if (c.h)
        k.multiply(r, c.h + i * c.row, inner, U);
      else
        k.fill(inner, T{0}, U);
    }
    if (!reset_after_ && c.h)
      c.multiply(c.gate(0, kInner), c.s.gates_row, this->recurrent_kernel() + 2 * U, width, U, c.gate(0, kCandidate),
                 c.s.gates_row, U, nullptr, true);
    for (index i = 0; i < c.s.rows; ++i) {
      T* const g = c.gate(i, kCandidate);
      if (c.sums) std::copy_n(g, U, c.sum(i, kCandidate));
      activation_.forward(k, g, g, U);
      const T *const z = c.gate(i, kUpdate), *const before = c.before(0, i);
      T* const h = c.after(0, i);
      if (!c.skips(i))
        for (index j = 0; j < U; ++j) h[j] = z[j] * (before[j] - g[j]) + g[j];
      else if (h != before)
        std::copy_n(before, U, h);
    }
  }

  void step_backward(const CellCall<T>& c) const override {
    if (usual_)
      c.pass->kernels->gru_backward(c.s);
    else
      gates_backward(c);
    this->add_state_gradient(c, c.gate(0, kUpdate));
  }

  void weight_gradients(const Pass<T>& pass, index rows, const T* gates, const T* x, const T* h,
                        index row) const override {
    const index U = this->units(), F = this->features(), width = kSlots * U;
    const auto slot = [=](Slot each) { return gates + each * U; };
    if (T* const d = pass.dparameters[0]) {
      this->weight_product(pass, rows, x, row, F, slot(kUpdate), 2 * U, d);
      this->weight_product(pass, rows, x, row, F, slot(kCandidate), U, d + 2 * U);
    }
    if (T* const d = pass.dparameters[1]) {
      this->weight_product(pass, rows, h, row, U, slot(kUpdate), joined(), d);
      if (!reset_after_) this->weight_product(pass, rows, slot(kInner), width, U, slot(kCandidate), U, d + 2 * U);
    }
    T* const d = this->bias() ? pass.dparameters[2] : nullptr;
    if (!d) return;
    this->sum_columns(pass, rows, slot(kUpdate), 2 * U, d);
    this->sum_columns(pass, rows, slot(kCandidate), U, d + 2 * U);
    if (reset_after_) this->sum_columns(pass, rows, slot(kUpdate), 3 * U, d + 3 * U);
  }

  void input_gradient(const Pass<T>& pass, index rows, const T* gates, T* dx) const override {
    const index U = this->units();
    const auto add = [&](Slot slot, index column, index columns, bool accumulate) {
      kernels::Gemm<T> g =
          product_transposed_b<T>(rows, this->features(), columns, gates + slot * U, this->kernel() + column, dx);
      g.a_row = kSlots * U;
      g.b_col = kColumns * U;
      g.accumulate = accumulate;
      multiply(pass, g);
    };
    add(kUpdate, 0, 2 * U, false);
    pass.team->barrier();
    add(kCandidate, 2 * U, U, true);
  }

 private:
  /// The parts of the sums that x gives, and biases.
  void project(const CellCall<T>& c) const {
    const index U = this->units(), width = kColumns * U;
    const T* const b = this->bias();
    const T* both = b;
    if (b && reset_after_) {
      c.pass->kernels->add(b, b + width, c.spare, 2 * U);
      both = c.spare;
    }
    const auto multiply = [&](index column, index columns, Slot slot, const T* bias) {
      c.multiply(c.x, c.row, this->kernel() + column, width, c.F, c.gate(0, slot), c.s.gates_row, columns, bias, false);
    };
    multiply(0, 2 * U, kUpdate, both);
    multiply(2 * U, U, kCandidate, b ? b + 2 * U : nullptr);
    if (!reset_after_) return;
    for (index i = 0; i < c.s.rows; ++i) {
      if (b)
        std::copy_n(b + width + 2 * U, U, c.gate(i, kInner));
      else
        std::fill_n(c.gate(i, kInner), U, T{0});
    }
  }

  void gates_backward(const CellCall<T>& c) const {
    const index U = this->units();
    const auto& k = *c.pass->kernels;
    for (index i = 0; i < c.s.rows; ++i) {
      T *const g = c.gate(i, kCandidate), *const z = c.gate(i, kUpdate), *const dh = c.s.dstate[0] + i * U;
      T *const dg = c.spare, *const dz = c.spare + U;
      const T* const before = c.before(0, i);
      const bool skips = c.skips(i);
      for (index j = 0; j < U; ++j) {
        dg[j] = skips ? T{0} : dh[j] * (1 - z[j]);
        dz[j] = skips ? T{0} : dh[j] * (before[j] - g[j]);
        if (!skips) dh[j] *= z[j];
      }
      activation_.backward(k, activation_.from_output() ? g : c.sum(i, kCandidate), dg, g, U);
      recurrent_activation_.backward(k, recurrent_activation_.from_output() ? z : c.sum(i, kUpdate), dz, z, U);
    }
    T* const dinner = c.spare;  // (rows, U)
    if (!reset_after_) this->multiply_transposed_rest(c, c.gate(0, kCandidate), c.s.gates_row, dinner);
    for (index i = 0; i < c.s.rows; ++i) {
      const T* const g = c.gate(i, kCandidate);
      T *const r = c.gate(i, kReset), *const inner = c.gate(i, kInner), *const dr = c.spare + c.s.rows * U;
      T* const dh = c.s.dstate[0] + i * U;
      if (reset_after_) {
        k.multiply(g, inner, dr, U);
        k.multiply(g, r, inner, U);
      } else {
        k.multiply(dinner + i * U, c.h + i * c.row, dr, U);
        for (index j = 0; j < U; ++j) dh[j] += dinner[i * U + j] * r[j] * (c.h_mask ? c.h_mask[i * U + j] : T{1});
      }
      recurrent_activation_.backward(k, recurrent_activation_.from_output() ? r : c.sum(i, kReset), dr, r, U);
    }
  }

  GateActivation<T> activation_, recurrent_activation_;
  bool reset_after_, usual_;
};

RANVIER_REGISTER_LAYER("gru", Gru)

}  // namespace
}  // namespace ranvier
