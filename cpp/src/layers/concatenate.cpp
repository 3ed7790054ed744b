// concatenate: the inputs side by side along one axis, which all other axes must match.
// Seen as (outer, axis * inner): each input fills a band of columns of y.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Concatenate final : public Layer<T> {
 public:
  Concatenate(Config& config, const std::string& name)
      : Layer<T>("concatenate", name), axis_(config.integer("axis", -1)) {
    if (axis_ == 0) throw std::invalid_argument("axis 0 is the batch: rows do not mix");
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    if (x.empty()) fail(this->name(), "expected at least 1 input, got 0");
    const index rank = static_cast<index>(x[0].size()) + 1;
    if (axis_ >= rank || axis_ < -rank + 1)
      fail(this->name(), "axis ", axis_, " does not exist in an input of shape ", to_string_batched(x[0]));
    const std::size_t axis = position(x[0]);
    Shape y = x[0];
    for (std::size_t i = 1; i < x.size(); ++i) {
      Shape matched = x[i];
      if (matched.size() == y.size()) matched[axis] = x[0][axis];
      if (matched != x[0])
        fail(this->name(), "expected inputs that differ along axis ", axis_, " only, got ", to_string_batched(x[0]),
             " and ", to_string_batched(x[i]));
      y[axis] += x[i][axis];
    }
    return {y};
  }

  void forward(const Pass<T>& pass) const override {
    for_bands(pass, [&](std::size_t i, index x, index y, index n) { std::copy_n(pass.x[i] + x, n, pass.y[0] + y); });
  }

  void backward(const Pass<T>& pass) const override {
    for_bands(pass, [&](std::size_t i, index x, index y, index n) {
      if (pass.dx[i]) std::copy_n(pass.dy[0] + y, n, pass.dx[i] + x);
    });
  }

 private:
  std::size_t position(const Shape& x) const {
    return static_cast<std::size_t>(axis_ < 0 ? axis_ + static_cast<index>(x.size()) : axis_ - 1);
  }

  // Calls f(input, offset in x, offset in y, length) for every band of this thread's share of the outer positions.
  template <class F>
  void for_bands(const Pass<T>& pass, const F& f) const {
    const auto& shapes = *pass.x_shapes;
    const std::size_t axis = position(shapes[0]);
    index outer = pass.batch, inner = 1;
    for (std::size_t i = 0; i < axis; ++i) outer *= shapes[0][i];
    for (std::size_t i = axis + 1; i < shapes[0].size(); ++i) inner *= shapes[0][i];
    const index stride = (*pass.y_shapes)[0][axis] * inner;
    const Range part = pass.team->share(outer);
    index column = 0;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const index n = shapes[i][axis] * inner;
      for (index row = part.begin; row < part.end; ++row) f(i, row * n, row * stride + column, n);
      column += n;
    }
  }

  index axis_;  // counts the batch as axis 0; negative from the end
};

RANVIER_REGISTER_LAYER("concatenate", Concatenate)

}  // namespace
}  // namespace ranvier
