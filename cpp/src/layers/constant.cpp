// constant: y = numbers of its configuration, the same for every batch.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Constant final : public Layer<T> {
 public:
  Constant(Config& config, const std::string& name) : Layer<T>("constant", name), values_(config.numbers("values")) {
    for (double axis : config.numbers("shape")) shape_.push_back(static_cast<index>(axis));
    if (size(shape_) != static_cast<index>(values_.size()))
      throw std::invalid_argument(
          text("a constant of shape ", to_string(shape_), " needs ", size(shape_), " values, got ", values_.size()));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 0);
    return {shape_};
  }
  bool makes_single(const std::vector<char>&) const override { return true; }

  void forward(const Pass<T>& pass) const override {
    const Range part = pass.team->share(pass.y_size(0), kGrain);
    std::transform(values_.begin() + part.begin, values_.begin() + part.end, pass.y[0] + part.begin,
                   [](double value) { return static_cast<T>(value); });
  }
  void backward(const Pass<T>&) const override {}

 private:
  static constexpr index kGrain = 1024;

  std::vector<double> values_;
  Shape shape_;
};

RANVIER_REGISTER_LAYER("constant", Constant)

}  // namespace
}  // namespace ranvier
