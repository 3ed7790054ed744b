// training_branch: y = x[0] in training, x[1] in inference. A plan leaves out the other one.

#include "layers/view.hpp"

namespace ranvier {
namespace {

template <class T>
class TrainingBranch final : public View<T> {
 public:
  TrainingBranch(Config&, const std::string& name) : View<T>("training_branch", name) {}

  bool branches_by_mode() const override { return true; }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    if (x.empty() || x.size() > 2) this->require_inputs(x, 2);
    if (x.back() != x[0])
      fail(this->name(), "makes ", to_string_batched(x[0]), " in training, but ", to_string_batched(x.back()),
           " in inference: both must have one shape");
    return {x[0]};
  }
};

RANVIER_REGISTER_LAYER("training_branch", TrainingBranch)

}  // namespace
}  // namespace ranvier
