#include "layers/time_distributed.hpp"

namespace ranvier {

namespace {

template <class T>
class TimeDistributed final : public Layer<T> {
  using typename Layer<T>::Parameters;

 public:
  TimeDistributed(std::shared_ptr<Layer<T>> layer, const std::string& name)
      : Layer<T>("time_distributed", name), layer_(std::move(layer)) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    std::vector<Shape> y = layer_->output_shapes(steps(x));
    for (Shape& shape : y) shape.insert(shape.begin(), x[0][0]);
    return y;
  }

  index workspace(const std::vector<Shape>& x, index batch) const override {
    return layer_->workspace(steps(x), batch * x[0][0]);
  }
  index forward_workspace(const std::vector<Shape>& x, index batch) const override {
    return layer_->forward_workspace(steps(x), batch * x[0][0]);
  }
  index scratch(const std::vector<Shape>& x, index batch) const override {
    return layer_->scratch(steps(x), batch * x[0][0]);
  }
  double flops(const std::vector<Shape>& x) const override {
    return static_cast<double>(x[0][0]) * layer_->flops(steps(x));
  }
  bool differentiable() const override { return layer_->differentiable(); }
  bool is_view(bool training) const override { return layer_->is_view(training); }
  bool streams_gradient(std::size_t i, const std::vector<Shape>& x, index batch) const override {
    return layer_->streams_gradient(i, steps(x), batch * x[0][0]);
  }

  void forward(const Pass<T>& pass) const override {
    run(pass, [this](const Pass<T>& inner) { layer_->forward(inner); });
  }
  void backward(const Pass<T>& pass) const override {
    run(pass, [this](const Pass<T>& inner) { layer_->backward(inner); });
  }

 protected:
  Parameters make_parameters(const std::vector<Shape>& x) const override {
    layer_->build(steps(x));
    return layer_->parameters();
  }

 private:
  template <class F>
  static void run(const Pass<T>& pass, const F& f) {
    static constexpr const T* kNoMasks[16] = {};
    // The shapes of an inner layer take no memory but their own few numbers.
    const std::vector<Shape> x = without_first(*pass.x_shapes), y = without_first(*pass.y_shapes);
    Pass<T> inner = pass;
    inner.batch = pass.batch * (*pass.x_shapes)[0][0];
    inner.first = pass.first * (*pass.x_shapes)[0][0];
    inner.x_shapes = &x;
    inner.y_shapes = &y;
    inner.masks = kNoMasks;
    f(inner);
  }

  static std::vector<Shape> without_first(const std::vector<Shape>& shapes) {
    std::vector<Shape> rest;
    for (const Shape& shape : shapes) rest.emplace_back(shape.begin() + 1, shape.end());
    return rest;
  }

  std::vector<Shape> steps(const std::vector<Shape>& x) const {
    for (const Shape& shape : x)
      if (shape.size() < 2 || shape[0] != x[0][0])
        fail(this->name(), "expected inputs (*, steps, ...) of the same steps, got ", to_string_batched(shape));
    return without_first(x);
  }

  std::shared_ptr<Layer<T>> layer_;
};

}  // namespace

template <class T>
std::shared_ptr<Layer<T>> time_distributed(std::shared_ptr<Layer<T>> layer, const std::string& name) {
  return std::make_shared<TimeDistributed<T>>(std::move(layer), name);
}

template std::shared_ptr<Layer<float>> time_distributed(std::shared_ptr<Layer<float>>, const std::string&);
template std::shared_ptr<Layer<double>> time_distributed(std::shared_ptr<Layer<double>>, const std::string&);

}  // namespace ranvier
