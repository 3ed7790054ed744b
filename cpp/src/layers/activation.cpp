// activation: y = f(x), element by element or, for softmax and its kin, along the last axis.

#include "layers/activation_choice.hpp"
#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class ActivationLayer final : public Layer<T> {
 public:
  ActivationLayer(Config& config, const std::string& name)
      : Layer<T>("activation", name), activation_(config.word("activation"), config.numbers("activation_parameters")) {
    if (activation_.along_axis())
      throw std::invalid_argument("'" + activation_.name() + "' works along an axis: use the kind 'axis_activation'");
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    return x;
  }

  void forward(const Pass<T>& pass) const override {
    const Range part = pass.team->share(pass.batch * pass.x_size(0), kGrain);
    activation_.row(*pass.kernels)
        .forward(pass.x[0] + part.begin, pass.y[0] + part.begin, part.size(), activation_.parameters());
  }

  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const auto& row = activation_.row(*pass.kernels);
    const T* const source = row.from_output ? pass.y[0] : pass.x[0];
    const Range part = pass.team->share(pass.batch * pass.x_size(0), kGrain);
    row.backward(source + part.begin, pass.dy[0] + part.begin, pass.dx[0] + part.begin, part.size(),
                 activation_.parameters());
  }

  bool is_view(bool) const override { return activation_.linear(); }

  const ActivationChoice<T>* only_activation() const override { return &activation_; }

  std::shared_ptr<Layer<T>> without_activation(const std::string& activation) const override {
    if (activation_.name() != activation) return nullptr;
    auto bare = std::make_shared<ActivationLayer>(*this);
    bare->activation_ = ActivationChoice<T>("linear", {});
    return bare;
  }

 private:
  static constexpr index kGrain = 1024;  // elements: whole cache lines, and enough to be worth handing out
  ActivationChoice<T> activation_;
};

RANVIER_REGISTER_LAYER("activation", ActivationLayer)

}  // namespace
}  // namespace ranvier
