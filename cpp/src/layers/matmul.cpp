// matmul: y = a b on the last two axes, (M, K) and (K, N); axes before these are broadcast. `transpose_a` and
// `transpose_b` say that an operand lies as (K, M) or (N, K). An operand without a batch axis is one for all rows.

#include <array>

#include "layers/broadcast.hpp"
#include "layers/product.hpp"

namespace ranvier {
namespace {

template <class T>
class Matmul final : public Layer<T> {
 public:
  Matmul(Config& config, const std::string& name)
      : Layer<T>("matmul", name),
        transpose_{config.boolean("transpose_a", false), config.boolean("transpose_b", false)} {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 2);
    for (const Shape& shape : x)
      if (shape.size() < 2)
        fail(this->name(), "expected operands of at least 2 axes besides the batch, got ", to_string_batched(shape));
    const Sizes s = sizes(x);
    if (s.K != s.K_b)
      fail(this->name(), "the shapes ", to_string_batched(x[0]), " and ", to_string_batched(x[1]),
           " cannot be multiplied: ", s.K, " columns, but ", s.K_b, " rows");
    Shape y = broadcast(this->name(), outer(x[0]), outer(x[1]));
    y.push_back(s.M);
    y.push_back(s.N);
    return {y};
  }

  bool makes_single(const std::vector<char>& x) const override { return x[0] && x[1]; }

  double flops(const std::vector<Shape>& x) const override {
    const Sizes s = sizes(x);
    return 2.0 * static_cast<double>(size(output_shapes(x)[0])) * static_cast<double>(s.K);
  }

  index scratch(const std::vector<Shape>& x, index batch) const override {
    const Sizes s = sizes(x);
    index most = 0;
    const index rows = batch * size(outer(x[0])) * s.M;  // of a product that all matrices of a make together
    for (index M : {s.M, rows})
      for (const kernels::Gemm<T>& g :
           {forward_product(s, M, nullptr, nullptr, nullptr), da_product(s, M, nullptr, nullptr, nullptr),
            db_product(s, M, nullptr, nullptr, nullptr)})
        most = std::max(most, kernels::table<T>().gemm_scratch(g));
    return most;
  }

  void forward(const Pass<T>& pass) const override {
    const Sizes s = sizes(*pass.x_shapes);
    if (const index M = joined_rows(pass, s)) {
      multiply(pass, forward_product(s, M, pass.x[0], pass.x[1], pass.y[0]));
      return;
    }
    for_matrices(pass, s, [&](index a, index b, index y) {
      run(pass, forward_product(s, s.M, pass.x[0] + a, pass.x[1] + b, pass.y[0] + y));
    });
  }

  void backward(const Pass<T>& pass) const override {
    const Sizes s = sizes(*pass.x_shapes);
    const T *const a = pass.x[0], *const b = pass.x[1], *const dy = pass.dy[0];
    if (const index M = joined_rows(pass, s)) {
      if (pass.dx[0]) multiply(pass, da_product(s, M, dy, b, pass.dx[0]));
      if (pass.dx[1]) multiply(pass, db_product(s, M, a, dy, pass.dx[1]));
      return;
    }
    const auto into = [&](std::size_t operand, auto product) {
      T* const d = pass.dx[operand];
      if (!d) return;
      const bool sums = pass.x_single[operand] ? pass.batch * outer_size(pass, 2) > outer_size(pass, operand)
                                               : outer_size(pass, 2) > outer_size(pass, operand);
      if (!sums) {
        for_matrices(pass, s, [&](index at_a, index at_b, index y) {
          run(pass, product(at_a, at_b, y, d + (operand ? at_b : at_a)));
        });
        return;
      }
      // Several products are summed, in their order: rows are shared, or, where the operand is one for all, nobody
      // shares.
      const bool single = pass.x_single[operand];
      if (single && pass.team->rank() != 0) return;
      const Range rows = single ? Range{0, pass.batch} : pass.team->share(pass.batch);
      pass.kernels->fill(d + (single ? 0 : rows.begin * pass.x_size(operand)), T{0},
                         (single ? 1 : rows.size()) * pass.x_size(operand));
      matrices(pass, s, rows, [&](index at_a, index at_b, index y) {
        kernels::Gemm<T> g = product(at_a, at_b, y, d + (operand ? at_b : at_a));
        g.accumulate = true;
        run(pass, g);
      });
    };
    into(0, [&](index, index at_b, index y, T* d) { return da_product(s, s.M, dy + y, b + at_b, d); });
    into(1, [&](index at_a, index, index y, T* d) { return db_product(s, s.M, a + at_a, dy + y, d); });
  }

