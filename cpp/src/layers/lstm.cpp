// lstm: c = f c_before + i g, h = o activation(c), where the gates i, f, o = recurrent_activation and the candidate
// g = activation of their parts of x W + b + h_before U (Hochreiter and Schmidhuber 1997; Gers et al. 2000). Slots:
// i, f, g, o, the order of the columns of W, U and b.

#include "layers/recurrent.hpp"

namespace ranvier {
namespace {

constexpr index kSlots = 4;
enum Slot : index { kInput, kForget, kCandidate, kOutput };

template <class T>
class Lstm final : public Recurrent<T> {
 public:
  Lstm(Config& config, const std::string& name)
      : Recurrent<T>("lstm", config, name, kSlots, kSlots, 2),
        activation_(config, "activation", "tanh"),
        recurrent_activation_(config, "recurrent_activation", "sigmoid"),
        usual_(activation_.is("tanh") && recurrent_activation_.is("sigmoid")) {}

 protected:
  bool keeps_sums() const override { return !activation_.from_output() || !recurrent_activation_.from_output(); }

  void step(const CellCall<T>& c) const override {
    const index U = this->units(), width = kSlots * U;
    this->add_up(c);
    if (usual_) return c.pass->kernels->lstm(c.s);
    const auto& k = *c.pass->kernels;
    for (index r = 0; r < c.s.rows; ++r) {
      const T *const h_before = c.before(0, r), *const c_before = c.before(1, r);
      T *const h = c.after(0, r), *const carry = c.after(1, r);
      if (c.skips(r)) {
        if (h != h_before) std::copy_n(h_before, U, h);
        if (carry != c_before) std::copy_n(c_before, U, carry);
        continue;
      }
      if (c.sums) std::copy_n(c.gate(r, 0), width, c.sum(r, 0));
      for (index slot = 0; slot < kSlots; ++slot) of(slot).forward(k, c.gate(r, slot), c.gate(r, slot), U);
      const T *const i = c.gate(r, kInput), *const f = c.gate(r, kForget), *const g = c.gate(r, kCandidate);
      for (index j = 0; j < U; ++j) carry[j] = f[j] * c_before[j] + i[j] * g[j];
      activation_.forward(k, carry, h, U);
      k.multiply(h, c.gate(r, kOutput), h, U);
    }
  }

  void step_backward(const CellCall<T>& c) const override {
    if (usual_)
      c.pass->kernels->lstm_backward(c.s);
    else
      gates_backward(c);
    this->add_state_gradient(c, c.s.gates);
  }

  void weight_gradients(const Pass<T>& pass, index rows, const T* gates, const T* x, const T* h,
                        index row) const override {
    this->all_weight_gradients(pass, rows, gates, x, h, row);
  }

  void input_gradient(const Pass<T>& pass, index rows, const T* gates, T* dx) const override {
    const index width = kSlots * this->units();
    multiply(pass, product_transposed_b<T>(rows, this->features(), width, gates, this->kernel(), dx));
  }

 private:
  const GateActivation<T>& of(index slot) const { return slot == kCandidate ? activation_ : recurrent_activation_; }

  void gates_backward(const CellCall<T>& c) const {
    const index U = this->units();
    const auto& k = *c.pass->kernels;
    T *const squashed = c.spare, *const dsquashed = c.spare + U;
    for (index r = 0; r < c.s.rows; ++r) {
      T *const dh = c.s.dstate[0] + r * U, *const dc = c.s.dstate[1] + r * U;
      T *const i = c.gate(r, kInput), *const f = c.gate(r, kForget);
      T *const g = c.gate(r, kCandidate), *const o = c.gate(r, kOutput);
      if (c.skips(r)) {
        std::fill_n(i, kSlots * U, T{0});
        continue;
      }
      const T *const c_before = c.before(1, r), *const carry = c.after(1, r);
      activation_.forward(k, carry, squashed, U);
      k.multiply(dh, o, dsquashed, U);
      activation_.backward(k, activation_.from_output() ? squashed : carry, dsquashed, dsquashed, U);
      k.add(dc, dsquashed, dc, U);
      const auto finish = [&](Slot slot, T* gate, const T* dgate) {
        const auto& activation = of(slot);
        activation.backward(k, activation.from_output() ? gate : c.sum(r, slot), dgate, gate, U);
      };
      T* const d = dsquashed;
      k.multiply(dh, squashed, d, U);
      finish(kOutput, o, d);
      k.multiply(dc, i, d, U);
      k.multiply(dc, g, squashed, U);  // before g is gone
      finish(kCandidate, g, d);
      finish(kInput, i, squashed);
      k.multiply(dc, c_before, d, U);
      k.multiply(dc, f, dc, U);
      finish(kForget, f, d);
      k.fill(dh, T{0}, U);
    }
  }

  GateActivation<T> activation_, recurrent_activation_;
  bool usual_;
};

RANVIER_REGISTER_LAYER("lstm", Lstm)

}  // namespace
}  // namespace ranvier
