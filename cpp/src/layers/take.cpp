// take: y[.., i, ..] = x[.., indices[i], ..] along one axis, the indices being settings; negative ones count from the
// end. x (outer, axis, inner).

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Take final : public Layer<T> {
 public:
  Take(Config& config, const std::string& name) : Layer<T>("take", name), axis_(config.integer("axis")) {
    for (double i : config.numbers("indices")) indices_.push_back(static_cast<index>(i));
    if (axis_ < 1) throw std::invalid_argument(text("axis must be at least 1, behind the batch, got ", axis_));
    if (indices_.empty()) throw std::invalid_argument("expected at least one index, got none");
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    if (axis_ > static_cast<index>(x[0].size()))
      fail(this->name(), "axis ", axis_, " does not exist in an input of shape ", to_string_batched(x[0]));
    Shape y = x[0];
    index& axis = y[static_cast<std::size_t>(axis_ - 1)];
    for (index i : indices_)
      if (i < -axis || i >= axis) fail(this->name(), "there is no element ", i, " along an axis of size ", axis);
    axis = static_cast<index>(indices_.size());
    return {y};
  }

  void forward(const Pass<T>& pass) const override {
    const View v = see(pass);
    const Range part = pass.team->share(v.outer);
    for (index o = part.begin; o < part.end; ++o)
      for (index i = 0; i < v.taken; ++i)
        std::copy_n(pass.x[0] + (o * v.axis + place(i, v.axis)) * v.inner, v.inner,
                    pass.y[0] + (o * v.taken + i) * v.inner);
  }

  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const View v = see(pass);
    const Range part = pass.team->share(v.outer);
    pass.kernels->fill(pass.dx[0] + part.begin * v.axis * v.inner, T{0}, part.size() * v.axis * v.inner);
    for (index o = part.begin; o < part.end; ++o)
      for (index i = 0; i < v.taken; ++i) {
        T* const to = pass.dx[0] + (o * v.axis + place(i, v.axis)) * v.inner;
        pass.kernels->add(to, pass.dy[0] + (o * v.taken + i) * v.inner, to, v.inner);
      }
  }

 private:
  struct View {
    index outer, axis, taken, inner;
  };

  View see(const Pass<T>& pass) const {
    const Shape& x = (*pass.x_shapes)[0];
    const index axis = x[static_cast<std::size_t>(axis_ - 1)], inner = size(Shape(x.begin() + axis_, x.end()));
    return {pass.batch * size(x) / (axis * inner), axis, static_cast<index>(indices_.size()), inner};
  }

  index place(index i, index axis) const {
    const index chosen = indices_[static_cast<std::size_t>(i)];
    return chosen < 0 ? chosen + axis : chosen;
  }

  index axis_;  // the batch is axis 0
  std::vector<index> indices_;
};

RANVIER_REGISTER_LAYER("take", Take)

}  // namespace
}  // namespace ranvier