 private:
  struct Sizes {
    index M, K, K_b, N;
  };

  Sizes sizes(const std::vector<Shape>& x) const {
    const std::size_t a = x[0].size(), b = x[1].size();
    const bool ta = transpose_[0], tb = transpose_[1];
    return {x[0][a - (ta ? 1 : 2)], x[0][a - (ta ? 2 : 1)], x[1][b - (tb ? 1 : 2)], x[1][b - (tb ? 2 : 1)]};
  }
  static Shape outer(const Shape& x) { return Shape(x.begin(), x.end() - 2); }
  static index outer_size(const Pass<T>& pass, std::size_t tensor) {
    return size(outer(tensor == 2 ? (*pass.y_shapes)[0] : (*pass.x_shapes)[tensor]));
  }

  kernels::Gemm<T> forward_product(const Sizes& s, index M, const T* a, const T* b, T* y) const {
    kernels::Gemm<T> g = product(M, s.N, s.K, a, b, y);
    if (transpose_[0]) g.a_row = 1, g.a_col = M;
    if (transpose_[1]) g.b_row = 1, g.b_col = s.K;
    return g;
  }
  kernels::Gemm<T> da_product(const Sizes& s, index M, const T* dy, const T* b, T* da) const {
    if (transpose_[0]) {  // (K, M) = b dy^T
      kernels::Gemm<T> g = product(s.K, M, s.N, b, dy, da);
      if (transpose_[1]) g.a_row = 1, g.a_col = s.K;
      g.b_row = 1, g.b_col = s.N;
      return g;
    }
    kernels::Gemm<T> g = product(M, s.K, s.N, dy, b, da);
    if (!transpose_[1]) g.b_row = 1, g.b_col = s.N;
    return g;
  }
  kernels::Gemm<T> db_product(const Sizes& s, index M, const T* a, const T* dy, T* db) const {
    if (transpose_[1]) {  // (N, K) = dy^T a
      kernels::Gemm<T> g = product(s.N, s.K, M, dy, a, db);
      g.a_row = 1, g.a_col = s.N;
      if (transpose_[0]) g.b_row = 1, g.b_col = M;
      return g;
    }
    kernels::Gemm<T> g = product(s.K, s.N, M, a, dy, db);
    if (!transpose_[0]) g.a_row = 1, g.a_col = s.K;
    return g;
  }

  // Rows of one product that does the work of all, where b is a single matrix; otherwise 0.
  index joined_rows(const Pass<T>& pass, const Sizes& s) const {
    const bool fits = !transpose_[0] && pass.x_single[1] && (*pass.x_shapes)[1].size() == 2;
    return fits ? (pass.x_single[0] ? 1 : pass.batch) * outer_size(pass, 0) * s.M : 0;
  }

  void run(const Pass<T>& pass, const kernels::Gemm<T>& g) const {
    const kernels::Blocks all{g.M, g.N, 1, 1};
    pass.kernels->gemm(g, all, 0, pass.scratch);
  }

  template <class F>
  void for_matrices(const Pass<T>& pass, const Sizes& s, const F& f) const {
    matrices(pass, s, pass.team->share(pass.batch), f);
  }

  // Calls f with the offsets of each matrix of these rows in a, b and y.
  template <class F>
  void matrices(const Pass<T>& pass, const Sizes& s, Range rows, const F& f) const {
    if (rows.size() == 0) return;
    const index in_a = s.M * s.K, in_b = s.K * s.N, in_y = s.M * s.N;
    const Shape a = outer((*pass.x_shapes)[0]), b = outer((*pass.x_shapes)[1]), y = outer((*pass.y_shapes)[0]);
    const index first_a = pass.x_single[0] ? 0 : rows.begin * pass.x_size(0);
    const index first_b = pass.x_single[1] ? 0 : rows.begin * pass.x_size(1);
    const Runs runs(rows.size(), y, {{&a, pass.x_single[0] != 0}, {&b, pass.x_single[1] != 0}});
    runs.each([&](index at, const auto& from) {
      for (index i = 0; i < runs.length(); ++i)
        f(first_a + (from[0] + i * runs.step(0)) * in_a, first_b + (from[1] + i * runs.step(1)) * in_b,
          rows.begin * pass.y_size(0) + (at + i) * in_y);
    });
  }

  std::array<bool, 2> transpose_;
};

RANVIER_REGISTER_LAYER("matmul", Matmul)

}  // namespace
}  // namespace ranvier
