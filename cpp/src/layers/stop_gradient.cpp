// stop_gradient: y = x, and no gradient comes back.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class StopGradient final : public Layer<T> {
 public:
  StopGradient(Config&, const std::string& name) : Layer<T>("stop_gradient", name) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    return x;
  }

  void forward(const Pass<T>& pass) const override {
    const Range part = pass.team->share(pass.batch * pass.x_size(0), kGrain);
    std::copy_n(pass.x[0] + part.begin, part.size(), pass.y[0] + part.begin);
  }

  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const Range part = pass.team->share(pass.batch * pass.x_size(0), kGrain);
    pass.kernels->fill(pass.dx[0] + part.begin, T{0}, part.size());
  }

 private:
  static constexpr index kGrain = 1024;
};

RANVIER_REGISTER_LAYER("stop_gradient", StopGradient)

}  // namespace
}  // namespace ranvier
