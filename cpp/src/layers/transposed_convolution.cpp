// transposed_convolution: y = activation(the adjoint of a convolution applied to x, + b): every x adds its share to a
// window of y (Zeiler et al., 2010). x (output, N), W (places, C, N), b (C), y (input, C), in the words of
// convolving.hpp.

#include <algorithm>

#include "layers/bias_gradient.hpp"
#include "layers/channels_first.hpp"
#include "layers/convolving.hpp"
#include "layers/final_activation.hpp"

namespace ranvier {
namespace {

template <class T>
class TransposedConvolution final : public Layer<T> {
  using typename Layer<T>::Parameters;

 public:
  TransposedConvolution(Config& config, const std::string& name)
      : Layer<T>("transposed_convolution", name),
        rule_(config, "kernel_size"),
        filters_(config.integer("filters")),
        use_bias_(config.boolean("use_bias", true)),
        activation_(config) {
    if (filters_ < 1) throw std::invalid_argument(text("filters must be at least 1, got ", filters_));
    if (rule_.causal()) throw std::invalid_argument("padding must be 'valid' or 'same', got 'causal'");
    if (!config.has("output_padding")) return;
    output_padding_ = spatial_numbers(config, "output_padding", 0);
    if (output_padding_.size() != rule_.rank())
      throw std::invalid_argument(text("output_padding ", to_string(output_padding_), " and kernel_size ",
                                       to_string(rule_.size()), " differ in length"));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    require_rank(this->name(), x[0], rule_.rank());
    if (this->built() && weight_shape(x[0].back()) != this->parameters()[0]->shape)
      fail(this->name(), "its kernel has shape ", to_string(this->parameters()[0]->shape), ", but an input ",
           to_string_batched(x[0]), " needs ", to_string(weight_shape(x[0].back())));
    const Convolving<T> all = convolving(x[0]);
    Shape y;
    for (std::size_t i = 3 - rule_.rank(); i < 3; ++i) y.push_back(all.axes[i].input);
    y.push_back(filters_);
    return {y};
  }

  index workspace(const std::vector<Shape>& x, index batch) const override {
    const Convolving<T> all = convolving(x[0]);
    return activation_.kept(batch * inputs(all.axes) * filters_) + all.turned_weights();
  }
  index forward_workspace(const std::vector<Shape>& x, index) const override {
    return convolving(x[0]).turned_weights();
  }
  index scratch(const std::vector<Shape>& x, index batch) const override {
    return std::max(bias_scratch(filters_), convolving(x[0]).scratch(batch));
  }
  double flops(const std::vector<Shape>& x) const override { return convolving(x[0]).flops(); }

  index rows_wanted(const std::vector<Shape>& x) const override {
    return std::max<index>(1, kRowsWanted / outputs(convolving(x[0]).axes));
  }

  void forward(const Pass<T>& pass) const override {
    const Convolving<T> all = convolving((*pass.x_shapes)[0]);
    const index pixels = pass.batch * inputs(all.axes);
    const T* const bias = use_bias_ ? this->parameters()[1]->value.data() : nullptr;
    T* const z = activation_.z(pass);
    T* const turned = pass.workspace + (pass.keep ? activation_.kept(pixels * filters_) : 0);
    all.spread(pass, pass.x[0], this->parameters()[0]->value.data(), bias, z, turned);
    if (activation_.linear()) return;
    pass.team->barrier();
    const Range part = pass.team->share(pixels * filters_, static_cast<index>(kCacheLine / sizeof(T)));
    activation_.apply(pass, z + part.begin, pass.y[0] + part.begin, part.size());
    activation_.finish(pass, pixels, filters_);
  }

  void backward(const Pass<T>& pass) const override {
    const Convolving<T> all = convolving((*pass.x_shapes)[0]);
    const index pixels = pass.batch * inputs(all.axes);
    activation_.backward(pass, pixels, filters_);
    const T* const dz = pass.dy[0];
    if (pass.dx[0])
      all.gather(pass, dz, this->parameters()[0]->value.data(), nullptr, pass.dx[0],
                 [](kernels::Gemm<T>&, index, index) {});
    if (pass.dparameters[0]) all.weigh(pass, dz, pass.x[0], pass.dparameters[0]);
    if (use_bias_ && pass.dparameters[1]) bias_gradient(pass, dz, pixels, filters_, pass.dparameters[1]);
  }

  std::shared_ptr<Layer<T>> fused_with(const Layer<T>& next) const override {
    const ActivationChoice<T>* after = next.only_activation();
    if (!activation_.linear() || !after) return nullptr;
    auto fused = std::make_shared<TransposedConvolution>(*this);
    fused->activation_.set(*after);
    return fused;
  }

  std::shared_ptr<Layer<T>> without_activation(const std::string& activation) const override {
    if (activation_.name() != activation) return nullptr;
    auto bare = std::make_shared<TransposedConvolution>(*this);
    bare->activation_.clear();
    return bare;
  }

 protected:
  Parameters make_parameters(const std::vector<Shape>& x) const override {
    Parameters made{std::make_shared<Parameter<T>>("kernel", weight_shape(x[0].back()), Initial::glorot_uniform)};
    if (use_bias_) made.push_back(std::make_shared<Parameter<T>>("bias", Shape{filters_}, Initial::zeros));
    return made;
  }

 private:
  Shape weight_shape(index N) const {
    Shape weight(rule_.size());
    weight.push_back(filters_);
    weight.push_back(N);
    return weight;
  }

  // The convolution whose adjoint this is: x is its output. Sizes and padding are Keras's.
  Convolving<T> convolving(const Shape& x) const {
    WindowAxes axes = rule_.unplaced(this->name(), x);
    for (std::size_t i = 0; i < rule_.rank(); ++i) {
      WindowAxis& a = axes[3 - rule_.rank() + i];
      const index reach = a.reach();
      a.output = a.input;
      if (!rule_.same()) {
        a.input = (a.output - 1) * a.stride + (given(i) ? reach + *given(i) : std::max(reach, a.stride));
        continue;
      }
      a.input = given(i) ? (a.output - 1) * a.stride + reach % 2 + *given(i) : a.output * a.stride;
      const index padding = given(i) ? reach + reach % 2 - 2 + *given(i) : a.stride + reach - 2;
      a.before = reach - 1 - std::min((padding + 1) / 2, reach - 1);
      if (a.input < 1)
        fail(this->name(), "output_padding ", to_string(output_padding_), " leaves nothing of the input ",
             to_string_batched(x));
    }
    return {axes, filters_, x.back(), 1};
  }

  const index* given(std::size_t i) const { return output_padding_.empty() ? nullptr : &output_padding_[i]; }

  WindowRule rule_;
  index filters_;
  bool use_bias_;
  FinalActivation<T> activation_;
  std::vector<index> output_padding_;  // or none
};

RANVIER_REGISTER_SPATIAL_LAYER("transposed_convolution", TransposedConvolution)

}  // namespace
}  // namespace ranvier
