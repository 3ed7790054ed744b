// flatten: each row of x as one vector.

#include "layers/view.hpp"

namespace ranvier {
namespace {

template <class T>
class Flatten final : public View<T> {
 public:
  Flatten(Config&, const std::string& name) : View<T>("flatten", name) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    return {{size(x[0])}};
  }
};

RANVIER_REGISTER_LAYER("flatten", Flatten)

}  // namespace
}  // namespace ranvier
