// identity: y = x.

#include "layers/view.hpp"

namespace ranvier {
namespace {

template <class T>
class Identity final : public View<T> {
 public:
  Identity(Config&, const std::string& name) : View<T>("identity", name) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    return x;
  }
};

RANVIER_REGISTER_LAYER("identity", Identity)

}  // namespace
}  // namespace ranvier
