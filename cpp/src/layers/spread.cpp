// spread: every row of y is x, which is one for the whole batch; a second input, which is not read, has the batch.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Spread final : public Layer<T> {
 public:
  Spread(Config&, const std::string& name) : Layer<T>("spread", name) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 2);
    return {x[0]};
  }
  bool makes_single(const std::vector<char>& x) const override { return x[1] != 0; }

  void forward(const Pass<T>& pass) const override {
    const index n = pass.x_size(0);
    const Range rows = pass.team->share(pass.batch);
    for (index row = rows.begin; row < rows.end; ++row)
      std::copy_n(pass.x[0] + (pass.x_single[0] ? 0 : row * n), n, pass.y[0] + row * n);
  }

  void backward(const Pass<T>& pass) const override {
    if (pass.dx[1]) {
      const Range part = pass.team->share((pass.x_single[1] ? 1 : pass.batch) * pass.x_size(1), kGrain);
      pass.kernels->fill(pass.dx[1] + part.begin, T{0}, part.size());
    }
    if (!pass.dx[0]) return;
    const index n = pass.x_size(0);
    if (pass.x_single[0]) {
      const Range part = pass.team->share(n, kGrain);
      pass.kernels->column_sum(pass.dy[0] + part.begin, pass.batch, part.size(), n, pass.dx[0] + part.begin);
      return;
    }
    const Range rows = pass.team->share(pass.batch);
    std::copy_n(pass.dy[0] + rows.begin * n, rows.size() * n, pass.dx[0] + rows.begin * n);
  }

 private:
  static constexpr index kGrain = 64;
};

RANVIER_REGISTER_LAYER("spread", Spread)

}  // namespace
}  // namespace ranvier
