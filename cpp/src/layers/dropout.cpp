// dropout: in training each element is 0 with probability `rate`, and the others are scaled by 1 / (1 - rate)
// (Srivastava et al. 2014, "inverted" form); otherwise the input itself.
//
// Nothing is stored for the backward pass: the mask is drawn again from the same counters.

#include "layers/layer.hpp"
#include "layers/noise_shape.hpp"

namespace ranvier {
namespace {

template <class T>
class Dropout final : public Layer<T> {
 public:
  Dropout(Config& config, const std::string& name)
      : Layer<T>("dropout", name), rate_(config.number("rate")), seed_(config.integer("seed", 0)), noise_(config) {
    if (!(rate_ >= 0 && rate_ <= 1)) throw std::invalid_argument(text("rate must be in [0, 1], got ", rate_));
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
    drop(pass, pass.x[0], pass.y[0]);
  }

  void backward(const Pass<T>& pass) const override {
    if (pass.dx[0]) drop(pass, pass.dy[0], pass.dx[0]);
  }

  bool is_view(bool training) const override { return !training || rate_ == 0; }

 private:
  static constexpr index kGrain = 1024;  // a multiple of the 4 elements of one Philox block

  kernels::RandomKey key(const Pass<T>& pass) const {
    return {pass.key.seed ^ static_cast<std::uint64_t>(seed_), pass.key.stream};
  }

  void drop(const Pass<T>& pass, const T* x, T* y) const {
    const index n = pass.x_size(0);
    if (noise_.empty()) {
      const Range part = pass.team->share(pass.batch * n, kGrain);
      pass.kernels->dropout(x + part.begin, y + part.begin, part.begin, part.size(), rate_, key(pass));
      return;
    }
    const Range rows = pass.team->share(pass.batch);
    for (index row = rows.begin; row < rows.end; ++row)
      for (index i = 0; i < n; ++i)
        y[row * n + i] = x[row * n + i] * pass.workspace[noise_.position((*pass.x_shapes)[0], row, i)];
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
};

RANVIER_REGISTER_LAYER("dropout", Dropout)

}  // namespace
}  // namespace ranvier
