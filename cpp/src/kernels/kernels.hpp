// The arithmetic of the library: one const table of functions per instruction set and scalar type.
//
// A kernel is a plain function on raw pointers and sizes. It knows no graph, no thread and no STL, allocates nothing
// and never throws. Every matrix is row major; rows of A, B and C may be strided, everything else is contiguous.
//
// Determinism: each output element is computed by the same sequence of operations whatever tile, block, thread or
// batch it is computed in. A product element is one k-ordered chain of (fused) multiply-adds that starts from the
// bias; a horizontal sum is always a sum of 16 interleaved lanes, folded as a fixed tree.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ranvier::kernels {

using index = std::ptrdiff_t;

constexpr int kMaxParameters = 4;

/// A named number that tunes an activation or a loss, with its default. A row's list ends at the first null name.
struct ParameterInfo {
  const char* name;
  double value;
};

/// One elementwise activation y = f(x). `parameters` of the calls are in the order of `parameters` here.
template <class T>
struct Activation {
  const char* name;
  const char* formula;
  ParameterInfo parameters[kMaxParameters];
  bool from_output;  // the derivative is computed from y (x need not be kept), otherwise from x
  void (*forward)(const T* x, T* y, index n, const T* parameters);                  // y may alias x
  void (*backward)(const T* xy, const T* dy, T* dx, index n, const T* parameters);  // dx may alias dy
};

/// An activation along one axis of a tensor seen as (outer, n, inner): softmax, log_softmax, sparsemax, glu.
/// `glu` halves n: its y is (outer, n / 2, inner).
template <class T>
struct AxisActivation {
  const char* name;
  const char* formula;
  bool from_output;
  bool halves;
  void (*forward)(const T* x, T* y, index outer, index n, index inner);  // y may alias x unless it halves
  void (*backward)(const T* xy, const T* dy, T* dx, index outer, index n,
                   index inner);  // dx may alias dy unless it halves
};

/// One elementwise function of one or two operands, y = f(a) or f(a, b), of which custom code is made.
template <class T>
struct Primitive {
  const char* name;
  int operands;
  bool smooth;  // otherwise its slope is 0 everywhere
  // A step is 1, or 0 where one element stands for all n; y may alias an operand of step 1.
  void (*forward)(const T* a, index a_step, const T* b, index b_step, T* y, index n);
  // da = dy df/da and db = dy df/db, n elements each, where not null; they may alias dy.
  void (*backward)(const T* a, index a_step, const T* b, index b_step, const T* y, const T* dy, T* da, T* db, index n);
};

/// What a loss is given for `rows` rows. `scale[i]` is the factor of row i in the objective (1 / batch, times weights).
template <class T>
struct LossCall {
  const T* target;      // (rows, columns), or (rows) class indices for a sparse loss
  const T* prediction;  // (rows, columns): values, probabilities, or logits for a loss that says so
  const T* scale;       // (rows), read only where gradient is not null
  T* value;             // (rows): the loss of each row
  T* gradient;          // (rows, columns): scale[i] * d value[i] / d prediction[i], or null. Aliases nothing
  T* probability;       // logit losses: softmax or sigmoid of the logits, may alias prediction, or null
  index rows, columns;
  const T* parameters;
  const T* class_weight;  // (columns): what the parameter alpha is for each class, or null if it is one for all
};

/// One loss. A `sparse` loss takes class indices; one `from_logits` takes logits and can also give probabilities.
template <class T>
struct Loss {
  const char* name;
  const char* formula;
  ParameterInfo parameters[kMaxParameters];
  bool sparse;
  bool from_logits;
  void (*run)(const LossCall<T>& call);
};

