#include "layers/recurrent.hpp"

namespace ranvier {

namespace {

constexpr index kGrain = 1024;  // elements of a dropout mask: a multiple of the 4 of one Philox block

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
  const auto& k = kernels::table<T>();
  Memory m{};
  m.x_mask = take(dropout_ > 0 ? z.B * z.F : 0);
  m.h_mask = take(recurrent_dropout_ > 0 ? z.B * z.U : 0);
  m.kernels = take(packs(z) ? (z.F + z.U) * round_up(columns_ * z.U, k.lanes) : 0);
  m.forward_elements = used;
  const index steps = z.B * z.L;
  m.gates = take(steps * slots_ * z.U);
  m.sums = keeps_sums() ? take(steps * slots_ * z.U) : nullptr;
  m.inputs = take(steps * row_elements(z));
  m.before[0] = separate() ? take(steps * z.U) : m.inputs ? m.inputs + h_at(z) : nullptr;
  m.before_row[0] = separate() ? z.U : row_elements(z);
  m.last[0] = take(z.B * z.U);
  m.before[1] = state_count_ > 1 ? take(steps * z.U) : m.before[0];
  m.before_row[1] = state_count_ > 1 ? z.U : m.before_row[0];
  m.last[1] = state_count_ > 1 ? take(z.B * z.U) : m.last[0];
  m.transposed = take(columns_ * z.U * round_up(z.U, k.lanes));
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

/// Rows that go through the steps together: a few panels. Products that find the recurrent kernel as it is would pack
/// it in every step for more than two.
template <class T>
index Recurrent<T>::block_rows() const {
  constexpr index kPage = 4096 / sizeof(T);
  const index panel = kernels::table<T>().tile_rows;
  return !one_product() && columns_ * units_ >= kPage ? 2 * panel : std::max<index>(4 * panel, 32);
}

/// Whether kernels are packed for all steps: a few rows take as long to multiply as to pack.
template <class T>
bool Recurrent<T>::packs(const Sizes& z) const {
  constexpr index kFewRows = 4;
  return one_product() && z.B > kFewRows && z.L > 1;
}

template <class T>
index Recurrent<T>::gemm_elements(const Sizes& z) const {
  const auto& k = kernels::table<T>();
  const index rows = std::min(block_rows(), z.B), steps = z.B * z.L, width = slots_ * z.U, row = row_elements(z);
  index most = 0;
  const auto see = [&](kernels::Gemm<T> g, index a_row = 0) {
    if (a_row) g.a_row = a_row;
    most = std::max(most, k.gemm_scratch(g));
  };
  for (const index length : {index{1}, z.L}) {
    for (const index K : {z.F, z.U, z.F + z.U})
      see(product<T>(rows, width, K, nullptr, nullptr, nullptr), length * row);
    see(product<T>(rows, width, z.U, nullptr, nullptr, nullptr), length * width);
    see(product<T>(rows, z.U, width, nullptr, nullptr, nullptr), length * width);
  }
  for (const index M : {z.F, z.U, z.F + z.U, z.F + z.U + 1})
    for (const index a_col : {row, width}) {
      kernels::Gemm<T> g = product_transposed_a<T>(M, width, steps, nullptr, nullptr, nullptr);
      g.a_col = a_col;
      see(g);
    }
  see(product_transposed_b<T>(steps, z.F, width, nullptr, nullptr, nullptr), width);
  return padded(most);
}

template <class T>
index Recurrent<T>::scratch(const std::vector<Shape>& x, index batch) const {
  const Sizes z = sizes(x, batch);
  const index rows = std::min(block_rows(), batch);
  return gemm_elements(z) + padded(rows * slots_ * z.U) + 4 * padded(rows * z.U) + padded(rows * row_elements(z));
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
  for (std::size_t k = 0; k < 2; ++k) c.s.dstate[k] = take(rows * z.U);
  c.spare = take(2 * rows * z.U);
  c.inputs = take(rows * row_elements(z));
  c.row = row_elements(z);
  for (std::size_t k = 0; k < 2; ++k) {
    const bool in_inputs = !separate() && (k == 0 || state_count_ == 1);
    c.s.before[k] = c.s.after[k] = in_inputs ? c.inputs + h_at(z) : c.s.dstate[k];
    c.s.before_row[k] = c.s.after_row[k] = in_inputs ? c.row : z.U;
  }
  c.h_mask = drops(pass, recurrent_dropout_) ? m.h_mask + first * z.U : nullptr;
  c.kernels = packs(z) ? m.kernels : nullptr;
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
  c.inputs = m.inputs + here * row_elements(z);
  c.row = z.L * row_elements(z);
  for (std::size_t k = 0; k < 2; ++k) {
    const index row = m.before_row[k];
    c.s.before[k] = m.before[k] + here * row;
    c.s.before_row[k] = z.L * row;
    c.s.after[k] = last ? m.last[k] + first * z.U : m.before[k] + next * row;
    c.s.after_row[k] = last ? z.U : z.L * row;
  }
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
}

/// This thread's share of the kernel on top of the recurrent kernel.
template <class T>
void Recurrent<T>::pack(const Pass<T>& pass, const Sizes& z, T* to) const {
  const index width = columns_ * z.U, rows = z.F + z.U;
  const Range mine = pass.team->share(width, pass.kernels->tile_columns);
  const auto put = [&](const T* B, index K, index first) {
    pass.kernels->gemm_pack(B + mine.begin, width, 1, K, mine.size(), to + mine.begin * rows, rows, first);
  };
  put(kernel(), z.F, 0);
  put(recurrent_kernel(), z.U, z.F);
}

/// The same of the recurrent kernel transposed: the joined columns, and the rest.
template <class T>
void Recurrent<T>::pack_transposed(const Pass<T>& pass, T* to) const {
  const index U = units_, width = columns_ * U, first = joined();
  const Range mine = pass.team->share(U, pass.kernels->tile_columns);
  const auto put = [&](index begin, index rows) {
    pass.kernels->gemm_pack(recurrent_kernel() + mine.begin * width + begin, 1, width, rows, mine.size(),
                            to + begin * round_up(U, pass.kernels->lanes) + mine.begin * rows, rows, 0);
  };
  put(0, first);
  put(first, width - first);
}

template <class T>
void Recurrent<T>::forward(const Pass<T>& pass) const {
  const Sizes z = sizes(*pass.x_shapes, pass.batch);
  const Memory m = see(z, pass.workspace);
  draw_dropout(pass, z, m);
  if (packs(z)) pack(pass, z, m.kernels);
  if (packs(z) || drops(pass, dropout_) || drops(pass, recurrent_dropout_)) pass.team->barrier();
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
      pass.kernels->copy_rows(from, units_, to, c.s.before_row[k], c.s.rows, units_);
    else
      for (index i = 0; i < c.s.rows; ++i) std::fill_n(to + i * c.s.before_row[k], units_, T{0});
  }
}

/// x and h of the step of rows from `first` on, whose arrays begin `here`, as products take them.
template <class T>
void Recurrent<T>::gather_inputs(const Pass<T>& pass, const Sizes& z, const Memory& m, index here, index first,
                                 CellCall<T>& c) const {
  const auto& k = *pass.kernels;
  const T* const x = pass.x[0] + here * z.F;
  T *const to_x = c.inputs + x_at(z), *const to_h = c.inputs + h_at(z);
  if (drops(pass, dropout_))
    for (index i = 0; i < c.s.rows; ++i)
      k.multiply(x + i * z.L * z.F, m.x_mask + (first + i) * z.F, to_x + i * c.row, z.F);
  else
    k.copy_rows(x, z.L * z.F, to_x, c.row, c.s.rows, z.F);
  if (c.h_mask)
    for (index i = 0; i < c.s.rows; ++i)
      k.multiply(c.s.before[0] + i * c.s.before_row[0], c.h_mask + i * z.U, to_h + i * c.row, z.U);
  else if (separate())
    k.copy_rows(c.s.before[0], c.s.before_row[0], to_h, c.row, c.s.rows, z.U);
  for (index i = 0; ones() && i < c.s.rows; ++i) to_h[i * c.row + z.U] = T{1};
  c.x = to_x;
  c.h = to_h;
}

template <class T>
void Recurrent<T>::run_forward(const Pass<T>& pass, const Sizes& z, const Memory& m, index first, index rows) const {
  CellCall<T> c = call(pass, z, m, first, rows);
  const bool from_zero = pass.x_shapes->size() == 1 && batch_ == 0;
  for (index position = 0; position < z.L; ++position) {
    place(pass, z, m, first, position, c);
    if (position == 0) start(pass, c, first);
    gather_inputs(pass, z, m, first * z.L + time(z, position), first, c);
    if (from_zero && position == 0) c.h = nullptr;
    step(c);
    if (!sequences_ && position + 1 < z.L) continue;
    for (index i = 0; i < rows; ++i) {
      T* const y = pass.y[0] + (sequences_ ? (first + i) * z.L + position : first + i) * z.U;
      if (zero_output_ && c.skips(i))
        std::fill_n(y, z.U, T{0});
      else
        std::copy_n(c.s.after[0] + i * c.s.after_row[0], z.U, y);
    }
  }
  for (std::size_t k = 0; k < static_cast<std::size_t>(state_count_); ++k) {
    const auto put = [&](T* to) {
      pass.kernels->copy_rows(c.s.after[k], c.s.after_row[k], to + first * z.U, z.U, rows, z.U);
    };
    if (return_state_) put(pass.y[1 + k]);
    if (batch_ > 0) put(states_[k]->value.data());
  }
}

template <class T>
void Recurrent<T>::add_up(const CellCall<T>& c) const {
  const index width = columns_ * units_, K = c.h ? c.F + units_ : c.F;
  T* const gates = c.s.gates;
  if (c.kernels)
    return c.multiply_packed(c.x, c.row, c.kernels, c.F + units_, K, gates, c.s.gates_row, width, bias(), false);
  c.multiply(c.x, c.row, kernel(), width, c.F, gates, c.s.gates_row, width, bias(), false);
  if (c.h) c.multiply(c.h, c.row, recurrent_kernel(), width, units_, gates, c.s.gates_row, width, nullptr, true);
}

// --- Backward
// ---------------------------------------------------------------------------------------------------------

template <class T>
void Recurrent<T>::backward(const Pass<T>& pass) const {
  const Sizes z = sizes(*pass.x_shapes, pass.batch);
  const Memory m = see(z, pass.workspace);
  pack_transposed(pass, m.transposed);
  pass.team->barrier();
  for_blocks(pass, z.B, [&](index first, index rows) { run_backward(pass, z, m, first, rows); });
  pass.team->barrier();

  const index steps = z.B * z.L;
  weight_gradients(pass, steps, m.gates, m.inputs + x_at(z), m.inputs + h_at(z), row_elements(z));
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
  bool asked = false;
  for (std::size_t k = 1; k < pass.x_shapes->size(); ++k) asked = asked || pass.dx[k];
  for (std::size_t k = 0; k < static_cast<std::size_t>(state_count_); ++k) {
    if (return_state_)
      std::copy_n(pass.dy[1 + k] + first * z.U, rows * z.U, c.s.dstate[k]);
    else
      std::fill_n(c.s.dstate[k], rows * z.U, T{0});
  }
  for (index position = z.L; position-- > 0;) {
    place(pass, z, m, first, position, c);
    c.h = c.inputs + h_at(z);
    c.ends = position == 0 && !asked;
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
void Recurrent<T>::add_state_gradient(const CellCall<T>& c, const T* dsums) const {
  if (c.ends) return;
  const index U = units_, width = joined();
  T *const dh = c.s.dstate[0], *const to = c.h_mask ? c.spare : dh;
  c.multiply_packed(dsums, c.s.gates_row, c.transposed, width, width, to, U, U, nullptr, !c.h_mask);
  if (!c.h_mask) return;
  c.pass->kernels->multiply(to, c.h_mask, to, c.s.rows * U);
  c.pass->kernels->add(dh, to, dh, c.s.rows * U);
}

template <class T>
void Recurrent<T>::multiply_transposed_rest(const CellCall<T>& c, const T* A, index a_row, T* C) const {
  const index U = units_, rows = columns_ * U - joined();
  const T* const rest = c.transposed + joined() * round_up(U, c.pass->kernels->lanes);
  c.multiply_packed(A, a_row, rest, rows, rows, C, U, U, nullptr, false);
}

template <class T>
void Recurrent<T>::all_weight_gradients(const Pass<T>& pass, index rows, const T* gates, const T* x, const T* h,
                                        index row) const {
  const index U = units_, F = features(), width = columns_ * U;
  T *const dkernel = pass.dparameters[0], *const drecurrent = pass.dparameters[1];
  T* const dbias = bias() ? pass.dparameters[2] : nullptr;
  // Where they lie one behind the other, as x, h and 1 do, they are one matrix.
  const bool together = dkernel && drecurrent == dkernel + F * width;
  const bool with_bias = together && dbias && dbias == drecurrent + U * width;
  if (together) {
    weight_product(pass, rows, x, row, F + U + (with_bias ? 1 : 0), gates, width, dkernel);
  } else {
    if (dkernel) weight_product(pass, rows, x, row, F, gates, width, dkernel);
    if (drecurrent) weight_product(pass, rows, h, row, U, gates, width, drecurrent);
  }
  if (dbias && !with_bias) sum_columns(pass, rows, gates, width, dbias);
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
