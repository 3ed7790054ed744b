// rescaling: y = scale x + offset.

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Rescaling final : public Layer<T> {
 public:
  Rescaling(Config& config, const std::string& name)
      : Layer<T>("rescaling", name),
        scale_(static_cast<T>(config.number("scale"))),
        offset_(static_cast<T>(config.number("offset", 0))) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    return x;
  }

  void forward(const Pass<T>& pass) const override {
    const Range part = pass.team->share(pass.batch * pass.x_size(0));
    for (index i = part.begin; i < part.end; ++i) pass.y[0][i] = scale_ * pass.x[0][i] + offset_;
  }

  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const Range part = pass.team->share(pass.batch * pass.x_size(0));
    pass.kernels->scale(pass.dy[0] + part.begin, scale_, pass.dx[0] + part.begin, part.size());
  }

 private:
  T scale_, offset_;
};

RANVIER_REGISTER_LAYER("rescaling", Rescaling)

}  // namespace
}  // namespace ranvier
