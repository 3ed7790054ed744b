// dot: y[m, n] = sum over k of a[m, k] b[n, k], where k is an axis of each input and m and n are its other ones.
// With `normalize` the lines along k are scaled to length 1 first, by at most 1e7.
//
// Both inputs are copied with their axis last, (M, K) and (N, K), so that all else is products and lines of K.

#include <algorithm>
#include <cmath>

#include "layers/broadcast.hpp"
#include "layers/product.hpp"

namespace ranvier {
namespace {

template <class T>
class Dot final : public Layer<T> {
 public:
  Dot(Config& config, const std::string& name) : Layer<T>("dot", name), normalize_(config.boolean("normalize", false)) {
    const std::vector<std::int64_t> axes = config.integers("axes");
    if (axes.size() != 2) throw std::invalid_argument(text("axes must be two integers, got ", axes.size()));
    axes_[0] = static_cast<index>(axes[0]);
    axes_[1] = static_cast<index>(axes[1]);
    if (axes_[0] == 0 || axes_[1] == 0) throw std::invalid_argument("axis 0 is the batch: rows do not mix");
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 2);
    Shape y;
    for (std::size_t i = 0; i < 2; ++i) {
      const index rank = static_cast<index>(x[i].size()) + 1;
      if (axes_[i] >= rank || axes_[i] < -rank + 1 || rank > static_cast<index>(kMostAxes))
        fail(this->name(), "axis ", axes_[i], " does not exist in an input of shape ", to_string_batched(x[i]));
      for (std::size_t axis = 0; axis < x[i].size(); ++axis)
        if (axis != position(x[i], i)) y.push_back(x[i][axis]);
    }
    if (length(x, 0) != length(x, 1))
      fail(this->name(), "expected inputs of one size along axes ", axes_[0], " and ", axes_[1], ", got ",
           to_string_batched(x[0]), " and ", to_string_batched(x[1]));
    if (y.empty()) y.push_back(1);
    return {y};
  }

  double flops(const std::vector<Shape>& x) const override {
    return 2.0 * static_cast<double>(size(output_shapes(x)[0])) * static_cast<double>(length(x, 0));
  }

  index workspace(const std::vector<Shape>& x, index batch) const override {
    return normalize_ ? batch * (size(x[0]) + size(x[1])) / length(x, 0) : 0;
  }
  index scratch(const std::vector<Shape>& x, index) const override {
    const index K = length(x, 0), M = size(x[0]) / K, N = size(x[1]) / K;
    index most = 0;
    for (const kernels::Gemm<T>& g :
         {product_transposed_b<T>(M, N, K, nullptr, nullptr, nullptr), product<T>(M, K, N, nullptr, nullptr, nullptr),
          product_transposed_a<T>(N, K, M, nullptr, nullptr, nullptr)})
      most = std::max(most, kernels::table<T>().gemm_scratch(g));
    return most + 3 * padded(x);
  }

  void forward(const Pass<T>& pass) const override {
    const Range rows = pass.team->share(pass.batch);
    for (index row = rows.begin; row < rows.end; ++row) {
      const Operands o = gather(pass, row, true);
      run(pass, product_transposed_b<T>(o.M, o.N, o.K, o.a, o.b, pass.y[0] + row * o.M * o.N));
    }
  }

  void backward(const Pass<T>& pass) const override {
    const Range rows = pass.team->share(pass.batch);
    for (index row = rows.begin; row < rows.end; ++row) {
      const Operands o = gather(pass, row, false);
      const T* const dy = pass.dy[0] + row * o.M * o.N;
      T* const d = pass.scratch + 2 * padded(*pass.x_shapes);
      if (pass.dx[0]) {
        run(pass, product<T>(o.M, o.K, o.N, dy, o.b, d));
        scatter(pass, 0, row, o.a, o.M, o.K, d);
      }
      if (pass.dx[1]) {
        run(pass, product_transposed_a<T>(o.N, o.K, o.M, dy, o.a, d));
        scatter(pass, 1, row, o.b, o.N, o.K, d);
      }
    }
  }

