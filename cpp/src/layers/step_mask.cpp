// step_mask: 1 at the positions where some element of every input differs from a value, 0 elsewhere. x (M, N) with N
// elements for each position, y (M). With N = 1 that masks an index; of several masks it is what they have in common.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class StepMask final : public Layer<T> {
 public:
  StepMask(Config& config, const std::string& name)
      : Layer<T>("step_mask", name),
        value_(static_cast<T>(config.number("value", 0))),
        features_(config.boolean("features", false)) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    if (x.empty()) fail(this->name(), "expected at least one input");
    for (const Shape& shape : x) {
      if (shape != x[0])
        fail(this->name(), "expected masks of one shape, got ", to_string_batched(x[0]), " and ",
             to_string_batched(shape));
      if (features_ && shape.empty()) fail(this->name(), "expected input (*, features), got (*,)");
    }
    return {features_ ? Shape(x[0].begin(), x[0].end() - 1) : x[0]};
  }

  bool differentiable() const override { return false; }

  void forward(const Pass<T>& pass) const override {
    const index N = features_ ? (*pass.x_shapes)[0].back() : 1;
    const Range part = pass.team->share(pass.batch * pass.y_size(0));
    for (index i = part.begin; i < part.end; ++i) {
      bool counts = true;
      for (std::size_t k = 0; k < pass.x_shapes->size(); ++k) {
        const T* const x = pass.x[k] + i * N;
        counts = counts && std::any_of(x, x + N, [this](T value) { return value != value_; });
      }
      pass.y[0][i] = counts ? T{1} : T{0};
    }
  }

  void backward(const Pass<T>&) const override {}

 private:
  T value_;
  bool features_;
};

RANVIER_REGISTER_LAYER("step_mask", StepMask)

}  // namespace
}  // namespace ranvier
