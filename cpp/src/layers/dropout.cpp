// dropout: in training each element is 0 with probability `rate`, and the others are scaled by 1 / (1 - rate)
// (Srivastava et al. 2014, "inverted" form); otherwise the input itself.
//
// Nothing is stored for the backward pass: the mask is drawn again from the same counters.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Dropout final : public Layer<T> {
 public:
  Dropout(Config& config, const std::string& name)
      : Layer<T>("dropout", name), rate_(config.number("rate")), seed_(config.integer("seed", 0)) {
    if (!(rate_ >= 0 && rate_ <= 1)) throw std::invalid_argument(text("rate must be in [0, 1], got ", rate_));
    for (double axis : config.numbers("noise_shape")) noise_shape_.push_back(static_cast<index>(axis));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    if (noise_shape_.empty()) return x;
    bool fits = noise_shape_.size() == x[0].size() + 1;
    for (std::size_t i = 0; fits && i < x[0].size(); ++i)
      fits = noise_shape_[i + 1] <= 1 || noise_shape_[i + 1] == x[0][i];
    if (!fits)
      fail(this->name(), "noise_shape ", to_string(noise_shape_), " does not broadcast to ", to_string_batched(x[0]),
           ": each axis must be 1, the input's size, or None");
    return x;
  }

  index workspace(const std::vector<Shape>& x, index batch) const override {
    return noise_shape_.empty() ? 0 : noise_elements(x[0], batch);
  }

  void forward(const Pass<T>& pass) const override {
    if (!noise_shape_.empty()) draw_noise(pass);
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
    if (noise_shape_.empty()) {
      const Range part = pass.team->share(pass.batch * n, kGrain);
      pass.kernels->dropout(x + part.begin, y + part.begin, part.begin, part.size(), rate_, key(pass));
      return;
    }
    const Range rows = pass.team->share(pass.batch);
    for (index row = rows.begin; row < rows.end; ++row)
      for (index i = 0; i < n; ++i)
        y[row * n + i] = x[row * n + i] * pass.workspace[noise_position((*pass.x_shapes)[0], row, i)];
  }

  void draw_noise(const Pass<T>& pass) const {
    const Range part = pass.team->share(noise_elements((*pass.x_shapes)[0], pass.batch), kGrain);
    T* const noise = pass.workspace + part.begin;
    pass.kernels->fill(noise, T{1}, part.size());
    pass.kernels->dropout(noise, noise, part.begin, part.size(), rate_, key(pass));
    pass.team->barrier();
  }

  bool shared_by_batch() const { return noise_shape_[0] == 1; }
  index noise_size(const Shape& x, std::size_t axis) const { return noise_shape_[axis + 1] == 1 ? 1 : x[axis]; }

  index noise_elements(const Shape& x, index batch) const {
    index n = shared_by_batch() ? 1 : batch;
    for (std::size_t axis = 0; axis < x.size(); ++axis) n *= noise_size(x, axis);
    return n;
  }

  // Where the noise of element i of a row lies.
  index noise_position(const Shape& x, index row, index i) const {
    index position = 0, step = 1;
    for (std::size_t axis = x.size(); axis-- > 0; i /= x[axis]) {
      if (noise_size(x, axis) > 1) position += i % x[axis] * step;
      step *= noise_size(x, axis);
    }
    return shared_by_batch() ? position : row * step + position;
  }

  double rate_;
  std::int64_t seed_;
  Shape noise_shape_;  // with the batch axis; an axis below 1 is the input's
};

RANVIER_REGISTER_LAYER("dropout", Dropout)

}  // namespace
}  // namespace ranvier
