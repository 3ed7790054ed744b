// normalization: y = (x - mean) / max(sqrt(variance), epsilon) with fixed statistics for the positions along some axes,
// or the inverse of that. The statistics are given, or parameters that are not trained.

#include <algorithm>
#include <cmath>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Normalization final : public Layer<T> {
  using typename Layer<T>::Parameters;

 public:
  Normalization(Config& config, const std::string& name)
      : Layer<T>("normalization", name),
        axes_(config.integers("axis")),
        mean_(config.numbers("mean")),
        variance_(config.numbers("variance")),
        epsilon_(config.number("epsilon", 1e-7)),
        inverts_(config.boolean("invert", false)) {
    if (mean_.size() != variance_.size())
      throw std::invalid_argument(
          text("mean and variance must have one size, got ", mean_.size(), " and ", variance_.size()));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    const Shape kept = kept_shape(x[0]);
    if (!mean_.empty() && mean_.size() != 1 && static_cast<index>(mean_.size()) != size(kept))
      fail(this->name(), "mean and variance have ", mean_.size(), " numbers, but an input of shape ",
           to_string_batched(x[0]), " needs ", size(kept), " for its axes");
    for (const auto& parameter : this->parameters())
      if (!parameter->shape.empty() && parameter->shape != kept)
        fail(this->name(), "its statistics are of shape ", to_string(parameter->shape), ", but an input of shape ",
             to_string_batched(x[0]), " needs ", to_string(kept));
    return x;
  }

  // Mean, scale and shift of each element of a row.
  index workspace(const std::vector<Shape>& x, index) const override { return 3 * size(x[0]); }

  void forward(const Pass<T>& pass) const override {
    const index R = pass.x_size(0);
    T *const mean = pass.workspace, *const scale = mean + R, *const shift = scale + R;
    const Range part = pass.team->share(R);
    for (index i = part.begin; i < part.end; ++i) {
      const auto [m, deviation] = statistics((*pass.x_shapes)[0], i);
      mean[i] = static_cast<T>(inverts_ ? 0 : m);
      scale[i] = static_cast<T>(inverts_ ? deviation : 1 / deviation);
      shift[i] = static_cast<T>(inverts_ ? m : 0);
    }
    pass.team->barrier();
    const Range rows = pass.team->share(pass.batch);
    pass.kernels->standardize(pass.x[0] + rows.begin * R, mean, scale, shift, pass.y[0] + rows.begin * R, rows.size(),
                              R);
  }

  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const index R = pass.x_size(0);
    const Range rows = pass.team->share(pass.batch);
    for (index row = rows.begin; row < rows.end; ++row)
      pass.kernels->multiply(pass.dy[0] + row * R, pass.workspace + R, pass.dx[0] + row * R, R);
  }

 protected:
  Parameters make_parameters(const std::vector<Shape>& x) const override {
    if (!mean_.empty()) return {};
    const Shape shape = kept_shape(x[0]);
    Parameters parameters{std::make_shared<Parameter<T>>("mean", shape, Initial::zeros),
                          std::make_shared<Parameter<T>>("variance", shape, Initial::ones),
                          std::make_shared<Parameter<T>>("count", Shape{}, Initial::zeros)};
    for (const auto& parameter : parameters) parameter->trainable = false;
    return parameters;
  }

 private:
  bool keeps(const Shape& x, std::size_t position) const {
    const index rank = static_cast<index>(x.size()) + 1, axis = static_cast<index>(position) + 1;
    return std::any_of(axes_.begin(), axes_.end(), [&](std::int64_t a) { return (a < 0 ? a + rank : a) == axis; });
  }

  Shape kept_shape(const Shape& x) const {
    const index rank = static_cast<index>(x.size()) + 1;
    for (std::int64_t axis : axes_)
      if (axis >= rank || axis < -rank + 1 || axis == 0)
        fail(this->name(), "axis ", axis, " does not exist in a row of an input of shape ", to_string_batched(x));
    Shape kept;
    for (std::size_t i = 0; i < x.size(); ++i)
      if (keeps(x, i)) kept.push_back(x[i]);
    return kept;
  }

  // Mean and deviation of element i of a row.
  std::pair<double, double> statistics(const Shape& x, index i) const {
    index place = 0, step = 1;
    for (std::size_t a = x.size(); a-- > 0; i /= x[a]) {
      if (!keeps(x, a)) continue;
      place += i % x[a] * step;
      step *= x[a];
    }
    double mean, variance;
    if (mean_.empty()) {
      mean = static_cast<double>(this->parameters()[0]->value[place]);
      variance = static_cast<double>(this->parameters()[1]->value[place]);
    } else {
      const std::size_t given = mean_.size() == 1 ? 0 : static_cast<std::size_t>(place);
      mean = mean_[given], variance = variance_[given];
    }
    return {mean, std::max(std::sqrt(variance), epsilon_)};
  }

  std::vector<std::int64_t> axes_;  // with statistics of their own; count the batch as axis 0
  std::vector<double> mean_, variance_;
  double epsilon_;
  bool inverts_;
};

RANVIER_REGISTER_LAYER("normalization", Normalization)

}  // namespace
}  // namespace ranvier
