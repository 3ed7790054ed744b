// layer_normalization: each row is normalized along some axes, y = gamma (x - mean) / sqrt(variance + epsilon) + beta
// (Ba, Kiros and Hinton 2016).

#include "layers/normalized_lines.hpp"

namespace ranvier {
namespace {

template <class T>
class LayerNormalization final : public NormalizedLines<T> {
 public:
  LayerNormalization(Config& config, const std::string& name)
      : NormalizedLines<T>("layer_normalization", name, {config.number("epsilon", 1e-3)},
                           config.boolean("scale", true) ? "gamma" : nullptr,
                           config.boolean("center", true) ? "beta" : nullptr),
        axes_(config.integers("axis")) {}

 protected:
  Lines lines(const Shape& x) const override { return this->lines_along(row_axes(this->name(), axes_, x), x); }

  Shape parameter_shape(const Shape& x) const override {
    Shape shape;
    for (index axis : row_axes(this->name(), axes_, x)) shape.push_back(x[static_cast<std::size_t>(axis)]);
    return shape;
  }

 private:
  std::vector<std::int64_t> axes_;
};

RANVIER_REGISTER_LAYER("layer_normalization", LayerNormalization)

}  // namespace
}  // namespace ranvier
