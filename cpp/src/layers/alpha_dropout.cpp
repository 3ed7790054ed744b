// alpha_dropout: in training each element takes the value that selu has at minus infinity with probability `rate`, and
// all are scaled and shifted so that mean 0 and deviation 1 stay (Klambauer et al. 2017); otherwise the input itself.
//
// y = s (x - low) kept / (1 - rate) + t, where kept is 0 or 1: dropout around `low`.

#include <cmath>

#include "layers/layer.hpp"
#include "layers/noise_shape.hpp"

namespace ranvier {
namespace {

template <class T>
class AlphaDropout final : public Layer<T> {
 public:
  AlphaDropout(Config& config, const std::string& name)
      : Layer<T>("alpha_dropout", name),
        rate_(config.number("rate")),
        seed_(config.integer("seed", 0)),
        noise_(config) {
    if (!(rate_ >= 0 && rate_ < 1)) throw std::invalid_argument(text("rate must be in [0, 1), got ", rate_));
    const double low = -1.6732632423543772 * 1.0507009873554805;
    const double a = 1 / std::sqrt((1 - rate_) * (1 + rate_ * low * low));
    low_ = static_cast<T>(low);
    scale_ = static_cast<T>(a * (1 - rate_));
    shift_ = static_cast<T>(a * low * (1 - rate_));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    noise_.check(this->name(), x[0]);
    return x;
  }

  index workspace(const std::vector<Shape>& x, index batch) const override {
    return noise_.empty() ? 0 : noise_.elements(x[0], batch);
  }

  void forward(const Pass<T>& pass) const override {
    if (!noise_.empty()) draw_noise(pass);
    drop(pass, pass.x[0], pass.y[0], low_, shift_);
  }

  void backward(const Pass<T>& pass) const override {
    if (pass.dx[0]) drop(pass, pass.dy[0], pass.dx[0], 0, 0);
  }

  bool is_view(bool training) const override { return !training || rate_ == 0; }

 private:
  static constexpr index kGrain = 1024;  // a multiple of the 4 elements of one Philox block

  kernels::RandomKey key(const Pass<T>& pass) const {
    return {pass.key.seed ^ static_cast<std::uint64_t>(seed_), pass.key.stream};
  }

  // y = scale (x - low) noise + shift
  void drop(const Pass<T>& pass, const T* x, T* y, T low, T shift) const {
    const index n = pass.x_size(0);
    if (noise_.empty()) {
      const Range part = pass.team->share(pass.batch * n, kGrain);
      for (index i = part.begin; i < part.end; ++i) y[i] = x[i] - low;
      pass.kernels->dropout(y + part.begin, y + part.begin, part.begin, part.size(), rate_, key(pass));
      for (index i = part.begin; i < part.end; ++i) y[i] = scale_ * y[i] + shift;
      return;
    }
    const Range rows = pass.team->share(pass.batch);
    for (index row = rows.begin; row < rows.end; ++row)
      for (index i = row * n; i < (row + 1) * n; ++i)
        y[i] = scale_ * ((x[i] - low) * pass.workspace[noise_.position((*pass.x_shapes)[0], row, i - row * n)]) + shift;
  }

  void draw_noise(const Pass<T>& pass) const {
    const Range part = pass.team->share(noise_.elements((*pass.x_shapes)[0], pass.batch), kGrain);
    T* const noise = pass.workspace + part.begin;
    pass.kernels->fill(noise, T{1}, part.size());
    pass.kernels->dropout(noise, noise, part.begin, part.size(), rate_, key(pass));
    pass.team->barrier();
  }

  double rate_;
  std::int64_t seed_;
  NoiseShape noise_;
  T low_, scale_, shift_;
};

RANVIER_REGISTER_LAYER("alpha_dropout", AlphaDropout)

}  // namespace
}  // namespace ranvier
