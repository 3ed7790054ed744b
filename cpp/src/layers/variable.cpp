// variable: y = its parameter, one for the whole batch: how the weights of custom layers enter a graph.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Variable final : public Layer<T> {
  using typename Layer<T>::Parameters;

 public:
  Variable(Config& config, const std::string& name)
      : Layer<T>("variable", name), parameter_(config.word("parameter", "variable")) {
    for (std::int64_t axis : config.integers("shape")) shape_.push_back(static_cast<index>(axis));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 0);
    return {shape_};
  }
  bool makes_single(const std::vector<char>&) const override { return true; }

  void forward(const Pass<T>& pass) const override {
    const Range part = pass.team->share(pass.y_size(0), kGrain);
    std::copy_n(this->parameters()[0]->value.data() + part.begin, part.size(), pass.y[0] + part.begin);
  }

  void backward(const Pass<T>& pass) const override {
    if (!pass.dparameters[0]) return;
    const Range part = pass.team->share(pass.y_size(0), kGrain);
    std::copy_n(pass.dy[0] + part.begin, part.size(), pass.dparameters[0] + part.begin);
  }

 protected:
  Parameters make_parameters(const std::vector<Shape>&) const override {
    return {std::make_shared<Parameter<T>>(parameter_, shape_, Initial::zeros)};
  }

 private:
  static constexpr index kGrain = 1024;

  std::string parameter_;
  Shape shape_;
};

RANVIER_REGISTER_LAYER("variable", Variable)

}  // namespace
}  // namespace ranvier
