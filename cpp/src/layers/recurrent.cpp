#include "layers/recurrent.hpp"

namespace ranvier {

namespace {

constexpr index kGrain = 1024;  // elements of a dropout mask: a multiple of the 4 of one Philox block

template <class T>
void copy_rows(const T* from, index from_row, T* to, index to_row, index rows, index n) {
  for (index i = 0; i < rows; ++i) std::copy_n(from + i * from_row, n, to + i * to_row);
}

double rate(Config& config, const char* name) {
  const double value = config.number(name, 0);
  if (!(value >= 0 && value <= 1)) throw std::invalid_argument(text(name, " must be in [0, 1], got ", value));
  return value;
}

}  // namespace

template <class T>
Recurrent<T>::Recurrent(const char* kind, Config& config, const std::string& name, index columns, index slots,
                        int states)
    : Layer<T>(kind, name),
      units_(config.integer("units")),
      columns_(columns),
      slots_(slots),
      state_count_(states),
      use_bias_(config.boolean("use_bias", true)),
      sequences_(config.boolean("return_sequences", false)),
      return_state_(config.boolean("return_state", false)),
      backwards_(config.boolean("go_backwards", false)),
      zero_output_(config.boolean("zero_output_for_mask", false)),
      dropout_(rate(config, "dropout")),
      recurrent_dropout_(rate(config, "recurrent_dropout")),
      seed_(config.integer("seed", 0)),
      batch_(config.integer("stateful_batch", 0)) {
  if (units_ < 1) throw std::invalid_argument(text("units must be at least 1, got ", units_));
  for (int k = 0; k < states && batch_ > 0; ++k)
    states_.push_back(std::make_shared<Parameter<T>>("state", Shape{batch_, units_}, Initial::zeros));
}

template <class T>
std::vector<Shape> Recurrent<T>::output_shapes(const std::vector<Shape>& x) const {
  const auto with_states = static_cast<std::size_t>(1 + state_count_);
  if (x.size() != 1 && x.size() != with_states)
    fail(this->name(), "expected 1 input, or ", with_states, " with its initial state, got ", x.size());
  if (x[0].size() != 2) fail(this->name(), "expected input (*, steps, features), got ", to_string_batched(x[0]));
  if (this->built() && x[0][1] != features())
    fail(this->name(), "expected input (*, ", x[0][0], ", ", features(), "), got ", to_string_batched(x[0]));
  for (std::size_t k = 1; k < x.size(); ++k)
    if (x[k] != Shape{units_})
      fail(this->name(), "expected an initial state ", to_string_batched({units_}), ", got ", to_string_batched(x[k]));
  std::vector<Shape> y{sequences_ ? Shape{x[0][0], units_} : Shape{units_}};
  if (return_state_) y.resize(with_states, Shape{units_});
  return y;
}

template <class T>
typename Layer<T>::Parameters Recurrent<T>::make_parameters(const std::vector<Shape>& x) const {
  const index width = columns_ * units_;
  Parameters made{std::make_shared<Parameter<T>>("kernel", Shape{x[0][1], width}, Initial::glorot_uniform),
                  std::make_shared<Parameter<T>>("recurrent_kernel", Shape{units_, width}, Initial::glorot_uniform)};
  if (use_bias_) made.push_back(std::make_shared<Parameter<T>>("bias", bias_shape(), Initial::zeros));
  return made;
}

template <class T>
double Recurrent<T>::flops(const std::vector<Shape>& x) const {
  const double width = static_cast<double>(columns_ * units_);
  return 2.0 * static_cast<double>(x[0][0]) * static_cast<double>(x[0][1] + units_) * width;
}

// --- Memory
// -----------------------------------------------------------------------------------------------------------

template <class T>
typename Recurrent<T>::Memory Recurrent<T>::see(const Sizes& z, T* workspace) const {
  index used = 0;
  const auto take = [&](index elements) {
    T* const begin = workspace ? workspace + used : nullptr;
    used += padded(elements);
    return begin;
  };
  Memory m{};
  m.x_mask = take(dropout_ > 0 ? z.B * z.F : 0);
  m.h_mask = take(recurrent_dropout_ > 0 ? z.B * z.U : 0);
  m.forward_elements = used;
  const index steps = z.B * z.L;
  m.gates = take(steps * slots_ * z.U);
  m.sums = keeps_sums() ? take(steps * slots_ * z.U) : nullptr;
  for (std::size_t k = 0; k < 2; ++k) {
    const bool there = k < static_cast<std::size_t>(state_count_);
    m.before[k] = there ? take(steps * z.U) : m.before[0];
    m.last[k] = there ? take(z.B * z.U) : m.last[0];
  }
  m.x = take(dropout_ > 0 ? steps * z.F : 0);
  m.h = take(recurrent_dropout_ > 0 ? steps * z.U : 0);
  m.transposed = take(columns_ * z.U * z.U);
  m.all_elements = used;
  return m;
}

template <class T>
index Recurrent<T>::workspace(const std::vector<Shape>& x, index batch) const {
  return see(sizes(x, batch), nullptr).all_elements;
}

template <class T>
index Recurrent<T>::forward_workspace(const std::vector<Shape>& x, index batch) const {
  return see(sizes(x, batch), nullptr).forward_elements;
}

/// Rows that go through the steps together: few enough that gates stay in L1, and that products do not repack the
/// recurrent kernel in every step.
template <class T>
index Recurrent<T>::block_rows() const {
  constexpr index kPage = 4096 / sizeof(T);
  const index panel = kernels::table<T>().tile_rows;
  return columns_ * units_ >= kPage ? 2 * panel : std::max<index>(4 * panel, 32);
}

template <class T>
index Recurrent<T>::gemm_elements(const Sizes& z) const {
  const auto& k = kernels::table<T>();
  const index rows = std::min(block_rows(), z.B), steps = z.B * z.L, width = slots_ * z.U;
  index most = 0;
  const auto see = [&](kernels::Gemm<T> g, index a_row = 0) {
    if (a_row) g.a_row = a_row;
    most = std::max(most, k.gemm_scratch(g));
  };
  for (const index length : {index{1}, z.L}) {
    see(product<T>(rows, width, z.F, nullptr, nullptr, nullptr), length * z.F);
    see(product<T>(rows, width, z.U, nullptr, nullptr, nullptr), length * z.U);
    see(product<T>(rows, z.U, width, nullptr, nullptr, nullptr), length * width);
  }
  see(product_transposed_a<T>(z.F, width, steps, nullptr, nullptr, nullptr));
  see(product_transposed_a<T>(z.U, width, steps, nullptr, nullptr, nullptr));
  kernels::Gemm<T> strided = product_transposed_a<T>(z.U, width, steps, nullptr, nullptr, nullptr);
  strided.a_col = width;
  see(strided);
  see(product_transposed_b<T>(steps, z.F, width, nullptr, nullptr, nullptr), width);
  return padded(most);
}

template <class T>
index Recurrent<T>::scratch(const std::vector<Shape>& x, index batch) const {
  const Sizes z = sizes(x, batch);
  const index rows = std::min(block_rows(), batch);
  return gemm_elements(z) + padded(rows * slots_ * z.U) + 5 * padded(rows * z.U) + padded(rows * z.F);
}

/// Everything that is the same in all steps of a block of rows.
template <class T>
CellCall<T> Recurrent<T>::call(const Pass<T>& pass, const Sizes& z, const Memory& m, index first, index rows) const {
  CellCall<T> c{};
  c.pass = &pass;
  c.F = z.F;
  T* next = pass.scratch;
  const auto take = [&next](index elements) {
    T* const begin = next;
    next += padded(elements);
    return begin;
  };
  c.gemm = take(gemm_elements(z));
  c.s.rows = rows;
  c.s.units = z.U;
  c.s.gates = take(rows * slots_ * z.U);
  c.s.gates_row = slots_ * z.U;
  for (int k = 0; k < 2; ++k) c.s.dstate[k] = c.s.after[k] = take(rows * z.U);
  c.spare = take(2 * rows * z.U);
  c.h = take(rows * z.U);
  c.x = take(rows * z.F);
  c.s.before[0] = c.s.after[0];
  c.s.before[1] = c.s.after[1];
  c.s.before_row = c.s.after_row = z.U;
  c.h_mask = drops(pass, recurrent_dropout_) ? m.h_mask + first * z.U : nullptr;
  c.transposed = m.transposed;
  return c;
}

/// Where the arrays of the step at `position`, in the order of the steps, lie.
template <class T>
void Recurrent<T>::place(const Pass<T>& pass, const Sizes& z, const Memory& m, index first, index position,
                         CellCall<T>& c) const {
  const index t = time(z, position), here = first * z.L + t;
  if (const T* const mask = pass.masks[0]) {
    c.s.mask = mask + here;
    c.s.mask_row = z.L;
  }
  if (!pass.keep) return;
  const bool last = position + 1 == z.L;
  const index width = slots_ * z.U, next = first * z.L + time(z, position + 1);
  c.s.gates = m.gates + here * width;
  c.s.gates_row = z.L * width;
  c.sums = m.sums ? m.sums + here * width : nullptr;
  for (std::size_t k = 0; k < 2; ++k) {
    c.s.before[k] = m.before[k] + here * z.U;
    c.s.after[k] = last ? m.last[k] + first * z.U : m.before[k] + next * z.U;
  }
  c.s.before_row = z.L * z.U;
  c.s.after_row = last ? z.U : z.L * z.U;
}

// --- Forward
// ----------------------------------------------------------------------------------------------------------

template <class T>
template <class F>
void Recurrent<T>::for_blocks(const Pass<T>& pass, index B, const F& f) const {
  const Range mine = pass.team->share(B);
  const index blocks = (mine.size() + block_rows() - 1) / block_rows();
  for (index i = 0; i < blocks; ++i) {
    const index begin = mine.begin + mine.size() * i / blocks, end = mine.begin + mine.size() * (i + 1) / blocks;
    f(begin, end - begin);
  }
}

/// As in Keras, one mask of the inputs and one of the states for all steps; one for all gates, too.
template <class T>
void Recurrent<T>::draw_dropout(const Pass<T>& pass, const Sizes& z, const Memory& m) const {
  const kernels::RandomKey key{pass.key.seed ^ static_cast<std::uint64_t>(seed_), pass.key.stream};
  const auto draw = [&](T* mask, index elements, index begin, double rate) {
    const Range part = pass.team->share(elements, kGrain);
    pass.kernels->fill(mask + part.begin, T{1}, part.size());
    pass.kernels->dropout(mask + part.begin, mask + part.begin, begin + part.begin, part.size(), rate, key);
  };
  const bool inputs = drops(pass, dropout_), states = drops(pass, recurrent_dropout_);
  if (inputs) draw(m.x_mask, z.B * z.F, 0, dropout_);
  if (states) draw(m.h_mask, z.B * z.U, round_up(z.B * z.F, index{4}), recurrent_dropout_);
  if (inputs || states) pass.team->barrier();
}

template <class T>
void Recurrent<T>::forward(const Pass<T>& pass) const {
  const Sizes z = sizes(*pass.x_shapes, pass.batch);
  const Memory m = see(z, pass.workspace);
  draw_dropout(pass, z, m);
  for_blocks(pass, z.B, [&](index first, index rows) { run_forward(pass, z, m, first, rows); });
}

/// The state before the first step.
template <class T>
void Recurrent<T>::start(const Pass<T>& pass, const CellCall<T>& c, index first) const {
  for (std::size_t k = 0; k < static_cast<std::size_t>(state_count_); ++k) {
    T* const to = const_cast<T*>(c.s.before[k]);  // memory of this pass
    const T* from = nullptr;
    if (pass.x_shapes->size() > 1)
      from = pass.x[1 + k] + first * units_;
    else if (batch_ > 0)
      from = states_[k]->value.data() + first * units_;
    if (from)
      copy_rows(from, units_, to, c.s.before_row, c.s.rows, units_);
    else
      for (index i = 0; i < c.s.rows; ++i) std::fill_n(to + i * c.s.before_row, units_, T{0});
  }
}

template <class T>
void Recurrent<T>::run_forward(const Pass<T>& pass, const Sizes& z, const Memory& m, index first, index rows) const {
  CellCall<T> c = call(pass, z, m, first, rows);
  T *const h_place = const_cast<T*>(c.h), *const x_place = const_cast<T*>(c.x);  // scratch
  const bool from_zero = pass.x_shapes->size() == 1 && batch_ == 0;
  for (index position = 0; position < z.L; ++position) {
    place(pass, z, m, first, position, c);
    if (position == 0) start(pass, c, first);
    const index here = first * z.L + time(z, position);

    c.x = pass.x[0] + here * z.F;
    c.x_row = z.L * z.F;
    if (drops(pass, dropout_)) {
      T* const to = pass.keep ? m.x + here * z.F : x_place;
      const index to_row = pass.keep ? c.x_row : z.F;
      for (index i = 0; i < rows; ++i)
        pass.kernels->multiply(c.x + i * c.x_row, m.x_mask + (first + i) * z.F, to + i * to_row, z.F);
      c.x = to;
      c.x_row = to_row;
    }
    c.h = c.s.before[0];
    c.h_row = c.s.before_row;
    if (c.h_mask) {
      T* const to = pass.keep ? m.h + here * z.U : h_place;
      const index to_row = pass.keep ? z.L * z.U : z.U;
      for (index i = 0; i < rows; ++i)
        pass.kernels->multiply(c.h + i * c.h_row, c.h_mask + i * z.U, to + i * to_row, z.U);
      c.h = to;
      c.h_row = to_row;
    }
    if (from_zero && position == 0) c.h = nullptr;

    project(c);
    step(c);
    if (!sequences_ && position + 1 < z.L) continue;
    for (index i = 0; i < rows; ++i) {
      T* const y = pass.y[0] + (sequences_ ? (first + i) * z.L + position : first + i) * z.U;
      if (zero_output_ && c.skips(i))
        std::fill_n(y, z.U, T{0});
      else
        std::copy_n(c.s.after[0] + i * c.s.after_row, z.U, y);
    }
  }
  for (std::size_t k = 0; k < static_cast<std::size_t>(state_count_); ++k) {
    if (return_state_) copy_rows(c.s.after[k], c.s.after_row, pass.y[1 + k] + first * z.U, z.U, rows, z.U);
    if (batch_ > 0) copy_rows(c.s.after[k], c.s.after_row, states_[k]->value.data() + first * z.U, z.U, rows, z.U);
  }
}

// --- Backward
// ---------------------------------------------------------------------------------------------------------

template <class T>
void Recurrent<T>::backward(const Pass<T>& pass) const {
  const Sizes z = sizes(*pass.x_shapes, pass.batch);
  const Memory m = see(z, pass.workspace);
  const index width = columns_ * z.U;
  const Range mine = pass.team->share(width, index{16});
  for (index u = 0; u < z.U; ++u)
    for (index j = mine.begin; j < mine.end; ++j) m.transposed[j * z.U + u] = recurrent_kernel()[u * width + j];
  pass.team->barrier();
  for_blocks(pass, z.B, [&](index first, index rows) { run_backward(pass, z, m, first, rows); });
  pass.team->barrier();

  const index steps = z.B * z.L;
  const T* const x = drops(pass, dropout_) ? m.x : pass.x[0];
  const T* const h = drops(pass, recurrent_dropout_) ? m.h : m.before[0];
  weight_gradients(pass, steps, m.gates, x, h);
  if (!pass.dx[0]) return;
  input_gradient(pass, steps, m.gates, pass.dx[0]);
  if (!drops(pass, dropout_)) return;
  pass.team->barrier();
  const Range rows = pass.team->share(z.B);
  for (index i = rows.begin; i < rows.end; ++i)
    for (index t = 0; t < z.L; ++t) {
      T* const dx = pass.dx[0] + (i * z.L + t) * z.F;
      pass.kernels->multiply(dx, m.x_mask + i * z.F, dx, z.F);
    }
}

template <class T>
void Recurrent<T>::run_backward(const Pass<T>& pass, const Sizes& z, const Memory& m, index first, index rows) const {
  CellCall<T> c = call(pass, z, m, first, rows);
  for (std::size_t k = 0; k < static_cast<std::size_t>(state_count_); ++k) {
    if (return_state_)
      std::copy_n(pass.dy[1 + k] + first * z.U, rows * z.U, c.s.dstate[k]);
    else
      std::fill_n(c.s.dstate[k], rows * z.U, T{0});
  }
  const T* const h = c.h_mask ? m.h : m.before[0];
  for (index position = z.L; position-- > 0;) {
    place(pass, z, m, first, position, c);
    c.h = h + (first * z.L + time(z, position)) * z.U;
    c.h_row = z.L * z.U;
    if (sequences_ || position + 1 == z.L)
      for (index i = 0; i < rows; ++i) {
        if (zero_output_ && c.skips(i)) continue;
        const T* const dy = pass.dy[0] + (sequences_ ? (first + i) * z.L + position : first + i) * z.U;
        T* const dh = c.s.dstate[0] + i * z.U;
        pass.kernels->add(dh, dy, dh, z.U);
      }
    step_backward(c);
  }
  for (std::size_t k = 1; k < pass.x_shapes->size(); ++k)
    if (pass.dx[k]) std::copy_n(c.s.dstate[k - 1], rows * z.U, pass.dx[k] + first * z.U);
}

template <class T>
void Recurrent<T>::add_state_gradient(const CellCall<T>& c, const T* dsums, index width, index first) const {
  const index U = units_;
  T* const dh = c.s.dstate[0];
  const T* const transposed = c.transposed + first * U;
  if (!c.h_mask) return c.multiply(dsums, c.s.gates_row, transposed, U, width, dh, U, U, nullptr, true);
  c.multiply(dsums, c.s.gates_row, transposed, U, width, c.spare, U, U, nullptr, false);
  c.pass->kernels->multiply(c.spare, c.h_mask, c.spare, c.s.rows * U);
  c.pass->kernels->add(dh, c.spare, dh, c.s.rows * U);
}

template <class T>
void Recurrent<T>::weight_product(const Pass<T>& pass, index rows, const T* A, index a_row, index M, const T* G,
                                  index N, T* C) const {
  kernels::Gemm<T> g = product_transposed_a<T>(M, N, rows, A, G, C);
  g.a_col = a_row;
  g.b_row = slots_ * units_;
  g.c_row = columns_ * units_;
  multiply(pass, g);
}

template <class T>
void Recurrent<T>::sum_columns(const Pass<T>& pass, index rows, const T* G, index N, T* sums) const {
  constexpr index kColumnGrain = 64;
  const Range part = pass.team->share(N, kColumnGrain);
  pass.kernels->column_sum(G + part.begin, rows, part.size(), slots_ * units_, sums + part.begin);
}

template class Recurrent<float>;
template class Recurrent<double>;

}  // namespace ranvier
