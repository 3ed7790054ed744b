// axis_activation: softmax, log_softmax, sparsemax or glu along one axis of x, seen as (outer, n, inner).

#include "layers/activation_choice.hpp"
#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class AxisActivationLayer final : public Layer<T> {
 public:
  AxisActivationLayer(Config& config, const std::string& name)
      : Layer<T>("axis_activation", name),
        activation_(config.word("activation"), {}),
        axis_(config.integer("axis", -1)) {
    if (!activation_.along_axis())
      throw std::invalid_argument("'" + activation_.name() + "' works element by element: use the kind 'activation'");
    if (axis_ == 0) throw std::invalid_argument("axis 0 is the batch: rows do not mix");
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    const index rank = static_cast<index>(x[0].size()) + 1;
    if (axis_ >= rank || axis_ < -rank + 1)
      fail(this->name(), "axis ", axis_, " does not exist in an input of shape ", to_string_batched(x[0]));
    Shape y = x[0];
    if (halves()) {
      index& n = y[position(x[0])];
      if (n % 2) fail(this->name(), "expected an even size along axis ", axis_, ", got ", to_string_batched(x[0]));
      n /= 2;
    }
    return {y};
  }

  void forward(const Pass<T>& pass) const override {
    const View view = see(pass);
    activation_.axis_row(*pass.kernels)
        .forward(pass.x[0] + view.x_begin, pass.y[0] + view.y_begin, view.outer, view.n, view.inner);
  }

  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const View view = see(pass);
    const auto& row = activation_.axis_row(*pass.kernels);
    const T* const source = row.from_output ? pass.y[0] + view.y_begin : pass.x[0] + view.x_begin;
    row.backward(source, pass.dy[0] + view.y_begin, pass.dx[0] + view.x_begin, view.outer, view.n, view.inner);
  }

  const ActivationChoice<T>* only_activation() const override {
    return axis_ == -1 && !halves() ? &activation_ : nullptr;
  }

  std::shared_ptr<Layer<T>> without_activation(const std::string& activation) const override {
    if (axis_ != -1 || activation_.name() != activation) return nullptr;
    Config linear{{"activation", std::string("linear")}};
    return make_layer<T>("activation", linear, this->name());
  }

 private:
  struct View {
    index outer, n, inner, x_begin, y_begin;
  };

  bool halves() const { return activation_.axis_row(kernels::table<T>()).halves; }

  // Of the axis among those of one row.
  std::size_t position(const Shape& x) const {
    return static_cast<std::size_t>(axis_ < 0 ? axis_ + static_cast<index>(x.size()) : axis_ - 1);
  }

  // This thread's share of the outer positions.
  View see(const Pass<T>& pass) const {
    const Shape& x = (*pass.x_shapes)[0];
    const std::size_t axis = position(x);
    const Shape before(x.begin(), x.begin() + static_cast<index>(axis)),
        after(x.begin() + static_cast<index>(axis) + 1, x.end());
    const index n = x[axis], inner = size(after);
    const Range part = pass.team->share(pass.batch * size(before));
    return {part.size(), n, inner, part.begin * n * inner, part.begin * (halves() ? n / 2 : n) * inner};
  }

  ActivationChoice<T> activation_;
  index axis_;  // counts the batch as axis 0; negative from the end
};

RANVIER_REGISTER_LAYER("axis_activation", AxisActivationLayer)

}  // namespace
}  // namespace ranvier
