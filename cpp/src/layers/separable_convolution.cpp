// separable_convolution: y = activation(u V + b) with u = conv(x, W) channel by channel: first in space, then across
// the channels (Chollet, 2017). x (input, C), W (places, C, M), u (output, C M), V (C M, N), b (N), y (output, N).

#include <algorithm>

#include "layers/bias_gradient.hpp"
#include "layers/channels_first.hpp"
#include "layers/channelwise.hpp"
#include "layers/convolving.hpp"
#include "layers/final_activation.hpp"

namespace ranvier {
namespace {

template <class T>
class SeparableConvolution final : public Layer<T> {
  using typename Layer<T>::Parameters;

 public:
  SeparableConvolution(Config& config, const std::string& name)
      : Layer<T>("separable_convolution", name),
        rule_(config, "kernel_size"),
        filters_(config.integer("filters")),
        multiplier_(config.integer("depth_multiplier", 1)),
        use_bias_(config.boolean("use_bias", true)),
        activation_(config) {
    if (filters_ < 1) throw std::invalid_argument(text("filters must be at least 1, got ", filters_));
    if (multiplier_ < 1) throw std::invalid_argument(text("depth_multiplier must be at least 1, got ", multiplier_));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    require_rank(this->name(), x[0], rule_.rank());
    if (this->built() && spatial_shape(x[0].back()) != this->parameters()[0]->shape)
      fail(this->name(), "its depthwise_kernel has shape ", to_string(this->parameters()[0]->shape), ", but an input ",
           to_string_batched(x[0]), " needs ", to_string(spatial_shape(x[0].back())));
    return {rule_.output_shape(rule_.over(this->name(), x[0]), filters_)};
  }

  index workspace(const std::vector<Shape>& x, index batch) const override {
    const Convolving<T> all = spatial(x[0]);
    const index pixels = batch * outputs(all.axes);
    return activation_.kept(pixels * filters_) + 2 * middle(pixels, all) + all.turned_weights();
  }

  index forward_workspace(const std::vector<Shape>& x, index batch) const override {
    const Convolving<T> all = spatial(x[0]);
    return middle(batch * outputs(all.axes), all);
  }

  index scratch(const std::vector<Shape>& x, index batch) const override {
    const Convolving<T> all = spatial(x[0]);
    const index pixels = batch * outputs(all.axes);
    index most = std::max(bias_scratch(filters_), one_each() ? channelwise(all).scratch() : all.scratch(batch));
    for (const kernels::Gemm<T>& g : {mix(pixels, all.N), unmix(pixels, all.N), weigh_mix(pixels, all.N)})
      most = std::max(most, kernels::table<T>().gemm_scratch(g));
    return most;
  }

  double flops(const std::vector<Shape>& x) const override {
    const Convolving<T> all = spatial(x[0]);
    return all.flops() + 2.0 * static_cast<double>(outputs(all.axes)) * static_cast<double>(all.N * filters_);
  }

  index rows_wanted(const std::vector<Shape>& x) const override {
    return std::max<index>(1, kRowsWanted / outputs(spatial(x[0]).axes));
  }

  void forward(const Pass<T>& pass) const override {
    const Convolving<T> all = spatial((*pass.x_shapes)[0]);
    const index pixels = pass.batch * outputs(all.axes);
    T* const u = pass.workspace + (pass.keep ? activation_.kept(pixels * filters_) : 0);
    const T* const weight = this->parameters()[0]->value.data();
    if (one_each())
      channelwise(all).gather(pass, pass.x[0], weight, nullptr, u, [](index, index) {});
    else
      all.gather(pass, pass.x[0], weight, nullptr, u, [](kernels::Gemm<T>&, index, index) {});
    pass.team->barrier();
    kernels::Gemm<T> g = mix(pixels, all.N, u, this->parameters()[1]->value.data(), activation_.z(pass));
    g.bias = use_bias_ ? this->parameters()[2]->value.data() : nullptr;
    typename FinalActivation<T>::Epilogue epilogue{};
    activation_.end(pass, g, pass.y[0], epilogue);
    multiply(pass, g);
    activation_.finish(pass, pixels, filters_);
  }