 private:
  struct Operands {
    T *a, *b;
    index M, N, K;
  };

  std::size_t position(const Shape& x, std::size_t i) const {
    return static_cast<std::size_t>(axes_[i] < 0 ? axes_[i] + static_cast<index>(x.size()) : axes_[i] - 1);
  }
  index length(const std::vector<Shape>& x, std::size_t i) const { return x[i][position(x[i], i)]; }
  static index padded(const std::vector<Shape>& x) {
    return round_up(std::max(size(x[0]), size(x[1])), static_cast<index>(kCacheLine / sizeof(T)));
  }

  // A row of input i seen as (outer, K, inner).
  struct View {
    index outer, K, inner;
  };
  View see(const Shape& x, std::size_t i) const {
    const auto axis = static_cast<std::ptrdiff_t>(position(x, i));
    return {size(Shape(x.begin(), x.begin() + axis)), x[static_cast<std::size_t>(axis)],
            size(Shape(x.begin() + axis + 1, x.end()))};
  }

  // The factor that gives each line length 1.
  T* factors(const Pass<T>& pass, std::size_t i, index row) const {
    const index K = length(*pass.x_shapes, 0), M = pass.x_size(0) / K, N = pass.x_size(1) / K;
    return pass.workspace + (i ? pass.batch * M + row * N : row * M);
  }

  Operands gather(const Pass<T>& pass, index row, bool measure) const {
    const index step = padded(*pass.x_shapes), K = length(*pass.x_shapes, 0);
    T* const to[] = {pass.scratch, pass.scratch + step};
    for (std::size_t i = 0; i < 2; ++i) {
      const View v = see((*pass.x_shapes)[i], i);
      const T* const x = pass.x[i] + row * pass.x_size(i);
      for (index o = 0; o < v.outer; ++o)
        for (index k = 0; k < K; ++k)
          for (index j = 0; j < v.inner; ++j) to[i][(o * v.inner + j) * K + k] = x[(o * K + k) * v.inner + j];
      for (index line = 0; normalize_ && line < v.outer * v.inner; ++line) {
        T& factor = factors(pass, i, row)[line];
        if (measure)
          factor = static_cast<T>(std::min(1 / std::sqrt(pass.kernels->sum_of_squares(to[i] + line * K, K)), 1e7));
        pass.kernels->scale(to[i] + line * K, factor, to[i] + line * K, K);
      }
    }
    return {to[0], to[1], pass.x_size(0) / K, pass.x_size(1) / K, K};
  }

  // d, the gradient of the lines x, becomes that of row `row` of input i.
  void scatter(const Pass<T>& pass, std::size_t i, index row, const T* x, index lines, index K, T* d) const {
    for (index line = 0; normalize_ && line < lines; ++line) {
      T* const own = d + line * K;
      const T factor = factors(pass, i, row)[line];
      double along = 0;
      if (factor < T(1e7))
        for (index k = 0; k < K; ++k) along += static_cast<double>(own[k] * x[line * K + k]);
      pass.kernels->axpy(static_cast<T>(-along), x + line * K, own, K);
      pass.kernels->scale(own, factor, own, K);
    }
    const View v = see((*pass.x_shapes)[i], i);
    T* const dx = pass.dx[i] + row * pass.x_size(i);
    for (index o = 0; o < v.outer; ++o)
      for (index k = 0; k < K; ++k)
        for (index j = 0; j < v.inner; ++j) dx[(o * K + k) * v.inner + j] = d[(o * v.inner + j) * K + k];
  }

  void run(const Pass<T>& pass, const kernels::Gemm<T>& g) const {
    const kernels::Blocks all{g.M, g.N, 1, 1};
    pass.kernels->gemm(g, all, 0, pass.scratch + 3 * padded(*pass.x_shapes));
  }

  bool normalize_;
  index axes_[2];  // the batch is axis 0; negative from the end
};

RANVIER_REGISTER_LAYER("dot", Dot)

}  // namespace
}  // namespace ranvier
