// reduce: sum, mean, max, min, prod, logsumexp, argmax or argmin along some axes. The batch is axis 0: what is reduced
// along it as well is one for the whole batch.
//
// Each output is the result of a line of K elements, which are gathered from wherever they lie, so that all functions
// see them in order.

#include <algorithm>
#include <array>
#include <cmath>

#include "layers/broadcast.hpp"

namespace ranvier {
namespace {

template <class T>
class Reduce final : public Layer<T> {
 public:
  Reduce(Config& config, const std::string& name)
      : Layer<T>("reduce", name), function_(config.word("function")), keepdims_(config.boolean("keepdims", false)) {
    static const std::vector<std::string> valid{"sum", "mean", "max", "min", "prod", "logsumexp", "argmax", "argmin"};
    if (std::find(valid.begin(), valid.end(), function_) == valid.end())
      throw std::invalid_argument(unknown_name("function", function_, valid));
    for (double axis : config.numbers("axes")) {
      if (axis == 0) batch_ = true;
      axes_.push_back(static_cast<index>(axis));
    }
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    for (index axis : axes_)
      if (axis < 0 || axis > static_cast<index>(x[0].size()))
        fail(this->name(), "axis ", axis, " does not exist in an input of shape ", to_string_batched(x[0]));
    if (x[0].size() >= kMostAxes) fail(this->name(), "expected at most ", kMostAxes - 1, " axes");
    Shape y;
    if (keepdims_ && batch_) y.push_back(1);  // an axis in place of the batch
    for (std::size_t i = 0; i < x[0].size(); ++i) {
      if (!reduced(i)) y.push_back(x[0][i]);
      if (reduced(i) && keepdims_) y.push_back(1);
    }
    return {y};
  }

  bool makes_single(const std::vector<char>& x) const override { return batch_ || x[0]; }

  index scratch(const std::vector<Shape>& x, index batch) const override { return (batch_ ? batch : 1) * size(x[0]); }

  void forward(const Pass<T>& pass) const override {
    each_line(pass, [&](index y, index from, const Lines& lines) {
      const index K = lines.gather(pass.x[0] + from, pass.scratch);
      pass.y[0][y] = result(*pass.kernels, pass.scratch, K);
    });
  }

  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    each_line(pass, [&](index y, index from, const Lines& lines) {
      T* const line = pass.scratch;
      const index K = lines.gather(pass.x[0] + from, line);
      slopes(*pass.kernels, line, K, pass.y[0][y], pass.dy[0][y]);
      lines.scatter(line, pass.dx[0] + from);
    });
  }

 private:
  // Where the elements of a line lie, and where lines begin.
  struct Lines {
    std::size_t axes = 0, outer_axes = 0;
    std::array<index, kMostAxes> sizes{}, steps{}, outer_sizes{}, outer_steps{};

    template <class F>
    void each(const F& f) const {
      std::array<index, kMostAxes> at{};
      index from = 0;
      for (;;) {
        f(from);
        std::size_t axis = axes;
        while (axis-- > 0) {
          from += steps[axis];
          if (++at[axis] < sizes[axis]) break;
          from -= steps[axis] * sizes[axis];
          at[axis] = 0;
        }
        if (axis == static_cast<std::size_t>(-1)) return;
      }
    }
    index gather(const T* x, T* line) const {
      index k = 0;
      each([&](index from) { line[k++] = x[from]; });
      return k;
    }
    void scatter(const T* line, T* x) const {
      each([&](index to) { x[to] = *line++; });
    }
    index begin(index i) const {
      index from = 0;
      for (std::size_t axis = outer_axes; axis-- > 0; i /= outer_sizes[axis])
        from += i % outer_sizes[axis] * outer_steps[axis];
      return from;
    }
  };

  bool reduced(std::size_t axis) const {
    return std::find(axes_.begin(), axes_.end(), static_cast<index>(axis) + 1) != axes_.end();
  }

