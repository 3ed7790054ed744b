// The shape of random noise that is shared along axes of what it is applied to.
#pragma once

#include "layers/layer.hpp"

namespace ranvier {

/// With the batch axis; an axis below 1 is the input's, and 1 shares the noise along it. Empty: noise for each element.
class NoiseShape {
 public:
  explicit NoiseShape(Config& config) {
    for (double axis : config.numbers("noise_shape")) axes_.push_back(static_cast<index>(axis));
  }

  bool empty() const { return axes_.empty(); }

  /// Throws std::invalid_argument, naming `owner`, unless it broadcasts to rows of shape x.
  void check(const std::string& owner, const Shape& x) const {
    if (empty()) return;
    bool fits = axes_.size() == x.size() + 1;
    for (std::size_t i = 0; fits && i < x.size(); ++i) fits = axes_[i + 1] <= 1 || axes_[i + 1] == x[i];
    if (!fits)
      fail(owner, "noise_shape ", to_string(axes_), " does not broadcast to ", to_string_batched(x),
           ": each axis must be 1, the input's size, or None");
  }

  index elements(const Shape& x, index batch) const {
    index n = shared_by_batch() ? 1 : batch;
    for (std::size_t axis = 0; axis < x.size(); ++axis) n *= size(x, axis);
    return n;
  }

  /// Where the noise of element i of a row lies.
  index position(const Shape& x, index row, index i) const {
    index position = 0, step = 1;
    for (std::size_t axis = x.size(); axis-- > 0; i /= x[axis]) {
      if (size(x, axis) > 1) position += i % x[axis] * step;
      step *= size(x, axis);
    }
    return shared_by_batch() ? position : row * step + position;
  }

 private:
  bool shared_by_batch() const { return axes_[0] == 1; }
  index size(const Shape& x, std::size_t axis) const { return axes_[axis + 1] == 1 ? 1 : x[axis]; }

  Shape axes_;
};

}  // namespace ranvier
