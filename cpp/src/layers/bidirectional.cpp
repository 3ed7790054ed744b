// bidirectional: joins what two recurrent layers make of a sequence, the second of which reads it backwards.
// Both (B, L, U), or (B, U) of the last step; the second's steps are put in the order of the first's. "concat" gives
// (B, L, 2 U), "sum", "ave" and "mul" (B, L, U), and "none" both by themselves.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Bidirectional final : public Layer<T> {
 public:
  Bidirectional(Config& config, const std::string& name)
      : Layer<T>("bidirectional", name), mode_(mode(config.word("merge_mode", "concat"))) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 2);
    if (x[0] != x[1] && (mode_ != Mode::concat || x[0].size() != x[1].size() || x[0][0] != x[1][0] || x[0].size() < 2))
      fail(this->name(), "expected two outputs of one shape, got ", to_string_batched(x[0]), " and ",
           to_string_batched(x[1]));
    if (mode_ == Mode::none) return x;
    Shape y = x[0];
    if (mode_ == Mode::concat) y.back() += x[1].back();
    return {y};
  }

  void forward(const Pass<T>& pass) const override {
    for_steps(pass, [&](index step, index other, index U, index V) {
      const T *const a = pass.x[0] + step * U, *const b = pass.x[1] + other * V;
      T* const y = pass.y[0] + step * (mode_ == Mode::concat ? U + V : U);
      switch (mode_) {
        case Mode::concat:
          std::copy_n(a, U, y);
          std::copy_n(b, V, y + U);
          break;
        case Mode::sum:
        case Mode::ave:
          pass.kernels->add(a, b, y, U);
          if (mode_ == Mode::ave) pass.kernels->scale(y, T(0.5), y, U);
          break;
        case Mode::mul:
          pass.kernels->multiply(a, b, y, U);
          break;
        case Mode::none:
          std::copy_n(a, U, y);
          std::copy_n(b, V, pass.y[1] + step * V);
          break;
      }
    });
  }

  void backward(const Pass<T>& pass) const override {
    for_steps(pass, [&](index step, index other, index U, index V) {
      const T* const dy = pass.dy[0] + step * (mode_ == Mode::concat ? U + V : U);
      if (pass.dx[0]) one(pass, dy, pass.x[1] + other * V, pass.dx[0] + step * U, U);
      if (!pass.dx[1]) return;
      const T* const second = mode_ == Mode::concat ? dy + U : mode_ == Mode::none ? pass.dy[1] + step * V : dy;
      one(pass, second, pass.x[0] + step * U, pass.dx[1] + other * V, V);
    });
  }

 private:
  enum class Mode { concat, sum, ave, mul, none };

  static Mode mode(const std::string& word) {
    const std::vector<std::string> words{"concat", "sum", "ave", "mul", "none"};
    const auto found = std::find(words.begin(), words.end(), word);
    if (found == words.end()) throw std::invalid_argument(unknown_name("merge_mode", word, words));
    return static_cast<Mode>(found - words.begin());
  }

  // The gradient of one of the two from that of what it became; x is the other one.
  void one(const Pass<T>& pass, const T* dy, const T* x, T* dx, index n) const {
    if (mode_ == Mode::mul)
      pass.kernels->multiply(dy, x, dx, n);
    else if (mode_ == Mode::ave)
      pass.kernels->scale(dy, T(0.5), dx, n);
    else
      std::copy_n(dy, n, dx);
  }

  // f(step, the step of the second that belongs to it, U, V), for this thread's rows.
  template <class F>
  void for_steps(const Pass<T>& pass, const F& f) const {
    const Shape &first = (*pass.x_shapes)[0], &second = (*pass.x_shapes)[1];
    const index U = first.back(), V = second.back(), L = size(first) / U;
    const Range rows = pass.team->share(pass.batch);
    for (index i = rows.begin; i < rows.end; ++i)
      for (index t = 0; t < L; ++t) f(i * L + t, i * L + L - 1 - t, U, V);
  }

  Mode mode_;
};

RANVIER_REGISTER_LAYER("bidirectional", Bidirectional)

}  // namespace
}  // namespace ranvier
