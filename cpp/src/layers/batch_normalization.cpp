// batch_normalization: y = gamma (x - mean) / sqrt(variance + epsilon) + beta for each channel (Ioffe and Szegedy
// 2015). In training mean and variance are those of the batch, and running averages of them are kept; otherwise, and
// while the layer is frozen, the averages take their place.
//
// x is (R, C, inner): R rows and the axes before the channel's, C channels, and the axes after it. An activation behind
// it is taken over, if its derivative is computed from its output: images travel through memory as little as can be.

#include <algorithm>
#include <cmath>
#include <optional>

#include "layers/activation_choice.hpp"
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
  index scratch(const std::vector<Shape>& x, index) const override { return 2 * x[0][position(x[0])]; }

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
      for (index row = rows.begin; row < rows.end; row += kRows) {
        const index count = std::min(kRows, rows.end - row), at = row * v.C;
        pass.kernels->standardize(pass.x[0] + at, v.mean, v.a, v.c, pass.y[0] + at, count, v.C);
        activate(pass, at, count * v.C);
      }
      return;
    }
    const T* x = pass.x[0] + begin;
    T* y = pass.y[0] + begin;
    for (index r = 0; r < rows.size(); ++r)
      for (index c = 0; c < v.C; ++c)
        for (index i = 0; i < v.inner; ++i, ++x, ++y) *y = (*x - v.mean[c]) * v.a[c] + v.c[c];
    activate(pass, begin, rows.size() * v.C * v.inner);
  }

  // With h = (x - mean) inverse and N elements in a channel, dgamma = sum dy h, dbeta = sum dy and, for statistics of
  // the batch, dx = gamma inverse (dy - dbeta / N - h dgamma / N) = a dy + b (x - mean) + c.
  void backward(const Pass<T>& pass) const override {
    const View v = see(pass);
    const Range channels = pass.team->share(v.C, kGrain);
    if (v.inner == 1) {
      sum_gradients(pass, v, channels, v.c + channels.begin, v.b + channels.begin);
    } else {
      for (index c = channels.begin; c < channels.end; ++c) {
        double sum = 0, product = 0;
        const double mean = static_cast<double>(v.mean[c]);
        for (index r = 0; r < v.R; ++r) {
          deactivate(pass, (r * v.C + c) * v.inner, v.inner);
          for (index i = (r * v.C + c) * v.inner; i < (r * v.C + c + 1) * v.inner; ++i) {
            sum += static_cast<double>(pass.dy[0][i]);
            product += static_cast<double>(pass.dy[0][i]) * (static_cast<double>(pass.x[0][i]) - mean);
          }
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

  std::shared_ptr<Layer<T>> fused_with(const Layer<T>& next) const override {
    // A plan is made anew when parameters are frozen; without any it would not notice that this layer is.
    const ActivationChoice<T>* after = next.only_activation();
    if (activation_ || !after || !(center_ || scale_)) return nullptr;
    if (after->along_axis() || !after->row(kernels::table<T>()).from_output) return nullptr;
    auto fused = std::make_shared<BatchNormalization>(*this);
    fused->activation_ = *after;
    return fused;
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
  static constexpr index kRows = 256;  // sums over more rows go in two stages, for their precision and for the cache

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

  // Elements [at, at + n): y = f(y), and dy = f'(y) dy.
  void activate(const Pass<T>& pass, index at, index n) const {
    if (activation_)
      activation_->row(*pass.kernels).forward(pass.y[0] + at, pass.y[0] + at, n, activation_->parameters());
  }
  void deactivate(const Pass<T>& pass, index at, index n) const {
    if (activation_)
      activation_->row(*pass.kernels)
          .backward(pass.y[0] + at, pass.dy[0] + at, pass.dy[0] + at, n, activation_->parameters());
  }

  // dbeta = sum of dy and dot = sum of dy (x - mean), for these channels, over blocks of rows that stay in the cache.
  void sum_gradients(const Pass<T>& pass, const View& v, Range channels, T* dbeta, T* dot) const {
    const auto& k = *pass.kernels;
    const index n = channels.size();
    for (index row = 0; row < v.R; row += kRows) {
      const index rows = std::min(kRows, v.R - row), at = row * v.C + channels.begin;
      if (n == v.C)
        deactivate(pass, at, rows * n);
      else
        for (index r = 0; r < rows; ++r) deactivate(pass, at + r * v.C, n);
      T *const sums = row ? pass.scratch : dbeta, *const dots = row ? pass.scratch + n : dot;
      k.column_sum(pass.dy[0] + at, rows, n, v.C, sums);
      k.column_dot(pass.x[0] + at, v.mean + channels.begin, pass.dy[0] + at, rows, n, v.C, dots);
      if (row == 0) continue;
      k.add(dbeta, sums, dbeta, n);
      k.add(dot, dots, dot, n);
    }
  }

  // Mean and variance of these channels in one pass: those of blocks of rows, put together (Chan, Golub and LeVeque,
  // The American Statistician 1983).
  void find_moments(const Pass<T>& pass, const View& v, Range channels, T* mean, T* variance) const {
    const auto& k = *pass.kernels;
    const index n = channels.size();
    for (index row = 0; row < v.R; row += kRows) {
      const index rows = std::min(kRows, v.R - row);
      const T* const x = pass.x[0] + row * v.C + channels.begin;
      T *const means = row ? pass.scratch : mean, *const squares = row ? pass.scratch + n : variance;
      k.column_sum(x, rows, n, v.C, means);
      k.scale(means, static_cast<T>(1 / static_cast<double>(rows)), means, n);
      k.column_dot(x, means, nullptr, rows, n, v.C, squares);
      if (row == 0) continue;
      const double share = static_cast<double>(rows) / static_cast<double>(row + rows);
      for (index c = 0; c < n; ++c) {
        const double difference = static_cast<double>(means[c]) - static_cast<double>(mean[c]);
        mean[c] = static_cast<T>(static_cast<double>(mean[c]) + difference * share);
        variance[c] += squares[c] + static_cast<T>(difference * difference * share * static_cast<double>(row));
      }
    }
    k.scale(variance, static_cast<T>(1 / count(v)), variance, n);
  }

  // Of the batch, for these channels, and the running averages.
  void find_statistics(const Pass<T>& pass, const View& v, Range channels) const {
    const T* const x = pass.x[0];
    if (v.inner == 1) {
      find_moments(pass, v, channels, v.mean + channels.begin, v.inverse + channels.begin);
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
  std::optional<ActivationChoice<T>> activation_;
};

RANVIER_REGISTER_LAYER("batch_normalization", BatchNormalization)

}  // namespace
}  // namespace ranvier
