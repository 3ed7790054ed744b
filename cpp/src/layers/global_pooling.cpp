// global_max_pooling, global_average_pooling: the greatest, or the mean, of each channel in all of the image. A mean is
// of the places that count, 0 if none does.

#include <algorithm>

#include "layers/channels_first.hpp"
#include "layers/window_runs.hpp"

namespace ranvier {
namespace {

template <class T, bool kMax>
class GlobalPooling : public Layer<T> {
 public:
  GlobalPooling(Config& config, const std::string& name)
      : Layer<T>(kMax ? "global_max_pooling" : "global_average_pooling", name),
        rank_(static_cast<std::size_t>(config.integer("rank"))),
        keepdims_(config.boolean("keepdims", false)) {
    if (rank_ < 1 || rank_ > 3) throw std::invalid_argument(text("rank must be 1, 2 or 3, got ", rank_));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    require_rank(this->name(), x[0], rank_);
    Shape y(keepdims_ ? rank_ : 0, 1);
    y.push_back(x[0].back());
    return {y};
  }

  index scratch(const std::vector<Shape>& x, index) const override {
    return kMax ? run_scratch<T>(size(x[0]) / x[0].back()) : 0;
  }

  void forward(const Pass<T>& pass) const override {
    const Range rows = pass.team->share(pass.batch);
    const kernels::Windows<T> all = window(pass);
    for (index row = rows.begin; row < rows.end; ++row) {
      kernels::Windows<T> w = all;
      w.x = pass.x[0] + row * all.taps * all.C;
      w.y = pass.y[0] + row * all.C;
      if constexpr (kMax) {
        pass.kernels->window_max(w);
      } else if (const T* const mask = mask_of(pass, row, w.taps)) {
        pass.kernels->fill(w.y, T{0}, w.C);
        for (index t = 0; t < w.taps; ++t)
          if (mask[t] != 0) pass.kernels->add(w.y, w.x + t * w.C, w.y, w.C);
        pass.kernels->scale(w.y, mean(mask, w.taps), w.y, w.C);
      } else {
        pass.kernels->column_sum(w.x, w.taps, w.C, w.C, w.y);
        pass.kernels->scale(w.y, mean(nullptr, w.taps), w.y, w.C);
      }
    }
  }

  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const Range rows = pass.team->share(pass.batch);
    const kernels::Windows<T> all = window(pass);
    for (index row = rows.begin; row < rows.end; ++row) {
      kernels::Windows<T> w = all;
      const index first = row * all.taps * all.C;
      T *const dx = pass.dx[0] + first, *const dy = pass.dy[0] + row * all.C;
      if constexpr (kMax) {
        w.x = pass.x[0] + first;
        w.y = pass.y[0] + row * all.C;
        pass.kernels->window_max_backward(w, dy, dx, false);
      } else {
        const T* const mask = mask_of(pass, row, w.taps);
        const T share = mean(mask, w.taps);
        for (index t = 0; t < w.taps; ++t)
          pass.kernels->scale(dy, mask && mask[t] == 0 ? T{0} : share, dx + t * w.C, w.C);
      }
    }
  }

 private:
  static const T* mask_of(const Pass<T>& pass, index row, index taps) {
    return pass.masks[0] ? pass.masks[0] + row * taps : nullptr;
  }

  // What a sum is multiplied with; mask may be null.
  static T mean(const T* mask, index taps) {
    const index count = mask ? taps - std::count(mask, mask + taps, T{0}) : taps;
    return count ? static_cast<T>(1 / static_cast<double>(count)) : T{0};
  }

  // The one window of an image; its places are written down where they are needed.
  static kernels::Windows<T> window(const Pass<T>& pass) {
    kernels::Windows<T> w{};
    w.C = (*pass.x_shapes)[0].back();
    w.taps = pass.x_size(0) / w.C;
    w.count = 1;
    if constexpr (kMax) {
      index* const place = reinterpret_cast<index*>(pass.scratch);
      for (index t = 0; t < w.taps; ++t) place[t] = t * w.C;
      w.place = place;
    }
    return w;
  }

  std::size_t rank_;
  bool keepdims_;
};

template <class T>
using GlobalMaxPooling = GlobalPooling<T, true>;
template <class T>
using GlobalAveragePooling = GlobalPooling<T, false>;

namespace global_max_pooling {
RANVIER_REGISTER_SPATIAL_LAYER("global_max_pooling", GlobalMaxPooling)
}
namespace global_average_pooling {
RANVIER_REGISTER_SPATIAL_LAYER("global_average_pooling", GlobalAveragePooling)
}

}  // namespace
}  // namespace ranvier
