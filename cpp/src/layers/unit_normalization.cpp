// unit_normalization: y = x / max(|x|, 1e-12) along some axes.

#include "layers/normalized_lines.hpp"

namespace ranvier {
namespace {

template <class T>
class UnitNormalization final : public NormalizedLines<T> {
 public:
  UnitNormalization(Config& config, const std::string& name)
      : NormalizedLines<T>("unit_normalization", name, {0, false, true, 1e12}, nullptr, nullptr),
        axes_(config.integers("axis")) {}

 protected:
  Lines lines(const Shape& x) const override { return this->lines_along(row_axes(this->name(), axes_, x), x); }
  Shape parameter_shape(const Shape& x) const override {
    row_axes(this->name(), axes_, x);
    return {};
  }

 private:
  std::vector<std::int64_t> axes_;
};

RANVIER_REGISTER_LAYER("unit_normalization", UnitNormalization)

}  // namespace
}  // namespace ranvier
