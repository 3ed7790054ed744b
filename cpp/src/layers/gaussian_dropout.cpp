// gaussian_dropout: in training y = x n with n normal of mean 1 and deviation sqrt(rate / (1 - rate)) (Srivastava et
// al. 2014, section 10); otherwise the input itself. The noise is drawn again for the backward pass.

#include <cmath>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class GaussianDropout final : public Layer<T> {
 public:
  GaussianDropout(Config& config, const std::string& name)
      : Layer<T>("gaussian_dropout", name), rate_(config.number("rate")), seed_(config.integer("seed", 0)) {
    if (!(rate_ >= 0 && rate_ < 1)) throw std::invalid_argument(text("rate must be in [0, 1), got ", rate_));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    return x;
  }

  void forward(const Pass<T>& pass) const override { multiply(pass, pass.x[0], pass.y[0]); }

  void backward(const Pass<T>& pass) const override {
    if (pass.dx[0]) multiply(pass, pass.dy[0], pass.dx[0]);
  }

  bool is_view(bool training) const override { return !training || rate_ == 0; }

 private:
  static constexpr index kGrain = 1024;  // a multiple of the 4 elements of one Philox block

  void multiply(const Pass<T>& pass, const T* x, T* y) const {
    const Range part = pass.team->share(pass.batch * pass.x_size(0), kGrain);
    const kernels::RandomKey key{pass.key.seed ^ static_cast<std::uint64_t>(seed_), pass.key.stream};
    pass.kernels->gaussian(x + part.begin, y + part.begin, part.begin, part.size(), std::sqrt(rate_ / (1 - rate_)), 0,
                           key);
  }

  double rate_;
  std::int64_t seed_;
};

RANVIER_REGISTER_LAYER("gaussian_dropout", GaussianDropout)

}  // namespace
}  // namespace ranvier