/// C = A B (+ bias), the product behind every dense layer: A is (M, K), B is (K, N), C is (M, N) with rows `c_row`
/// apart.
template <class T>
struct Gemm {
  index M, N, K;
  const T* A;
  index a_row, a_col;  // A(m, k) = A[m * a_row + k * a_col]; one of the two strides is 1
  // Or, as windows lie over an image: A(m, k) = A[m / line * line_step + m % line * a_row +
  //                                             jump[k / piece] + k % piece * a_col]
  // for pieces that K is a multiple of; a null jump and a line of 0 stand for one piece and one line.
  const index* jump;
  index piece, line, line_step;
  const T* B;
  index b_row, b_col;  // B(k, n) = B[k * b_row + n * b_col]; one of the two strides is 1
  index packed;        // rows of a B that gemm_pack has packed, of which the first K are taken; or 0
  T* C;
  index c_row;
  const T* bias;    // (N), added to every row, or null
  bool accumulate;  // C += A B, and no bias
  bool relu;        // C = max(C, 0) at the end, in registers

  // Called once with every finished part of C while it is in a near cache, or null: `tile` is (rows, columns), rows
  // `stride` apart, the part that begins at (row, column). With `keep` false it is scratch and C is neither read nor
  // written: that is how an optimizer consumes a gradient that never reaches memory. Requires !accumulate then.
  void (*finish)(const void* context, T* tile, index stride, index row, index column, index rows, index columns);
  const void* context;
  bool keep;
  // Arrays shaped as C that `finish` will touch, or null: prefetched row by row under the arithmetic.
  const T* touched[3];
};

/// How a product is cut into blocks of its output that threads may compute in any order, each with its own scratch.
struct Blocks {
  index rows, columns;  // size of a block; the last ones may be smaller
  index count_m, count_n;
};

/// Products of operands rounded to bfloat16 (to nearest, ties to even), with sums in float32.
///
/// Numerically there is one definition, that of an AMX tile. Denormals are zero, in operands, sums and results. K is
/// filled with zeros to a multiple of 32; for each 32 k's, in order, the products of the even k's are one chain of
/// fused multiply-adds from 0, those of the odd k's another, and C = C + (even + odd), where C starts as in Gemm. Only
/// a processor without fused multiply-add may differ, where a single product leaves the range of float.
struct Bf16Kernels {
  double gain;  // about how many times faster than products of float: decides when threads pay

  void (*round)(const float* x, float* y, index n);  // y = x as a bfloat16

  // A has to be packed before: `packed` elements for (M, K), of a layout of the implementation's own. Threads may pack
  // parts of its rows, cut at multiples of kBf16PackRows.
  index (*packed)(index M, index K);
  void (*pack)(const float* A, index a_row, index a_col, index K, index m0, index m1, float* packed_a);

  // As in Kernels, but A of the product is not read; denormals are flushed while finish runs.
  index (*scratch)(const Gemm<float>& g);
  Blocks (*blocks)(const Gemm<float>& g, index wanted);
  void (*gemm)(const Gemm<float>& g, const float* packed_a, const Blocks& blocks, index block, float* scratch);
};

constexpr index kBf16PackRows = 16;

/// Steps of word vectors. Rows have a multiple of kWordColumns elements, of which a call works on `first` .. `last`
/// - 1.
struct WordKernels {
  index rows_at_once;  // of `update` without e
  // z[e, r] = x[e] . y[e, r] for `examples` inputs and `rows` outputs of each
  void (*dots)(const float* const* x, const float* const* y, index examples, index rows, index first, index last,
               float* z);
  // z = rate (t - sigmoid(z)); `measured` also returns the sum of the cross-entropies
  double (*slopes)(float* z, const float* t, index n, float rate);
  double (*measured)(float* z, const float* t, index n, float rate);
  // e += sum of g[r] y[r] and y[r] += g[r] x, row by row; where e is null, x itself takes the sum of a few rows
  void (*update)(float* x, float* const* y, index rows, index first, index last, const float* g, float* e);
  // y = factor sum rows, and rows += factor e
  void (*gather)(const float* const* rows, index n, index first, index last, float factor, float* y);
  void (*scatter)(float* const* rows, index n, index first, index last, float factor, const float* e);
};

