// The three operations of a convolution of each channel by itself (depthwise, with one output for each channel): sums
// of weighted places, along vectors of channels. x (input, C), y (output, C), weight (places, C).
#pragma once

#include "layers/window_runs.hpp"

namespace ranvier {

template <class T>
struct Channelwise {
  WindowAxes axes;
  index C;

  index scratch() const { return run_scratch<T>(places_inside(axes)); }

  /// y = bias + sum weight x; `then(offset, count)` is called with each finished run of elements of y.
  template <class F>
  void gather(const Pass<T>& pass, const T* x, const T* weight, const T* bias, T* y, F then) const {
    const Range lines = pass.team->share(pass.batch * axes[0].output * axes[1].output);
    for_runs(axes, C, span, lines, pass.scratch, [&](kernels::Windows<T> w, index from, index to) {
      w.x = x + from;
      w.y = y + to;
      pass.kernels->window_dot(w, weight, bias);
      then(to, w.count * C);
    });
  }

  /// dx. A thread takes whole images: windows that overlap add to the same dx.
  void spread(const Pass<T>& pass, const T* dy, const T* weight, T* dx) const {
    const index lines = axes[0].output * axes[1].output, image = inputs(axes) * C;
    const Range rows = pass.team->share(pass.batch);
    for (index row = rows.begin; row < rows.end; ++row) {
      pass.kernels->fill(dx + row * image, T{0}, image);
      for_runs(axes, C, span, {row * lines, (row + 1) * lines}, pass.scratch,
               [&](const kernels::Windows<T>& w, index to, index from) {
                 pass.kernels->window_dot_backward(w, weight, dy + from, dx + to);
               });
    }
  }

  void weigh(const Pass<T>& pass, const T* x, const T* dy, T* dweight) const {
    constexpr index kGrain = 16;
    const Range channels = pass.team->share(C, kGrain);
    if (channels.size() <= 0) return;
    for (index place = 0; place < places(axes); ++place)
      pass.kernels->fill(dweight + place * C + channels.begin, T{0}, channels.size());
    const Range lines{0, pass.batch * axes[0].output * axes[1].output};
    for_runs(axes, C, span, lines, pass.scratch, [&](kernels::Windows<T> w, index from, index to) {
      w.x = x + from;
      pass.kernels->window_dot_weight(w, dy + to, channels.begin, channels.end, dweight);
    });
  }
};

}  // namespace ranvier
