// Layers of images are written for channels last. For data_format "channels_first" they are put into a layer that turns
// what goes in and what comes out: slower, but every such layer takes both formats.
#pragma once

#include <map>
#include <mutex>

#include "layers/layer.hpp"

namespace ranvier {

template <class T>
class ChannelsFirst final : public Layer<T> {
 public:
  explicit ChannelsFirst(std::shared_ptr<Layer<T>> inner)
      : Layer<T>(inner->kind(), inner->name()), inner_(std::move(inner)) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override;
  index workspace(const std::vector<Shape>& x, index batch) const override;
  index forward_workspace(const std::vector<Shape>& x, index batch) const override;
  index scratch(const std::vector<Shape>& x, index batch) const override {
    return inner_->scratch({last(x.at(0))}, batch);
  }
  double flops(const std::vector<Shape>& x) const override { return inner_->flops({last(x.at(0))}); }

  void forward(const Pass<T>& pass) const override;
  void backward(const Pass<T>& pass) const override;

 protected:
  typename Layer<T>::Parameters make_parameters(const std::vector<Shape>& x) const override {
    inner_->build({last(x[0])});
    return inner_->parameters();
  }

 private:
  struct Shapes {
    std::vector<Shape> x, y;  // the inner layer's
  };
  struct Places {
    T *x, *y, *dy, *dx;  // with the channels last
  };

  static Shape last(const Shape& x);
  const Shapes& shapes(const Shape& x) const;
  Places places(const Pass<T>& pass) const;
  Pass<T> inner_pass(const Pass<T>& pass) const;

  std::shared_ptr<Layer<T>> inner_;
  mutable std::mutex mutex_;
  mutable std::map<Shape, Shapes> shapes_;
};

/// A layer of channels last, turned if the configuration says "channels_first".
template <class T, class L>
std::shared_ptr<Layer<T>> make_spatial(Config& config, const std::string& name) {
  const std::string format = config.word("data_format", "channels_last");
  if (format != "channels_last" && format != "channels_first")
    throw std::invalid_argument(unknown_name("data_format", format, {"channels_last", "channels_first"}));
  auto layer = std::make_shared<L>(config, name);
  if (format == "channels_last") return layer;
  return std::make_shared<ChannelsFirst<T>>(std::move(layer));
}

/// RANVIER_REGISTER_LAYER for a layer of images.
#define RANVIER_REGISTER_SPATIAL_LAYER(kind, Class) \
  [[maybe_unused]] const bool registered =          \
      register_layer(kind, make_spatial<float, Class<float>>, make_spatial<double, Class<double>>);

}  // namespace ranvier
