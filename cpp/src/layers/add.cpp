// add: y = x_0 + x_1 + ..., element by element, all of one shape.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Add final : public Layer<T> {
 public:
  Add(Config&, const std::string& name) : Layer<T>("add", name) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    if (x.size() < 2) fail(this->name(), "expected at least 2 inputs, got ", x.size());
    for (const Shape& shape : x)
      if (shape != x[0])
        fail(this->name(), "expected inputs of one shape, got ", to_string_batched(x[0]), " and ",
             to_string_batched(shape));
    return {x[0]};
  }

  void forward(const Pass<T>& pass) const override {
    const Range part = pass.team->share(pass.batch * pass.y_size(0), kGrain);
    T* const y = pass.y[0] + part.begin;
    pass.kernels->add(pass.x[0] + part.begin, pass.x[1] + part.begin, y, part.size());
    for (std::size_t i = 2; i < pass.x_shapes->size(); ++i)
      pass.kernels->add(y, pass.x[i] + part.begin, y, part.size());
  }

  void backward(const Pass<T>& pass) const override {
    const Range part = pass.team->share(pass.batch * pass.y_size(0), kGrain);
    for (std::size_t i = 0; i < pass.x_shapes->size(); ++i)
      if (pass.dx[i]) std::copy_n(pass.dy[0] + part.begin, part.size(), pass.dx[i] + part.begin);
  }

 private:
  static constexpr index kGrain = 1024;
};

RANVIER_REGISTER_LAYER("add", Add)

}  // namespace
}  // namespace ranvier
