// repeat: every slice along an axis n times, one after the other. x (outer, axis, inner), y (outer, axis n, inner).
// With `new_axis` the whole row n times, along an axis in front: x (F), y (n, F).

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Repeat final : public Layer<T> {
 public:
  Repeat(Config& config, const std::string& name)
      : Layer<T>("repeat", name),
        n_(config.integer("n")),
        axis_(config.integer("axis", 1)),
        new_axis_(config.boolean("new_axis", false)) {
    if (n_ < 1) throw std::invalid_argument(text("n must be at least 1, got ", n_));
    if (axis_ < 1) throw std::invalid_argument(text("axis must be at least 1, behind the batch, got ", axis_));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    if (new_axis_) {
      if (x[0].size() != 1) fail(this->name(), "expected input (*, features), got ", to_string_batched(x[0]));
      return {{n_, x[0][0]}};
    }
    if (axis_ > static_cast<index>(x[0].size()))
      fail(this->name(), "axis ", axis_, " does not exist in an input of shape ", to_string_batched(x[0]));
    Shape y = x[0];
    y[static_cast<std::size_t>(axis_ - 1)] *= n_;
    return {y};
  }

  void forward(const Pass<T>& pass) const override {
    const index inner = size_behind(pass);
    const Range part = pass.team->share(pass.batch * pass.x_size(0) / inner);
    for (index i = part.begin; i < part.end; ++i)
      for (index j = 0; j < n_; ++j) std::copy_n(pass.x[0] + i * inner, inner, pass.y[0] + (i * n_ + j) * inner);
  }

  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const index inner = size_behind(pass);
    const Range part = pass.team->share(pass.batch * pass.x_size(0) / inner);
    for (index i = part.begin; i < part.end; ++i)
      pass.kernels->column_sum(pass.dy[0] + i * n_ * inner, n_, inner, inner, pass.dx[0] + i * inner);
  }

 private:
  index size_behind(const Pass<T>& pass) const {
    const Shape& x = (*pass.x_shapes)[0];
    return new_axis_ ? size(x) : size(Shape(x.begin() + axis_, x.end()));
  }

  index n_, axis_;  // the batch is axis 0
  bool new_axis_;
};

RANVIER_REGISTER_LAYER("repeat", Repeat)

}  // namespace
}  // namespace ranvier
