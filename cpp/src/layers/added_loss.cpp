// added_loss: y = x[0]. The number x[1] is added to the loss of a network that is trained or evaluated; see
// Graph::added_losses. No plan runs it.

#include "layers/view.hpp"

namespace ranvier {
namespace {

template <class T>
class AddedLoss final : public View<T> {
 public:
  AddedLoss(Config&, const std::string& name) : View<T>("added_loss", name) {}

  bool adds_loss() const override { return true; }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 2);
    if (size(x[1]) != 1) fail(this->name(), "expected one number to add to the loss, got shape ", to_string(x[1]));
    return {x[0]};
  }

  bool makes_single(const std::vector<char>& x) const override {
    if (!x[1]) fail(this->name(), "expected a loss that is one for the whole batch");
    return x[0] != 0;
  }
};

RANVIER_REGISTER_LAYER("added_loss", AddedLoss)

}  // namespace
}  // namespace ranvier
