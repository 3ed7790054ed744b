// simple_rnn: h = activation(x W + b + h_before U)   (Elman 1990). Its only slot holds the sums.

#include "layers/recurrent.hpp"

namespace ranvier {
namespace {

template <class T>
class SimpleRnn final : public Recurrent<T> {
 public:
  SimpleRnn(Config& config, const std::string& name)
      : Recurrent<T>("simple_rnn", config, name, 1, 1, 1), activation_(config, "activation", "tanh") {}

 protected:
  void project(const CellCall<T>& c) const override {
    c.multiply(c.x, c.x_row, this->kernel(), this->units(), c.F, c.s.gates, c.s.gates_row, this->units(), this->bias(),
               false);
  }

  void step(const CellCall<T>& c) const override {
    const index U = this->units();
    if (c.h) c.multiply(c.h, c.h_row, this->recurrent_kernel(), U, U, c.s.gates, c.s.gates_row, U, nullptr, true);
    for (index i = 0; i < c.s.rows; ++i) {
      const T* const before = c.s.before[0] + i * c.s.before_row;
      T* const h = c.s.after[0] + i * c.s.after_row;
      if (!c.skips(i))
        activation_.forward(*c.pass->kernels, c.gate(i, 0), h, U);
      else if (before != h)
        std::copy_n(before, U, h);
    }
  }

  void step_backward(const CellCall<T>& c) const override {
    const index U = this->units();
    for (index i = 0; i < c.s.rows; ++i) {
      T *const gate = c.gate(i, 0), *const dh = c.s.dstate[0] + i * U;
      if (c.skips(i)) {
        std::fill_n(gate, U, T{0});
        continue;
      }
      const T* const h = c.s.after[0] + i * c.s.after_row;
      activation_.backward(*c.pass->kernels, activation_.from_output() ? h : gate, dh, gate, U);
      std::fill_n(dh, U, T{0});
    }
    this->add_state_gradient(c, c.s.gates, U, 0);
  }

  void weight_gradients(const Pass<T>& pass, index rows, const T* gates, const T* x, const T* h) const override {
    const index U = this->units(), F = this->features();
    if (T* const d = pass.dparameters[0]) this->weight_product(pass, rows, x, F, F, gates, U, d);
    if (T* const d = pass.dparameters[1]) this->weight_product(pass, rows, h, U, U, gates, U, d);
    if (T* const d = this->bias() ? pass.dparameters[2] : nullptr) this->sum_columns(pass, rows, gates, U, d);
  }

  void input_gradient(const Pass<T>& pass, index rows, const T* gates, T* dx) const override {
    multiply(pass, product_transposed_b<T>(rows, this->features(), this->units(), gates, this->kernel(), dx));
  }

 private:
  GateActivation<T> activation_;
};

RANVIER_REGISTER_LAYER("simple_rnn", SimpleRnn)

}  // namespace
}  // namespace ranvier