constexpr index kWordColumns = 16;

/// The part of a parameter that one step of an optimizer changes in place: n elements.
template <class T>
struct Update {
  T* w;
  T* slots[3];  // its state, in the order that the kernel names

  T* g;  // the gradient; overwritten where the kernel says so
  index n;
  double decay;  // w -= decay * w first: learning rate times weight decay, or 0
};

// The numbers that all updates of one step share. `rate` is the learning rate, with the corrections of the formula.
struct AdamStep {
  double rate, beta_1, beta_2, epsilon;
  bool amsgrad;
};
struct NadamStep {
  double beta_1, beta_2, epsilon;
  double m_factor, g_factor, v_factor;
};
struct LambStep {
  double beta_1, beta_2, epsilon;
  double m_factor, v_factor;
};
struct SgdStep {
  double rate, momentum;
  bool nesterov;
};
struct RmspropStep {
  double rate, rho, momentum, epsilon;
  bool centered;
};
struct AdagradStep {
  double rate, epsilon;
};
struct AdadeltaStep {
  double rate, rho, epsilon;
};
struct FtrlStep {
  double rate, power, l1, l2, shrinkage;
};
struct LionStep {
  double rate, beta_1, beta_2;
};

/// A line of n elements that is normalized by its own statistics: y = (x - mean) inverse gamma + beta.
template <class T>
struct NormalizedLine {
  const T* x;
  T* y;
  const T *gamma, *beta;  // (n), or null
  T* statistics;          // mean and inverse, kept for the backward pass
  index n;
  double epsilon;        // added to the variance
  double greatest;       // bound on inverse
  bool centered, total;  // the mean is taken away; squares are summed, not averaged
};

/// A run of windows over an image with the channels last: window p has, for each of its places, the C channels at
/// x + p x_step + place[t], and makes those at y + p y_step.
template <class T>
struct Windows {
  const T* x;
  index x_step;
  T* y;
  index y_step;
  const index* place;
  const index* weight_place;  // where the weights of a place begin; only for those who have some
  index taps, count, C;       // places, windows, channels
};

/// One time step of a recurrent cell for some rows: h and, of an LSTM, c are its states.
template <class T>
struct CellStep {
  index rows, units;
  T* gates;  // (rows, 4 units), rows gates_row apart: see the kernels
  index gates_row;
  const T* before[2];  // states before the step, (rows, units); of a cell with one state, both are the same
  index before_row[2];
  T* after[2];  // and after it; may be the arrays of `before`
  index after_row[2];
  const T* mask;  // 0 where a row skips the step and its state stays, one number for each row; or null
  index mask_row;
  T* dstate[2];  // (rows, units), dense: gradients of the states, changed in place by the backward step
};

/// Two words, by their places in the blocks of rows of a GloveRun, that occur together x > 0 times.
struct GlovePair {
  std::uint16_t i, j;
  float x;
};

/// Steps of GloVe on pairs of words of two blocks, one after the other. A word's row is 2 `row` numbers: parameters, of
/// which some may be constants, and the sum of squared gradients of each: so large for a constant that it stays.
template <class T>
struct GloveRun {
  const GlovePair* pairs;
  index count;
  T *words, *contexts;  // rows of the two blocks
  index row;            // a multiple of 16: everything that one dot product takes, filled with zeros
  enum Direction { kForward, kBackward, kBoth } direction;  // i or j is the word and the other one its context
  double x_max, alpha, rate;
};

/// Random bits for element i come from Philox4x32-10 with this key and counter (i / 4, stream): any part of a tensor
/// may be drawn by any thread, in any order, again in the backward pass.
struct RandomKey {
  std::uint64_t seed;
  std::uint64_t stream;
};

template <class T>
struct Kernels {
  index lanes;                    // elements of T in one vector register
  index tile_rows, tile_columns;  // of the register tile of gemm

