// convolution: y = activation(conv(x, W) + b) over one to three spatial axes, in groups of channels (LeCun et al.,
// 1998). x (input, C), W (places, C / groups, N), b (N), y (output, N). With a group for each channel it is depthwise.

#include <algorithm>

#include "layers/bias_gradient.hpp"
#include "layers/channels_first.hpp"
#include "layers/channelwise.hpp"
#include "layers/convolving.hpp"
#include "layers/final_activation.hpp"

namespace ranvier {
namespace {

template <class T>
class Convolution final : public Layer<T> {
  using typename Layer<T>::Parameters;

 public:
  Convolution(Config& config, const std::string& name)
      : Layer<T>("convolution", name),
        rule_(config, "kernel_size"),
        depthwise_(config.has("depth_multiplier")),
        filters_(depthwise_ ? config.integer("depth_multiplier") : config.integer("filters")),
        groups_(config.integer("groups", 1)),
        use_bias_(config.boolean("use_bias", true)),
        activation_(config) {
    if (filters_ < 1)
      throw std::invalid_argument(
          text(depthwise_ ? "depth_multiplier" : "filters", " must be at least 1, got ", filters_));
    if (groups_ < 1) throw std::invalid_argument(text("groups must be at least 1, got ", groups_));
    if (!depthwise_ && filters_ % groups_)
      throw std::invalid_argument(text("groups ", groups_, " do not divide the ", filters_, " filters"));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    require_rank(this->name(), x[0], rule_.rank());
    const index C = x[0].back();
    if (!depthwise_ && C % groups_)
      fail(this->name(), "groups ", groups_, " do not divide the ", C, " channels of the input ",
           to_string_batched(x[0]));
    if (this->built() && weight_shape(C) != this->parameters()[0]->shape)
      fail(this->name(), "its kernel has shape ", to_string(this->parameters()[0]->shape), ", but an input ",
           to_string_batched(x[0]), " needs ", to_string(weight_shape(C)));
    const Convolving<T> all = convolving(x[0]);
    return {rule_.output_shape(all.axes, all.N)};
  }

  index workspace(const std::vector<Shape>& x, index batch) const override {
    const Convolving<T> all = convolving(x[0]);
    return activation_.kept(batch * outputs(all.axes) * all.N) + (by_channel(all) ? 0 : all.turned_weights());
  }

  index forward_workspace(const std::vector<Shape>&, index) const override { return 0; }

  index scratch(const std::vector<Shape>& x, index batch) const override {
    const Convolving<T> all = convolving(x[0]);
    return std::max(bias_scratch(all.N), by_channel(all) ? channelwise(all).scratch() : all.scratch(batch));
  }

  double flops(const std::vector<Shape>& x) const override { return convolving(x[0]).flops(); }

  index rows_wanted(const std::vector<Shape>& x) const override {
    return std::max<index>(1, kRowsWanted / outputs(convolving(x[0]).axes));
  }

  void forward(const Pass<T>& pass) const override {
    const Convolving<T> all = convolving((*pass.x_shapes)[0]);
    const T* const bias = use_bias_ ? this->parameters()[1]->value.data() : nullptr;
    const T* const weight = this->parameters()[0]->value.data();
    T *const z = activation_.z(pass), *const y = pass.y[0];
    if (by_channel(all)) {
      channelwise(all).gather(pass, pass.x[0], weight, bias, z,
                              [&](index i, index n) { activation_.apply(pass, z + i, y + i, n); });
    } else {
      typename FinalActivation<T>::Epilogue epilogue{};
      all.gather(pass, pass.x[0], weight, bias, z, [&](kernels::Gemm<T>& g, index row, index column) {
        activation_.end(pass, g, y + row * all.N + column, epilogue);
      });
    }
    activation_.finish(pass, pass.batch * outputs(all.axes), all.N);
  }

  void backward(const Pass<T>& pass) const override {
    const Convolving<T> all = convolving((*pass.x_shapes)[0]);
    const index pixels = pass.batch * outputs(all.axes);
    activation_.backward(pass, pixels, all.N);
    const T *const weight = this->parameters()[0]->value.data(), *const dz = pass.dy[0];
    T *const dx = pass.dx[0], *const dweight = pass.dparameters[0];
    if (by_channel(all)) {
      if (dx) channelwise(all).spread(pass, dz, weight, dx);
      if (dweight) channelwise(all).weigh(pass, pass.x[0], dz, dweight);
    } else {
      if (dx) all.spread(pass, dz, weight, nullptr, dx, pass.workspace + activation_.kept(pixels * all.N));
      if (dweight) all.weigh(pass, pass.x[0], dz, dweight);
    }
    if (use_bias_ && pass.dparameters[1]) bias_gradient(pass, dz, pixels, all.N, pass.dparameters[1]);
  }

  std::shared_ptr<Layer<T>> fused_with(const Layer<T>& next) const override {
    const ActivationChoice<T>* after = next.only_activation();
    if (!activation_.linear() || !after) return nullptr;
    auto fused = std::make_shared<Convolution>(*this);
    fused->activation_.set(*after);
    return fused;
  }

  std::shared_ptr<Layer<T>> without_activation(const std::string& activation) const override {
    if (activation_.name() != activation) return nullptr;
    auto bare = std::make_shared<Convolution>(*this);
    bare->activation_.clear();
    return bare;
  }

 protected:
  Parameters make_parameters(const std::vector<Shape>& x) const override {
    const Shape weight = weight_shape(x[0].back());
    Parameters made{std::make_shared<Parameter<T>>("kernel", weight, Initial::glorot_uniform)};
    if (use_bias_) made.push_back(std::make_shared<Parameter<T>>("bias", Shape{convolving(x[0]).N}, Initial::zeros));
    return made;
  }

 private:
  Shape weight_shape(index C) const {
    Shape weight(rule_.size());
    weight.push_back(depthwise_ ? C : C / groups_);
    weight.push_back(filters_);
    return weight;
  }

  // A depthwise kernel (places, C, multiplier) is one of C groups, (places, 1, C * multiplier), as it lies in memory.
  Convolving<T> convolving(const Shape& x) const {
    const index C = x.back();
    return {rule_.over(this->name(), x), C, depthwise_ ? C * filters_ : filters_, depthwise_ ? C : groups_};
  }

  static bool by_channel(const Convolving<T>& all) { return all.groups > 1 && all.depth() == 1 && all.units() == 1; }
  static Channelwise<T> channelwise(const Convolving<T>& all) { return {all.axes, all.C}; }

  WindowRule rule_;
  bool depthwise_;
  index filters_, groups_;
  bool use_bias_;
  FinalActivation<T> activation_;
};

RANVIER_REGISTER_SPATIAL_LAYER("convolution", Convolution)

}  // namespace
}  // namespace ranvier