  void backward(const Pass<T>& pass) const override {
    const Convolving<T> all = spatial((*pass.x_shapes)[0]);
    const index pixels = pass.batch * outputs(all.axes);
    activation_.backward(pass, pixels, filters_);
    T* const dz = pass.dy[0];
    T* const u = pass.workspace + activation_.kept(pixels * filters_);
    T *const du = u + middle(pixels, all), *const turned = du + middle(pixels, all);
    if (use_bias_ && pass.dparameters[2]) bias_gradient(pass, dz, pixels, filters_, pass.dparameters[2]);
    if (pass.dparameters[1]) multiply(pass, weigh_mix(pixels, all.N, u, dz, pass.dparameters[1]));
    T *const dx = pass.dx[0], *const dweight = pass.dparameters[0];
    if (!dx && !dweight) return;
    multiply(pass, unmix(pixels, all.N, dz, this->parameters()[1]->value.data(), du));
    pass.team->barrier();
    const T* const weight = this->parameters()[0]->value.data();
    if (one_each()) {
      if (dx) channelwise(all).spread(pass, du, weight, dx);
      if (dweight) channelwise(all).weigh(pass, pass.x[0], du, dweight);
    } else {
      if (dx) all.spread(pass, du, weight, nullptr, dx, turned);
      if (dweight) all.weigh(pass, pass.x[0], du, dweight);
    }
  }

  std::shared_ptr<Layer<T>> fused_with(const Layer<T>& next) const override {
    const ActivationChoice<T>* after = next.only_activation();
    if (!activation_.linear() || !after) return nullptr;
    auto fused = std::make_shared<SeparableConvolution>(*this);
    fused->activation_.set(*after);
    return fused;
  }

  std::shared_ptr<Layer<T>> without_activation(const std::string& activation) const override {
    if (activation_.name() != activation) return nullptr;
    auto bare = std::make_shared<SeparableConvolution>(*this);
    bare->activation_.clear();
    return bare;
  }

 protected:
  Parameters make_parameters(const std::vector<Shape>& x) const override {
    const index C = x[0].back();
    Shape across(rule_.rank(), 1);
    across.push_back(C * multiplier_);
    across.push_back(filters_);
    Parameters made{std::make_shared<Parameter<T>>("depthwise_kernel", spatial_shape(C), Initial::glorot_uniform),
                    std::make_shared<Parameter<T>>("pointwise_kernel", across, Initial::glorot_uniform)};
    if (use_bias_) made.push_back(std::make_shared<Parameter<T>>("bias", Shape{filters_}, Initial::zeros));
    return made;
  }

 private:
  Shape spatial_shape(index C) const {
    Shape weight(rule_.size());
    weight.push_back(C);
    weight.push_back(multiplier_);
    return weight;
  }

  bool one_each() const { return multiplier_ == 1; }
  Convolving<T> spatial(const Shape& x) const {
    const index C = x.back();
    return {rule_.over(this->name(), x), C, C * multiplier_, C};
  }
  static Channelwise<T> channelwise(const Convolving<T>& all) { return {all.axes, all.C}; }

  // Elements of u.
  static index middle(index pixels, const Convolving<T>& all) {
    return round_up(pixels * all.N, static_cast<index>(kCacheLine / sizeof(T)));
  }

  // The products across K channels; without operands where only sizes count.
  kernels::Gemm<T> mix(index pixels, index K, const T* u = nullptr, const T* weight = nullptr, T* z = nullptr) const {
    return product<T>(pixels, filters_, K, u, weight, z);
  }
  kernels::Gemm<T> unmix(index pixels, index K, const T* dz = nullptr, const T* weight = nullptr,
                         T* du = nullptr) const {
    return product_transposed_b<T>(pixels, K, filters_, dz, weight, du);
  }
  kernels::Gemm<T> weigh_mix(index pixels, index K, const T* u = nullptr, const T* dz = nullptr,
                             T* dweight = nullptr) const {
    return product_transposed_a<T>(K, filters_, pixels, u, dz, dweight);
  }

  WindowRule rule_;
  index filters_, multiplier_;
  bool use_bias_;
  FinalActivation<T> activation_;
};

RANVIER_REGISTER_SPATIAL_LAYER("separable_convolution", SeparableConvolution)

}  // namespace
}  // namespace ranvier