  // Products
  index (*gemm_scratch)(const Gemm<T>& g);                // elements of 64-byte aligned scratch a thread needs,
                                                          // enough for every product with smaller sizes as well
  Blocks (*gemm_blocks)(const Gemm<T>& g, index wanted);  // about `wanted` equal blocks, fewer where C is small
  void (*gemm)(const Gemm<T>& g, const Blocks& blocks, index block, T* scratch);
  // Rows `first` .. first + K - 1 of a packed B of `rows` rows = the K rows of B, columns [0, N); for products that are
  // repeated. Threads may share columns, cut at multiples of tile_columns: those from n on go to packed + n * rows.
  void (*gemm_pack)(const T* B, index b_row, index b_col, index K, index N, T* packed, index rows, index first);

  // Activations, losses: tables, in no particular order
  const Activation<T>* activations;
  index activation_count;
  const AxisActivation<T>* axis_activations;
  index axis_activation_count;
  const Loss<T>* losses;
  index loss_count;
  const Primitive<T>* primitives;
  index primitive_count;

  // Elementwise; y may alias any operand
  void (*fill)(T* y, T value, index n);
  void (*add)(const T* a, const T* b, T* y, index n);       // y = a + b
  void (*multiply)(const T* a, const T* b, T* y, index n);  // y = a * b
  void (*scale)(const T* x, T factor, T* y, index n);       // y = factor * x
  void (*axpy)(T a, const T* x, T* y, index n);             // y += a * x
  void (*clip)(const T* x, T low, T high, T* y, index n);   // NaN stays NaN
  // y (rows, columns), rows y_row apart = x, rows x_row apart
  void (*copy_rows)(const T* x, index x_row, T* y, index y_row, index rows, index columns);

  void (*add_penalty)(const T* x, double l1, double l2, T* dx, index n);  // dx += l1 sign(x) + 2 l2 x

  // Reductions
  void (*column_sum)(const T* x, index rows, index columns, index stride,
                     T* y);                         // y[j] = sum over i of x[i][j], in order
  double (*sum)(const T* x, index n);               // in double
  double (*sum_of_squares)(const T* x, index n);    // in double
  double (*sum_of_absolutes)(const T* x, index n);  // in double
  bool (*all_finite)(const T* x, index n);
  // x (rows, n), rows `stride` apart, and q (n): dot[i] = x[i] q, squares[i] = x[i] x[i]
  void (*row_products)(const T* x, index rows, index stride, index n, const T* q, T* dot, T* squares);
  void (*inverse_roots)(const T* x, T* y, index n);  // y = 1 / sqrt(x)

  // Dropout: elements first .. first + n - 1 of a tensor; y[i] = kept(i) ? x[i] / (1 - rate) : 0. `first` is a multiple
  // of 4; x and y point at element `first`. The backward pass is the same call on dy.
  void (*dropout)(const T* x, T* y, index first, index n, double rate, RandomKey key);
  // 32 random bits for elements first .. first + n - 1; `first` is a multiple of 4.
  void (*random_bits)(std::uint32_t* y, index first, index n, RandomKey key);

  // y = x (1 + spread n) + noise n for standard normal n; `first` is a multiple of 4.
  void (*gaussian)(const T* x, T* y, index first, index n, double spread, double noise, RandomKey key);

  // Normalization; null gamma is 1 and null beta 0
  void (*column_dot)(const T* x, const T* mean, const T* z, index rows, index columns, index stride, T* y);
  void (*standardize)(const T* x, const T* mean, const T* scale, const T* shift, T* y, index rows, index columns);
  void (*standardize_backward)(const T* x, const T* mean, const T* dy, const T* a, const T* b, const T* c, T* dx,
                               index rows, index columns);
  void (*normalize)(const NormalizedLine<T>& line);
  void (*normalize_backward)(const NormalizedLine<T>& line, const T* dy, T* dx);
  void (*line_dot)(const T* x, const T* statistics, index period, const T* dy, index lines, index columns, index stride,
                   T* dgamma);

