// reshape: each row of x in another shape; one axis may be -1, which takes what is left.

#include "layers/view.hpp"

namespace ranvier {
namespace {

template <class T>
class Reshape final : public View<T> {
 public:
  Reshape(Config& config, const std::string& name) : View<T>("reshape", name) {
    for (std::int64_t axis : config.integers("target_shape")) target_.push_back(static_cast<index>(axis));
    index inferred = 0;
    for (index axis : target_) {
      if (axis < -1 || axis == 0)
        throw std::invalid_argument("target_shape must hold sizes of at least 1, or one -1, got " + to_string(target_));
      inferred += axis == -1;
    }
    if (inferred > 1) throw std::invalid_argument("target_shape may hold one -1 only, got " + to_string(target_));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    Shape y = target_;
    for (index& axis : y)
      if (axis == -1) {
        axis = 1;
        axis = size(x[0]) / size(y);
      }
    if (size(y) != size(x[0]))
      fail(this->name(), "cannot reshape ", to_string_batched(x[0]), " (", size(x[0]), " elements a row) to ",
           to_string_batched(target_));
    return {y};
  }

 private:
  Shape target_;
};

RANVIER_REGISTER_LAYER("reshape", Reshape)

}  // namespace
}  // namespace ranvier
