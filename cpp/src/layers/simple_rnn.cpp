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
  void step(const CellCall<T>& c) const override {
    const index U = this->units();
    this->add_up(c);
    for (index i = 0; i < c.s.rows; ++i) {
      const T* const before = c.before(0, i);
      T* const h = c.after(0, i);
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
      const T* const h = c.after(0, i);
      activation_.backward(*c.pass->kernels, activation_.from_output() ? h : gate, dh, gate, U);
      std::fill_n(dh, U, T{0});
    }
    this->add_state_gradient(c, c.s.gates);
  }

  void weight_gradients(const Pass<T>& pass, index rows, const T* gates, const T* x, const T* h,
                        index row) const override {
    this->all_weight_gradients(pass, rows, gates, x, h, row);
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