  // Windows; `add`: to dx, otherwise it is overwritten there
  void (*window_max)(const Windows<T>& w);                                         // y = the greatest x; a NaN wins
  void (*window_max_backward)(const Windows<T>& w, const T* dy, T* dx, bool add);  // at the first place that holds y
  void (*window_sum)(const Windows<T>& w, double factor);                          // y = factor sum x
  void (*window_sum_backward)(const Windows<T>& w, double factor, const T* dy, T* dx, bool add);
  void (*window_dot)(const Windows<T>& w, const T* weight, const T* bias);  // y = bias + sum weight x, by channels
  void (*window_dot_backward)(const Windows<T>& w, const T* weight, const T* dy, T* dx);        // adds
  void (*window_dot_weight)(const Windows<T>& w, const T* dy, index c0, index c1, T* dweight);  // dweight += x dy

  // Recurrent cells with the activations sigmoid and tanh. A GRU's reset gate works on the product of h
  void (*lstm)(const CellStep<T>& step);
  void (*lstm_backward)(const CellStep<T>& step);
  void (*gru)(const CellStep<T>& step);
  void (*gru_backward)(const CellStep<T>& step);

  // AdaGrad on f(x) (w . c - log x)^2 / 2 for each pair, f(x) = min(1, x / x_max)^alpha; returns the sum of these
  // losses, in double. Both directions of a pair of equal words are one
  double (*glove)(const GloveRun<T>& run);

  // Optimizers, in place; the formulas are Keras 3's
  void (*adam)(const Update<T>& u, const AdamStep& step);          // slots m, v, and v_max for amsgrad
  void (*adamax)(const Update<T>& u, const AdamStep& step);        // slots m, norm
  void (*nadam)(const Update<T>& u, const NadamStep& step);        // slots m, v
  void (*lamb)(const Update<T>& u, const LambStep& step);          // slots m, v; only gives the direction, in g
  void (*sgd)(const Update<T>& u, const SgdStep& step);            // slot velocity, if there is momentum
  void (*rmsprop)(const Update<T>& u, const RmspropStep& step);    // slots velocity, momentum and mean where used
  void (*adagrad)(const Update<T>& u, const AdagradStep& step);    // slot sum of squares
  void (*adadelta)(const Update<T>& u, const AdadeltaStep& step);  // slots mean squares of gradients and of changes
  void (*ftrl)(const Update<T>& u, const FtrlStep& step);          // slots sum of squares, linear
  void (*lion)(const Update<T>& u, const LionStep& step);          // slot m
  // Adafactor's pieces: y += factor (g^2 + epsilon), and g = g / sqrt(v) for v = r c or v = y
  void (*add_squares)(T* y, const T* g, T factor, T epsilon, index n);
  void (*divide_by_factored)(T* g, T* v, T r, const T* c, index n);
  void (*divide_by_root)(T* g, const T* y, index n);
  void (*blend)(T* average, const T* w, T momentum, index n);  // average = momentum average + (1 - momentum) w

  const Bf16Kernels* bf16;   // null for double
  const WordKernels* words;  // null for double
};

struct Table {
  // "baseline", "avx2", "avx512", "avx512bf16" and "amx" (avx512 with bfloat16 products on pairs and on tiles), "neon"
  const char* isa;
  Kernels<float> f32;
  Kernels<double> f64;
};

/// Tables this processor and operating system can run, best first. Ends with a null pointer.
const Table* const* available();

/// The table in use: the best one, unless RANVIER_ISA or select() says otherwise.
const Table& active();

/// Uses the table called `isa` from now on; false, and no change, if this machine cannot run it.
bool select(const char* isa);

template <class T>
const Kernels<T>& table();
template <>
inline const Kernels<float>& table<float>() {
  return active().f32;
}
template <>
inline const Kernels<double>& table<double>() {
  return active().f64;
}

}  // namespace ranvier::kernels
