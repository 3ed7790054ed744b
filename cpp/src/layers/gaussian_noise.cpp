// gaussian_noise: in training y = x + n with n normal of mean 0 and deviation `stddev`; otherwise the input itself.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class GaussianNoise final : public Layer<T> {
 public:
  GaussianNoise(Config& config, const std::string& name)
      : Layer<T>("gaussian_noise", name), stddev_(config.number("stddev")), seed_(config.integer("seed", 0)) {
    if (!(stddev_ >= 0)) throw std::invalid_argument(text("stddev must be at least 0, got ", stddev_));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    return x;
  }

  void forward(const Pass<T>& pass) const override {
    const Range part = pass.team->share(pass.batch * pass.x_size(0), kGrain);
    const kernels::RandomKey key{pass.key.seed ^ static_cast<std::uint64_t>(seed_), pass.key.stream};
    pass.kernels->gaussian(pass.x[0] + part.begin, pass.y[0] + part.begin, part.begin, part.size(), 0, stddev_, key);
  }

  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const Range part = pass.team->share(pass.batch * pass.x_size(0), kGrain);
    std::copy_n(pass.dy[0] + part.begin, part.size(), pass.dx[0] + part.begin);
  }

  bool is_view(bool training) const override { return !training || stddev_ == 0; }

 private:
  static constexpr index kGrain = 1024;  // a multiple of the 4 elements of one Philox block

  double stddev_;
  std::int64_t seed_;
};

RANVIER_REGISTER_LAYER("gaussian_noise", GaussianNoise)

}  // namespace
}  // namespace ranvier
