// masking: positions whose features all have one value become 0. x (M, N), y (M, N).

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Masking final : public Layer<T> {
 public:
  Masking(Config& config, const std::string& name)
      : Layer<T>("masking", name), value_(static_cast<T>(config.number("mask_value", 0))) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    if (x[0].empty()) fail(this->name(), "expected input (*, features), got (*,)");
    return x;
  }

  void forward(const Pass<T>& pass) const override { take(pass, pass.x[0], pass.y[0]); }

  void backward(const Pass<T>& pass) const override {
    if (pass.dx[0]) take(pass, pass.dy[0], pass.dx[0]);
  }

 private:
  // y = from where x counts, otherwise 0.
  void take(const Pass<T>& pass, const T* from, T* y) const {
    const index N = (*pass.x_shapes)[0].back();
    const Range part = pass.team->share(pass.batch * pass.x_size(0) / N);
    for (index i = part.begin; i < part.end; ++i) {
      const T* const x = pass.x[0] + i * N;
      if (std::any_of(x, x + N, [this](T value) { return value != value_; }))
        std::copy_n(from + i * N, N, y + i * N);
      else
        std::fill_n(y + i * N, N, T{0});
    }
  }

  T value_;
};

RANVIER_REGISTER_LAYER("masking", Masking)

}  // namespace
}  // namespace ranvier
