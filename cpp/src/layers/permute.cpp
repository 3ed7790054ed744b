// permute: each row with its axes in another order; dims[i] is the axis of x, counted from 1, that becomes axis i of y.

#include "layers/permuted.hpp"

namespace ranvier {
namespace {

template <class T>
class Permute final : public Layer<T> {
 public:
  Permute(Config& config, const std::string& name) : Layer<T>("permute", name) {
    const std::vector<std::int64_t> dims = config.integers("dims");
    std::vector<char> seen(dims.size(), 0);
    for (std::int64_t axis : dims) {
      if (axis < 1 || axis > static_cast<std::int64_t>(dims.size()) || seen[static_cast<std::size_t>(axis - 1)])
        throw std::invalid_argument(
            text("dims must hold each axis from 1 to ", dims.size(), " once; the batch, 0, stays in front"));
      seen[static_cast<std::size_t>(axis - 1)] = 1;
      order_.push_back(static_cast<std::size_t>(axis - 1));
    }
    if (order_.size() >= kMostAxes) throw std::invalid_argument(text("dims may hold at most ", kMostAxes - 1, " axes"));
    back_ = inverse(order_);
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    if (x[0].size() != order_.size())
      fail(this->name(), "expected an input of ", order_.size(), " axes besides the batch, got ",
           to_string_batched(x[0]));
    return {permuted(x[0], order_)};
  }

  void forward(const Pass<T>& pass) const override {
    const Range rows = pass.team->share(pass.batch);
    const index n = pass.x_size(0);
    for (index row = rows.begin; row < rows.end; ++row)
      permute(pass.x[0] + row * n, (*pass.x_shapes)[0], order_, pass.y[0] + row * n);
  }

  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const Range rows = pass.team->share(pass.batch);
    const index n = pass.x_size(0);
    for (index row = rows.begin; row < rows.end; ++row)
      permute(pass.dy[0] + row * n, (*pass.y_shapes)[0], back_, pass.dx[0] + row * n);
  }

 private:
  std::vector<std::size_t> order_, back_;
};

RANVIER_REGISTER_LAYER("permute", Permute)

}  // namespace
}  // namespace ranvier
