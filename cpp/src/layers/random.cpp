// random: numbers that are drawn anew in each pass, in training and in inference: normal, normal within two deviations
// of the mean, or uniform. The input is not read: it has the batch, and, where no shape is given, the shape. Without an
// input y is one for the whole batch.
//
// Number i of what a pass draws is a function of the seed, the pass, the node and i alone. A row of a prediction is
// counted from the first of all its rows, so that blocks of rows and threads draw what one block would have drawn.

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

enum class Distribution { normal, truncated_normal, uniform };

Distribution find_distribution(const std::string& name) {
  static const std::vector<std::string> names{"normal", "truncated_normal", "uniform"};
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw std::invalid_argument(unknown_name("distribution", name, names));
  return static_cast<Distribution>(found - names.begin());
}

template <class T>
class Random final : public Layer<T> {
 public:
  Random(Config& config, const std::string& name)
      : Layer<T>("random", name),
        distribution_(find_distribution(config.word("distribution"))),
        like_input_(!config.has("shape")),
        fixed_(config.boolean("fixed", false)),
        seed_(config.integer("seed", 0)) {
    for (const std::int64_t axis : like_input_ ? std::vector<std::int64_t>{} : config.integers("shape")) {
      if (axis < 1) throw std::invalid_argument(text("expected a shape of sizes of at least 1, got ", axis));
      shape_.push_back(static_cast<index>(axis));
    }
    const bool uniform = distribution_ == Distribution::uniform;
    a_ = config.number(uniform ? "minval" : "mean");
    b_ = config.number(uniform ? "maxval" : "stddev");
    if (!std::isfinite(a_) || !std::isfinite(b_)) throw std::invalid_argument("expected finite numbers");
    if (uniform && a_ > b_) throw std::invalid_argument(text("minval ", a_, " is above maxval ", b_));
    if (!uniform && b_ < 0) throw std::invalid_argument(text("stddev must be at least 0, got ", b_));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    if (like_input_ || x.size() > 1) this->require_inputs(x, 1);
    return {like_input_ ? x[0] : shape_};
  }

  bool makes_single(const std::vector<char>& x) const override { return x.empty() || x[0]; }
  bool differentiable() const override { return false; }
  bool draws() const override { return true; }

  double flops(const std::vector<Shape>& x) const override {
    constexpr double kOfNumber = 20;  // ten rounds of Philox and a quantile take as long as so many
    return kOfNumber * static_cast<double>(size(output_shapes(x)[0]));
  }

  void forward(const Pass<T>& pass) const override {
    const index n = pass.y_size(0);
    const Range part = pass.team->share(pass.batch * n, kGrain);
    const auto seed = static_cast<std::uint64_t>(seed_);
    const kernels::RandomKey key =
        fixed_ ? kernels::RandomKey{seed, 0} : kernels::RandomKey{pass.key.seed ^ seed, pass.key.stream};
    index first = pass.first * n + part.begin;
    T* y = pass.y[0] + part.begin;
    const T* const end = y + part.size();
    if (const index before = first % kWords; before && y < end) {
      T block[kWords];
      draw(*pass.kernels, block, first - before, kWords, key);
      const index taken = std::min<index>(kWords - before, end - y);
      std::copy_n(block + before, taken, y);
      first += taken;
      y += taken;
    }
    for (; y < end; first += kChunk, y += kChunk) draw(*pass.kernels, y, first, std::min<index>(kChunk, end - y), key);
  }

  void backward(const Pass<T>&) const override {}

 private:
  static constexpr index kWords = 4;  // of one Philox block
  static constexpr index kChunk = 256, kGrain = 1024;

  /// y (n <= kChunk): numbers first .. first + n - 1; first is a multiple of kWords.
  void draw(const kernels::Kernels<T>& k, T* y, index first, index n, kernels::RandomKey key) const {
    switch (distribution_) {
      case Distribution::normal:
        k.fill(y, static_cast<T>(a_), n);
        return k.gaussian(y, y, first, n, 0, b_, key);
      case Distribution::truncated_normal:
        return draw_truncated(k, y, first, n, key);
      case Distribution::uniform:
        return draw_uniform(k, y, first, n, key);
    }
  }

  // Each number is the first within two deviations of a sequence of its own.
  void draw_truncated(const kernels::Kernels<T>& k, T* y, index first, index n, kernels::RandomKey key) const {
    const auto outside = [](T value) { return std::fabs(value) > 2; };
    k.fill(y, T{0}, n);
    k.gaussian(y, y, first, n, 0, 1, key);
    while (std::any_of(y, y + n, outside)) {
      T next[kChunk] = {};
      key.seed += 0x9E3779B97F4A7C15u;
      k.gaussian(next, next, first, n, 0, 1, key);
      for (index i = 0; i < n; ++i)
        if (outside(y[i])) y[i] = next[i];
    }
    for (index i = 0; i < n; ++i) y[i] = static_cast<T>(a_) + static_cast<T>(b_) * y[i];
  }

  void draw_uniform(const kernels::Kernels<T>& k, T* y, index first, index n, kernels::RandomKey key) const {
    constexpr int kBits = std::is_same_v<T, float> ? 24 : 32;  // that T holds
    const T low = static_cast<T>(a_), high = static_cast<T>(b_), step = (high - low) / static_cast<T>(1ull << kBits);
    const T below = std::nextafter(high, low);  // rounding must not reach high
    std::uint32_t bits[kChunk];
    k.random_bits(bits, first, n, key);
    for (index i = 0; i < n; ++i) y[i] = std::min(low + step * static_cast<T>(bits[i] >> (32 - kBits)), below);
  }

  Distribution distribution_;
  bool like_input_, fixed_;
  std::int64_t seed_;
  double a_, b_;  // mean and deviation, or least and greatest
  Shape shape_;
};

RANVIER_REGISTER_LAYER("random", Random)

}  // namespace
}  // namespace ranvier
