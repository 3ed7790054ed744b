// What recurrent layers share: the step of a cell, repeated along the time axis.
//
// B rows, L time steps, F features, U units. x (B, L, F), kernel (F, K U), recurrent_kernel (U, K U), bias; states
// (B, U); y (B, L, U) or the last (B, U). A cell keeps its gates in S slots of U numbers for each row and step.
//
// Rows do not depend on each other, so each thread takes its share of them through all steps without waiting for
// anybody, in blocks whose gates stay in L1. Only the gradients of the weights come after a barrier: one product over
// all rows and steps for those that lie one behind the other, as x, h and a 1 do.
#pragma once

#include <algorithm>
#include <array>

#include "layers/gate_activation.hpp"
#include "layers/layer.hpp"
#include "layers/product.hpp"

namespace ranvier {

/// One time step of a block of rows, as a cell sees it.
template <class T>
struct CellCall {
  const Pass<T>* pass;
  kernels::CellStep<T> s;
  T* sums;    // where sums are kept besides the gates, with the same rows; or null
  T* inputs;  // (rows, row): x, right behind it h, as products take them, and perhaps a 1
  index row, F;
  const T* x;           // (rows, F) of inputs
  const T* h;           // (rows, U) of inputs; null where the state is zero
  bool ends;            // backward: nobody asks for the gradient of the state before the step
  const T* h_mask;      // (rows, U) or null: h is the state times this
  const T* kernels;     // the kernel on top of the recurrent kernel, (F + U, K U), packed; or null
  const T* transposed;  // backward: the recurrent kernel, (K U, U), packed
  T* spare;             // (rows, 2 U)
  T* gemm;              // scratch of products

  /// Slot k of a row's gates.
  T* gate(index row, index k) const { return s.gates + row * s.gates_row + k * s.units; }
  T* sum(index row, index k) const { return sums + row * s.gates_row + k * s.units; }
  const T* before(index k, index row) const { return s.before[k] + row * s.before_row[k]; }
  T* after(index k, index row) const { return s.after[k] + row * s.after_row[k]; }
  bool skips(index row) const { return s.mask && s.mask[row * s.mask_row] == 0; }

  /// C (rows, N) = A B + bias, or C += A B.
  void multiply(const T* A, index a_row, const T* B, index b_row, index K, T* C, index c_row, index N, const T* bias,
                bool accumulate) const {
    kernels::Gemm<T> g = product<T>(s.rows, N, K, A, B, C);
    g.a_row = a_row, g.b_row = b_row, g.c_row = c_row;
    g.bias = bias;
    g.accumulate = accumulate;
    multiply(g);
  }
  /// The same for a B of `packed` rows that gemm_pack has packed.
  void multiply_packed(const T* A, index a_row, const T* B, index packed, index K, T* C, index c_row, index N,
                       const T* bias, bool accumulate) const {
    kernels::Gemm<T> g = product<T>(s.rows, N, K, A, B, C);
    g.a_row = a_row, g.packed = packed, g.c_row = c_row;
    g.bias = bias;
    g.accumulate = accumulate;
    multiply(g);
  }
  void multiply(const kernels::Gemm<T>& g) const { pass->kernels->gemm(g, {g.M, g.N, 1, 1}, 0, gemm); }
};

template <class T>
class Recurrent : public Layer<T> {
 public:
  using typename Layer<T>::Parameters;

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override;
  index workspace(const std::vector<Shape>& x, index batch) const override;
  index forward_workspace(const std::vector<Shape>& x, index batch) const override;
  index scratch(const std::vector<Shape>& x, index batch) const override;
  double flops(const std::vector<Shape>& x) const override;
  void forward(const Pass<T>& pass) const override;
  void backward(const Pass<T>& pass) const override;
  const Parameters& states() const override { return states_; }
  index fixed_batch() const override { return batch_; }

 protected:
  /// `columns`: K, `slots`: S, `states`: one or two.
  Recurrent(const char* kind, Config& config, const std::string& name, index columns, index slots, int states);

  /// Makes gates of x and h, and of them the state after the step.
  virtual void step(const CellCall<T>& c) const = 0;
  /// Puts gradients of the sums in the place of the gates, and of the state before the step in that of the state after.
  virtual void step_backward(const CellCall<T>& c) const = 0;
  /// The gradients of the weights from those of all sums: gates (B L, S U), x (B L, F), h (B L, U); the rows of the
  /// latter two lie `row` apart.
  virtual void weight_gradients(const Pass<T>& pass, index rows, const T* gates, const T* x, const T* h,
                                index row) const = 0;
  /// dx (B L, F) from the same.
  virtual void input_gradient(const Pass<T>& pass, index rows, const T* gates, T* dx) const = 0;
  /// Whether the sums must be kept besides the gates.
  virtual bool keeps_sums() const { return false; }
  /// The first columns of the recurrent kernel, whose products with h are one.
  virtual index joined() const { return columns_ * units_; }
  /// Shape of the bias.
  virtual Shape bias_shape() const { return {columns_ * units_}; }

