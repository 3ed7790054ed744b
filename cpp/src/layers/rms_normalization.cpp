// rms_normalization: y = scale x / sqrt(mean(x^2) + epsilon) along some axes (Zhang and Sennrich 2019).

#include "layers/normalized_lines.hpp"

namespace ranvier {
namespace {

template <class T>
class RmsNormalization final : public NormalizedLines<T> {
 public:
  RmsNormalization(Config& config, const std::string& name)
      : NormalizedLines<T>("rms_normalization", name, {config.number("epsilon", 1e-6), false}, "scale", nullptr),
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

RANVIER_REGISTER_LAYER("rms_normalization", RmsNormalization)

}  // namespace
}  // namespace ranvier