  Lines lines(const Pass<T>& pass) const {
    const Shape& x = (*pass.x_shapes)[0];
    Lines result;
    std::array<index, kMostAxes> steps{};
    for (index step = 1, i = static_cast<index>(x.size()) - 1; i >= 0; --i) {
      steps[static_cast<std::size_t>(i)] = step;
      step *= x[static_cast<std::size_t>(i)];
    }
    const index rows = pass.x_single[0] ? 1 : pass.batch;
    const auto add = [&](bool reduce, index size, index step) {
      auto& count = reduce ? result.axes : result.outer_axes;
      (reduce ? result.sizes : result.outer_sizes)[count] = size;
      (reduce ? result.steps : result.outer_steps)[count++] = step;
    };
    add(batch_, rows, size(x));
    for (std::size_t i = 0; i < x.size(); ++i) add(reduced(i), x[i], steps[i]);
    return result;
  }

  template <class F>
  void each_line(const Pass<T>& pass, const F& f) const {
    const Lines cut = lines(pass);
    const Range part = pass.team->share((batch_ || pass.x_single[0] ? 1 : pass.batch) * pass.y_size(0));
    for (index y = part.begin; y < part.end; ++y) f(y, cut.begin(y), cut);
  }

  T result(const kernels::Kernels<T>& k, const T* x, index K) const {
    if (function_ == "sum") return static_cast<T>(k.sum(x, K));
    if (function_ == "mean") return static_cast<T>(k.sum(x, K) / static_cast<double>(K));
    if (function_ == "prod") {
      double product = 1;
      for (index i = 0; i < K; ++i) product *= static_cast<double>(x[i]);
      return static_cast<T>(product);
    }
    const bool least = function_ == "min" || function_ == "argmin";
    index best = 0;
    for (index i = 1; i < K; ++i)
      if (x[best] == x[best] && (x[i] != x[i] || (least ? x[i] < x[best] : x[i] > x[best]))) best = i;
    if (function_[0] == 'a') return static_cast<T>(best);
    if (function_ != "logsumexp") return x[best];
    if (!std::isfinite(x[best])) return x[best];
    double sum = 0;
    for (index i = 0; i < K; ++i) sum += std::exp(static_cast<double>(x[i]) - static_cast<double>(x[best]));
    return static_cast<T>(std::log(sum)) + x[best];
  }

  // x becomes the gradient of its elements.
  void slopes(const kernels::Kernels<T>& k, T* x, index K, T y, T dy) const {
    if (function_ == "sum" || function_ == "mean")
      return k.fill(x, function_ == "sum" ? dy : dy / static_cast<T>(K), K);
    if (function_[0] == 'a') return k.fill(x, T{0}, K);
    if (function_ == "prod") return product_slopes(x, K, dy);
    if (function_ == "logsumexp") {
      for (index i = 0; i < K; ++i) x[i] = dy * std::exp(x[i] - y);
      return;
    }
    // Equal elements share it.
    const auto ties = static_cast<T>(std::count(x, x + K, y));
    for (index i = 0; i < K; ++i) x[i] = x[i] == y ? dy / ties : T{0};
  }

  static void product_slopes(T* x, index K, T dy) {
    double others = 1;  // the product of all that are not 0
    index zeros = 0, zero = 0;
    for (index i = 0; i < K; ++i) {
      if (x[i] == T{0}) {
        ++zeros;
        zero = i;
      } else {
        others *= static_cast<double>(x[i]);
      }
    }
    if (zeros) {
      std::fill_n(x, K, T{0});
      if (zeros == 1) x[zero] = dy * static_cast<T>(others);
      return;
    }
    for (index i = 0; i < K; ++i) x[i] = dy * static_cast<T>(others / static_cast<double>(x[i]));
  }

  std::string function_;
  bool keepdims_, batch_ = false;
  std::vector<index> axes_;  // the batch is axis 0
};

RANVIER_REGISTER_LAYER("reduce", Reduce)

}  // namespace
}  // namespace ranvier
