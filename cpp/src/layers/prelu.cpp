// prelu: y = x where x > 0 and alpha x elsewhere; alpha is a parameter with an element for each of a row, or one for
// all along shared axes (He, Zhang, Ren and Sun 2015).

#include "layers/broadcast.hpp"
#include "layers/layer.hpp"
#include "layers/row_axes.hpp"

namespace ranvier {
namespace {

template <class T>
class Prelu final : public Layer<T> {
 public:
  using typename Layer<T>::Parameters;

  Prelu(Config& config, const std::string& name)
      : Layer<T>("prelu", name), shared_axes_(config.integers("shared_axes")) {
    if (std::find(shared_axes_.begin(), shared_axes_.end(), 0) != shared_axes_.end())
      throw std::invalid_argument("axis 0 is the batch: it has no slopes of its own");
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    const Shape wanted = alpha_shape(x[0]);
    if (this->built() && alpha().shape != wanted)
      fail(this->name(), "its alpha has shape ", to_string(alpha().shape), ", but an input of shape ",
           to_string_batched(x[0]), " needs ", to_string(wanted));
    return x;
  }

  void forward(const Pass<T>& pass) const override {
    const Share mine(pass, alpha().shape);
    const T *const a = alpha().value.data(), *const x = mine.of(pass.x[0]);
    T* const y = mine.of(pass.y[0]);
    mine.runs.each([&](index at, const auto& operand) {
      const T* const slope = a + operand[1];
      for (index j = 0; j < mine.length; ++j) y[at + j] = x[at + j] > 0 ? x[at + j] : slope[j * mine.step] * x[at + j];
    });
  }

  void backward(const Pass<T>& pass) const override {
    if (T* const dalpha = pass.dparameters[0]) {
      alpha_gradient(pass, dalpha);
      pass.team->barrier();  // dx may lie where dy does
    }
    if (!pass.dx[0]) return;
    const Share mine(pass, alpha().shape);
    const T *const a = alpha().value.data(), *const x = mine.of(pass.x[0]), *const dy = mine.of(pass.dy[0]);
    T* const dx = mine.of(pass.dx[0]);
    mine.runs.each([&](index at, const auto& operand) {
      const T* const slope = a + operand[1];
      for (index j = 0; j < mine.length; ++j)
        dx[at + j] = x[at + j] > 0 ? dy[at + j] : slope[j * mine.step] * dy[at + j];
    });
  }

 protected:
  Parameters make_parameters(const std::vector<Shape>& x) const override {
    return {std::make_shared<Parameter<T>>("alpha", alpha_shape(x[0]), Initial::zeros)};
  }

 private:
  // A thread's rows of x, in runs along which alpha goes on, or stays.
  struct Share {
    Share(const Pass<T>& pass, const Shape& alpha) : Share(pass.team->share(pass.batch), (*pass.x_shapes)[0], alpha) {}
    Share(Range rows, const Shape& x, const Shape& alpha)
        : begin(rows.begin * size(x)),
          runs(rows.size(), x, {{&x, false}, {&alpha, true}}),
          length(rows.size() > 0 ? runs.length() : 0),
          step(runs.step(1)) {}

    template <class Pointer>
    Pointer of(Pointer whole) const {
      return whole + begin;
    }

    index begin;
    Runs runs;
    index length, step;
  };

  /// Every thread takes some elements of alpha and goes through all rows for them: sums have one order.
  void alpha_gradient(const Pass<T>& pass, T* dalpha) const {
    constexpr index kGrain = 16;
    const Range mine = pass.team->share(alpha().value.size(), kGrain);
    std::fill(dalpha + mine.begin, dalpha + mine.end, T{0});
    const Share all({0, pass.batch}, (*pass.x_shapes)[0], alpha().shape);
    const T *const x = pass.x[0], *const dy = pass.dy[0];
    all.runs.each([&](index at, const auto& operand) {
      const index first = operand[1];
      if (all.step == 0) {
        if (first < mine.begin || first >= mine.end) return;
        T sum = 0;
        for (index j = at; j < at + all.length; ++j) sum += x[j] > 0 ? T{0} : x[j] * dy[j];
        dalpha[first] += sum;
        return;
      }
      const index begin = std::max(first, mine.begin), end = std::min(first + all.length, mine.end);
      for (index i = begin, j = at + begin - first; i < end; ++i, ++j) dalpha[i] += x[j] > 0 ? T{0} : x[j] * dy[j];
    });
  }

  Shape alpha_shape(const Shape& x) const {
    Shape shape = x;
    for (index axis : row_axes(this->name(), shared_axes_, x)) shape[static_cast<std::size_t>(axis)] = 1;
    return shape;
  }

  const Parameter<T>& alpha() const { return *this->parameters()[0]; }

  std::vector<std::int64_t> shared_axes_;
};

RANVIER_REGISTER_LAYER("prelu", Prelu)

}  // namespace
}  // namespace ranvier
