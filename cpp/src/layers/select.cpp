// select: y = a where c is not 0, else b; all of one shape.

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Select final : public Layer<T> {
 public:
  Select(Config&, const std::string& name) : Layer<T>("select", name) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 3);
    for (const Shape& shape : x)
      if (shape != x[0])
        fail(this->name(), "expected condition and choices of one shape, got ", to_string_batched(x[0]), " and ",
             to_string_batched(shape));
    return {x[0]};
  }

  void forward(const Pass<T>& pass) const override {
    const Range part = pass.team->share(pass.batch * pass.y_size(0), kGrain);
    for (index i = part.begin; i < part.end; ++i) pass.y[0][i] = pass.x[0][i] != T{0} ? pass.x[1][i] : pass.x[2][i];
  }

  void backward(const Pass<T>& pass) const override {
    const Range part = pass.team->share(pass.batch * pass.y_size(0), kGrain);
    if (pass.dx[0]) pass.kernels->fill(pass.dx[0] + part.begin, T{0}, part.size());
    for (std::size_t chosen = 1; chosen < 3; ++chosen) {
      if (!pass.dx[chosen]) continue;
      for (index i = part.begin; i < part.end; ++i)
        pass.dx[chosen][i] = (pass.x[0][i] != T{0}) == (chosen == 1) ? pass.dy[0][i] : T{0};
    }
  }

 private:
  static constexpr index kGrain = 1024;
};

RANVIER_REGISTER_LAYER("select", Select)

}  // namespace
}  // namespace ranvier
