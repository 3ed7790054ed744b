// max_pooling, average_pooling: the greatest, or the mean, of each channel in windows. Padding does not take part.
// Given an output size instead of windows, an axis is cut into so many parts of nearly equal size.

#include <algorithm>
#include <optional>

#include "layers/channels_first.hpp"
#include "layers/window_runs.hpp"

namespace ranvier {
namespace {

template <class T, bool kMax>
class Pooling : public Layer<T> {
 public:
  Pooling(Config& config, const std::string& name) : Layer<T>(kMax ? "max_pooling" : "average_pooling", name) {
    if (config.has("output_size"))
      output_size_ = spatial_numbers(config, "output_size");
    else
      rule_.emplace(config, "pool_size");
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    const WindowAxes all = axes(x[0]);
    Shape y;
    for (std::size_t i = 4 - x[0].size(); i < 3; ++i) y.push_back(all[i].output);
    y.push_back(x[0].back());
    return {y};
  }

  index scratch(const std::vector<Shape>& x, index) const override { return run_scratch<T>(places_inside(axes(x[0]))); }

  double flops(const std::vector<Shape>& x) const override {
    const WindowAxes all = axes(x[0]);
    return static_cast<double>(outputs(all)) * static_cast<double>(places_inside(all) * x[0].back());
  }

  void forward(const Pass<T>& pass) const override {
    const WindowAxes all = axes((*pass.x_shapes)[0]);
    runs(pass, all, pass.team->share(pass.batch * lines(all)), [&](kernels::Windows<T> w, index x, index y) {
      w.x = pass.x[0] + x;
      w.y = pass.y[0] + y;
      if constexpr (kMax)
        pass.kernels->window_max(w);
      else
        pass.kernels->window_sum(w, 1 / static_cast<double>(w.taps));
    });
  }

  // A thread takes whole images: windows that overlap add to the same dx.
  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const WindowAxes all = axes((*pass.x_shapes)[0]);
    const index image = pass.x_size(0);
    const Range rows = pass.team->share(pass.batch);
    const bool apart =
        rule_ && std::all_of(all.begin(), all.end(), [](const WindowAxis& a) { return a.stride >= a.size; });
    const bool everywhere = apart && std::all_of(all.begin(), all.end(), [](const WindowAxis& a) {
                              return a.stride == a.size && a.output * a.size >= a.input;
                            });
    if (!everywhere) pass.kernels->fill(pass.dx[0] + rows.begin * image, T{0}, rows.size() * image);
    runs(pass, all, {rows.begin * lines(all), rows.end * lines(all)}, [&](kernels::Windows<T> w, index x, index y) {
      w.x = pass.x[0] + x;
      w.y = pass.y[0] + y;
      T *const dx = pass.dx[0] + x, *const dy = pass.dy[0] + y;
      if constexpr (kMax)
        pass.kernels->window_max_backward(w, dy, dx, !apart);
      else
        pass.kernels->window_sum_backward(w, 1 / static_cast<double>(w.taps), dy, dx, !apart);
    });
  }

 private:
  static index lines(const WindowAxes& all) { return all[0].output * all[1].output; }

  template <class F>
  void runs(const Pass<T>& pass, const WindowAxes& all, Range lines, F f) const {
    const index C = (*pass.x_shapes)[0].back();
    if (rule_)
      for_runs(all, C, [](const WindowAxis& a, index j) { return span(a, j); }, lines, pass.scratch, f);
    else
      for_runs(all, C, adaptive_span, lines, pass.scratch, f);
  }

  WindowAxes axes(const Shape& x) const {
    if (rule_) return rule_->over(this->name(), x);
    require_rank(this->name(), x, output_size_.size());
    WindowAxes all;
    for (std::size_t i = 0; i < output_size_.size(); ++i) {
      WindowAxis& axis = all[3 - output_size_.size() + i];
      axis.input = x[i];
      axis.output = output_size_[i];
      axis.size = (axis.input - 1) / axis.output + 2;  // at most
    }
    return all;
  }

  std::optional<WindowRule> rule_;
  std::vector<index> output_size_;  // without a rule: adaptive
};

template <class T>
using MaxPooling = Pooling<T, true>;
template <class T>
using AveragePooling = Pooling<T, false>;

namespace max_pooling {
RANVIER_REGISTER_SPATIAL_LAYER("max_pooling", MaxPooling)
}
namespace average_pooling {
RANVIER_REGISTER_SPATIAL_LAYER("average_pooling", AveragePooling)
}

}  // namespace
}  // namespace ranvier