  Parameters make_parameters(const std::vector<Shape>& x) const override;

  index units() const { return units_; }
  const T* kernel() const { return this->parameters()[0]->value.data(); }
  const T* recurrent_kernel() const { return this->parameters()[1]->value.data(); }
  const T* bias() const { return use_bias_ ? this->parameters()[2]->value.data() : nullptr; }
  index features() const { return this->parameters()[0]->shape[0]; }

  /// gates = x W + b + h U, for cells with a slot for each column.
  void add_up(const CellCall<T>& c) const;

  /// dh += dsums (rows, joined) times the joined columns of the recurrent kernel, transposed, if anybody asks for it.
  void add_state_gradient(const CellCall<T>& c, const T* dsums) const;

  /// C (rows, U) = A (rows, K U - joined) times the other columns of the recurrent kernel, transposed.
  void multiply_transposed_rest(const CellCall<T>& c, const T* A, index a_row, T* C) const;

  /// weight_gradients for cells with a slot for each column.
  void all_weight_gradients(const Pass<T>& pass, index rows, const T* gates, const T* x, const T* h, index row) const;

  /// C (M, N) = A^T G over all rows, for A (rows, M) and N columns G of the gates' gradients.
  void weight_product(const Pass<T>& pass, index rows, const T* A, index a_row, index M, const T* G, index N,
                      T* C) const;

  /// sums (N) of the columns of G, rows as those of the gates.
  void sum_columns(const Pass<T>& pass, index rows, const T* G, index N, T* sums) const;

  static index padded(index elements) { return round_up(elements, static_cast<index>(kCacheLine / sizeof(T))); }

 private:
  struct Sizes {
    index B, L, F, U;
  };
  // Where everything lies in the workspace.
  struct Memory {
    T *x_mask, *h_mask;              // of dropout: (B, F), (B, U)
    T *kernels, *transposed;         // packed: (F + U, K U), (K U, U)
    T *gates, *sums;                 // (B, L, S U)
    T* inputs;                       // (B, L, row_elements): see CellCall
    std::array<T*, 2> before, last;  // states before each step, (B, L, U) in rows of before_row, and after the last
    std::array<index, 2> before_row;
    index forward_elements, all_elements;
  };

  Sizes sizes(const std::vector<Shape>& x, index batch) const { return {batch, x[0][0], x[0][1], units_}; }
  Memory see(const Sizes& z, T* workspace) const;
  index block_rows() const;
  bool one_product() const { return columns_ == slots_; }
  bool packs(const Sizes& z) const;
  void pack(const Pass<T>& pass, const Sizes& z, T* to) const;
  void pack_transposed(const Pass<T>& pass, T* to) const;
  // In a row of inputs h begins at a cache line, and x ends there.
  index h_at(const Sizes& z) const { return padded(z.F); }
  index x_at(const Sizes& z) const { return h_at(z) - z.F; }
  index row_elements(const Sizes& z) const { return padded(z.F) + padded(z.U + (ones() ? 1 : 0)); }
  bool ones() const { return one_product() && use_bias_; }  // the gradient of the bias is a row of that product, too
  bool separate() const { return recurrent_dropout_ > 0; }  // whether h of inputs is not the state itself
  index gemm_elements(const Sizes& z) const;
  CellCall<T> call(const Pass<T>& pass, const Sizes& z, const Memory& m, index first, index rows) const;
  void gather_inputs(const Pass<T>& pass, const Sizes& z, const Memory& m, index here, index first,
                     CellCall<T>& c) const;
  void draw_dropout(const Pass<T>& pass, const Sizes& z, const Memory& m) const;
  void start(const Pass<T>& pass, const CellCall<T>& c, index first) const;
  void place(const Pass<T>& pass, const Sizes& z, const Memory& m, index first, index position, CellCall<T>& c) const;
  void run_forward(const Pass<T>& pass, const Sizes& z, const Memory& m, index first, index rows) const;
  void run_backward(const Pass<T>& pass, const Sizes& z, const Memory& m, index first, index rows) const;
  template <class F>
  void for_blocks(const Pass<T>& pass, index B, const F& f) const;
  bool drops(const Pass<T>& pass, double rate) const { return pass.training && rate > 0 && rate < 1; }
  index time(const Sizes& z, index position) const { return backwards_ ? z.L - 1 - position : position; }

  index units_, columns_, slots_;
  int state_count_;
  bool use_bias_, sequences_, return_state_, backwards_, zero_output_;
  double dropout_, recurrent_dropout_;
  std::int64_t seed_;
  index batch_;  // of a stateful layer, otherwise 0
  Parameters states_;
};

}  // namespace ranvier
