// discretization: the number of the bin of each element, y = how many boundaries are at most x.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Discretization final : public Layer<T> {
 public:
  Discretization(Config& config, const std::string& name) : Layer<T>("discretization", name) {
    for (double boundary : config.numbers("bin_boundaries")) boundaries_.push_back(static_cast<T>(boundary));
    if (!std::is_sorted(boundaries_.begin(), boundaries_.end()))
      throw std::invalid_argument("bin_boundaries must increase");
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    return x;
  }

  void forward(const Pass<T>& pass) const override {
    const Range part = pass.team->share(pass.batch * pass.x_size(0));
    for (index i = part.begin; i < part.end; ++i)
      pass.y[0][i] =
          static_cast<T>(std::upper_bound(boundaries_.begin(), boundaries_.end(), pass.x[0][i]) - boundaries_.begin());
  }

  // Steps have no slope.
  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const Range part = pass.team->share(pass.batch * pass.x_size(0));
    pass.kernels->fill(pass.dx[0] + part.begin, 0, part.size());
  }

 private:
  std::vector<T> boundaries_;
};

RANVIER_REGISTER_LAYER("discretization", Discretization)

}  // namespace
}  // namespace ranvier
