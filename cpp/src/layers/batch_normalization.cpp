// batch_normalization: y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel (Ioffe and Szegedy
// 2015). In training mean and variance are those of the batch, and running averages of them are kept; otherwise, and
// while the layer is frozen, the averages take their place.
//
// x is (R, C, inner): R rows and the axes before the channel's, C channels, and the axes after it.

#include <algorithm>
#include <cmath>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class BatchNormalization final : public Layer<T> {
  using typename Layer<T>::Parameters;

 public:
  BatchNormalization(Config& config, const std::string& name)
      : Layer<T>("batch_normalization", name),
        axis_(config.integer("axis", -1)),
        momentum_(config.number("momentum", 0.99)),
        epsilon_(config.number("epsilon", 1e-3)),
        center_(config.boolean("center", true)),
        scale_(config.boolean("scale", true)) {
    if (axis_ == 0) throw std::invalid_argument("axis 0 is the batch: it has no statistics of its own");
    if (!(epsilon_ >= 0)) throw std::invalid_argument(text("epsilon must be at least 0, got ", epsilon_));
    if (!(momentum_ >= 0 && momentum_ <= 1))
      throw std::invalid_argument(text("momentum must be in [0, 1], got ", momentum_));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    const index rank = static_cast<index>(x[0].size()) + 1;
    if (axis_ >= rank || axis_ < -rank + 1)
      fail(this->name(), "axis ", axis_, " does not exist in an input of shape ", to_string_batched(x[0]));
    if (this->built() && x[0][position(x[0])] != this->parameters().back()->shape[0])
      fail(this->name(), "expected ", this->parameters().back()->shape[0], " channels along axis ", axis_, ", got ",
           to_string_batched(x[0]));
    return x;
  }

  // Kept: mean and 1 / deviation; besides scale and shift, or what the backward pass multiplies with.
  index workspace(const std::vector<Shape>& x, index) const override { return kArrays * x[0][position(x[0])]; }
  index scratch(const std::vector<Shape>& x, index) const override { return x[0][position(x[0])]; }

  void forward(const Pass<T>& pass) const override {
    const View v = see(pass);
    const Range channels = pass.team->share(v.C, kGrain);
    if (uses_batch(pass)) {
      find_statistics(pass, v, channels);
    } else {
      for (index c = channels.begin; c < channels.end; ++c) {
        v.mean[c] = moving_mean()[c];
        v.inverse[c] = inverse(static_cast<double>(moving_variance()[c]));
      }
    }
    for (index c = channels.begin; c < channels.end; ++c) {
      v.a[c] = v.inverse[c] * gamma(c);
      v.c[c] = center_ ? this->parameters()[scale_ ? 1 : 0]->value[c] : T{0};
    }
    pass.team->barrier();
    const Range rows = pass.team->share(v.R);
    const index begin = rows.begin * v.C * v.inner;
    if (v.inner == 1) {
      pass.kernels->standardize(pass.x[0] + begin, v.mean, v.a, v.c, pass.y[0] + begin, rows.size(), v.C);
      return;
    }
    const T* x = pass.x[0] + begin;
    T* y = pass.y[0] + begin;
    for (index r = 0; r < rows.size(); ++r)
      for (index c = 0; c < v.C; ++c)
        for (index i = 0; i < v.inner; ++i, ++x, ++y) *y = (*x - v.mean[c]) * v.a[c] + v.c[c];
  }

  // With h = (x - mean) inverse and N elements in a channel, dgamma = sum dy h, dbeta = sum dy and, for statistics of
  // the batch, dx = gamma inverse (dy - dbeta / N - h dgamma / N) = a dy + b (x - mean) + c.
  void backward(const Pass<T>& pass) const override {
    const View v = see(pass);
    const Range channels = pass.team->share(v.C, kGrain);
    const index n = channels.size(), first = channels.begin;
    T *const dbeta = v.c + first, *const dot = v.b + first;
    if (v.inner == 1) {
      column_sums(pass, v, channels, dbeta, [&](index row, index rows, T* sums) {
        pass.kernels->column_sum(pass.dy[0] + row * v.C + first, rows, n, v.C, sums);
      });
      column_sums(pass, v, channels, dot, [&](index row, index rows, T* sums) {
        const index offset = row * v.C + first;
        pass.kernels->column_dot(pass.x[0] + offset, v.mean + first, pass.dy[0] + offset, rows, n, v.C, sums);
      });
    } else {
      for (index c = channels.begin; c < channels.end; ++c) {
        double sum = 0, product = 0;
        const double mean = static_cast<double>(v.mean[c]);
        for (index r = 0; r < v.R; ++r)
          for (index i = (r * v.C + c) * v.inner; i < (r * v.C + c + 1) * v.inner; ++i) {
            sum += static_cast<double>(pass.dy[0][i]);
            product += static_cast<double>(pass.dy[0][i]) * (static_cast<double>(pass.x[0][i]) - mean);
          }
        v.c[c] = static_cast<T>(sum);
        v.b[c] = static_cast<T>(product);
      }
    }
    T* const dgamma_out = scale_ ? pass.dparameters[0] : nullptr;
    T* const dbeta_out = center_ ? pass.dparameters[scale_ ? 1 : 0] : nullptr;
    const T by_count = uses_batch(pass) ? static_cast<T>(1 / count(v)) : T{0};
    for (index c = channels.begin; c < channels.end; ++c) {
      const T dgamma = v.b[c] * v.inverse[c];
      if (dgamma_out) dgamma_out[c] = dgamma;
      if (dbeta_out) dbeta_out[c] = v.c[c];
      v.a[c] = v.inverse[c] * gamma(c);
      v.b[c] = -v.a[c] * v.inverse[c] * dgamma * by_count;
      v.c[c] = -v.a[c] * v.c[c] * by_count;
    }
    if (!pass.dx[0]) return;
    pass.team->barrier();
    const Range rows = pass.team->share(v.R);
    const index begin = rows.begin * v.C * v.inner;
    const T *x = pass.x[0] + begin, *dy = pass.dy[0] + begin;
    T* dx = pass.dx[0] + begin;
    if (v.inner == 1) return pass.kernels->standardize_backward(x, v.mean, dy, v.a, v.b, v.c, dx, rows.size(), v.C);
    for (index r = 0; r < rows.size(); ++r)
      for (index c = 0; c < v.C; ++c)
        for (index i = 0; i < v.inner; ++i, ++x, ++dy, ++dx) *dx = v.a[c] * *dy + v.b[c] * (*x - v.mean[c]) + v.c[c];
  }

 protected:
  Parameters make_parameters(const std::vector<Shape>& x) const override {
    const Shape shape{x[0][position(x[0])]};
    Parameters parameters;
    const auto add = [&](const char* name, Initial initial, bool trainable) {
      parameters.push_back(std::make_shared<Parameter<T>>(name, shape, initial));
      parameters.back()->trainable = trainable;
    };
    if (scale_) add("gamma", Initial::ones, true);
    if (center_) add("beta", Initial::zeros, true);
    add("moving_mean", Initial::zeros, false);
    add("moving_variance", Initial::ones, false);
    return parameters;
  }

 private:
  static constexpr index kGrain = 16, kArrays = 5;
  static constexpr index kRows = 256;  // sums over more rows go in two stages, for their precision

  struct View {
    index R, C, inner;
    T *mean, *inverse, *a, *b, *c;
  };

  View see(const Pass<T>& pass) const {
    const Shape& x = (*pass.x_shapes)[0];
    const auto axis = static_cast<std::ptrdiff_t>(position(x));
    const index C = x[position(x)], inner = size(Shape(x.begin() + axis + 1, x.end()));
    T* const w = pass.workspace;
    return {pass.batch * size(Shape(x.begin(), x.begin() + axis)), C, inner, w, w + C, w + 2 * C, w + 3 * C, w + 4 * C};
  }

  std::size_t position(const Shape& x) const {
    return static_cast<std::size_t>(axis_ < 0 ? axis_ + static_cast<index>(x.size()) : axis_ - 1);
  }

  bool uses_batch(const Pass<T>& pass) const { return pass.training && this->trainable; }
  T gamma(index c) const { return scale_ ? this->parameters()[0]->value[c] : T{1}; }
  T* moving_mean() const { return this->parameters()[this->parameters().size() - 2]->value.data(); }
  T* moving_variance() const { return this->parameters().back()->value.data(); }
  T inverse(double variance) const { return static_cast<T>(1 / std::sqrt(variance + epsilon_)); }
  static double count(const View& v) { return static_cast<double>(v.R) * static_cast<double>(v.inner); }

  // sums = what sum(row, rows, part of sums) gives for blocks of rows, added up.
  template <class F>
  void column_sums(const Pass<T>& pass, const View& v, Range channels, T* sums, F sum) const {
    sum(0, std::min(kRows, v.R), sums);
    for (index row = kRows; row < v.R; row += kRows) {
      sum(row, std::min(kRows, v.R - row), pass.scratch);
      pass.kernels->add(sums, pass.scratch, sums, channels.size());
    }
  }

  // Of the batch, for these channels, and the running averages.
  void find_statistics(const Pass<T>& pass, const View& v, Range channels) const {
    const index n = channels.size(), first = channels.begin;
    const T* const x = pass.x[0];
    T *const mean = v.mean + first, *const variance = v.inverse + first;
    const T by_count = static_cast<T>(1 / count(v));
    if (v.inner == 1) {
      column_sums(pass, v, channels, mean, [&](index row, index rows, T* sums) {
        pass.kernels->column_sum(x + row * v.C + first, rows, n, v.C, sums);
      });
      pass.kernels->scale(mean, by_count, mean, n);
      column_sums(pass, v, channels, variance, [&](index row, index rows, T* sums) {
        pass.kernels->column_dot(x + row * v.C + first, mean, nullptr, rows, n, v.C, sums);
      });
      pass.kernels->scale(variance, by_count, variance, n);
    } else {
      for (index c = channels.begin; c < channels.end; ++c) {
        double sum = 0, squares = 0;
        for (index r = 0; r < v.R; ++r) sum += pass.kernels->sum(x + (r * v.C + c) * v.inner, v.inner);
        sum /= count(v);
        for (index r = 0; r < v.R; ++r)
          for (index i = (r * v.C + c) * v.inner; i < (r * v.C + c + 1) * v.inner; ++i)
            squares += (static_cast<double>(x[i]) - sum) * (static_cast<double>(x[i]) - sum);
        v.mean[c] = static_cast<T>(sum);
        v.inverse[c] = static_cast<T>(squares / count(v));
      }
    }
    const double kept = momentum_, gain = 1 - momentum_;
    const auto move = [&](T& average, T value) {
      average = static_cast<T>(kept * static_cast<double>(average) + gain * static_cast<double>(value));
    };
    for (index c = channels.begin; c < channels.end; ++c) {
      move(moving_mean()[c], v.mean[c]);
      move(moving_variance()[c], v.inverse[c]);
      v.inverse[c] = inverse(static_cast<double>(v.inverse[c]));
    }
  }

  index axis_;  // counts the batch as axis 0; negative from the end
  double momentum_, epsilon_;
  bool center_, scale_;
};

RANVIER_REGISTER_LAYER("batch_normalization", BatchNormalization)

}  // namespace
}  // namespace ranvier
