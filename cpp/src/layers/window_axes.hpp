// Where windows lie on up to three spatial axes: what convolution and pooling are told, and what follows for an input.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "ranvier/config.hpp"
#include "ranvier/shape.hpp"
#include "runtime/error.hpp"

namespace ranvier {

/// Window j < output covers the elements j * stride - before + t * dilation for t < size, those outside being padding.
struct WindowAxis {
  index input = 1, output = 1, size = 1, stride = 1, dilation = 1, before = 0;

  /// From the first element of a window to behind its last.
  index reach() const { return (size - 1) * dilation + 1; }
};

/// Depth, height and width; those an input lacks come first and have size 1.
using WindowAxes = std::array<WindowAxis, 3>;

inline index outputs(const WindowAxes& axes) { return axes[0].output * axes[1].output * axes[2].output; }
inline index inputs(const WindowAxes& axes) { return axes[0].input * axes[1].input * axes[2].input; }
inline index places(const WindowAxes& axes) { return axes[0].size * axes[1].size * axes[2].size; }

/// Places of a window that can lie in the input at once.
inline index places_inside(const WindowAxes& axes) {
  index count = 1;
  for (const WindowAxis& axis : axes) count *= std::min(axis.size, axis.input);
  return count;
}

/// "(*, height, width, channels)"
inline std::string spatial_text(std::size_t rank) {
  static const char* const kTexts[] = {"(*, steps, channels)", "(*, height, width, channels)",
                                       "(*, depth, height, width, channels)"};
  return kTexts[rank - 1];
}

/// Throws std::invalid_argument unless x has `rank` spatial axes and channels.
inline void require_rank(const std::string& owner, const Shape& x, std::size_t rank) {
  if (x.size() != rank + 1) fail(owner, "expected input ", spatial_text(rank), ", got ", to_string_batched(x));
}

/// Numbers for each spatial axis, each at least `least`, and never so great that their products overflow: a file may
/// hold anything.
inline std::vector<index> spatial_numbers(Config& config, const char* key, index least = 1) {
  constexpr index kMost = index{1} << 24;
  std::vector<index> numbers;
  for (std::int64_t number : config.integers(key)) numbers.push_back(static_cast<index>(number));
  if (numbers.empty() || numbers.size() > 3)
    throw std::invalid_argument(text(key, " must have 1 to 3 numbers, got ", to_string(numbers)));
  for (index number : numbers)
    if (number < least || number > kMost)
      throw std::invalid_argument(text(key, " must be from ", least, " to ", kMost, ", got ", to_string(numbers)));
  return numbers;
}

/// Size, strides, dilation and padding ("valid", "same", "causal") of windows, as layers are told them.
class WindowRule {
 public:
  WindowRule(Config& config, const char* size_key)
      : size_key_(size_key),
        size_(spatial_numbers(config, size_key)),
        stride_(optional(config, "strides")),
        dilation_(optional(config, "dilation_rate")),
        padding_(config.word("padding", "valid")) {
    if (padding_ != "valid" && padding_ != "same" && padding_ != "causal")
      throw std::invalid_argument(unknown_name("padding", padding_, {"valid", "same", "causal"}));
    if (padding_ == "causal" && rank() != 1)
      throw std::invalid_argument("padding 'causal' is for sequences: windows of more axes have no past");
    const auto more = [](index number) { return number > 1; };
    if (std::any_of(stride_.begin(), stride_.end(), more) && std::any_of(dilation_.begin(), dilation_.end(), more))
      throw std::invalid_argument(text("strides ", to_string(stride_), " and dilation_rate ", to_string(dilation_),
                                       " cannot both be greater than 1"));
  }

  std::size_t rank() const { return size_.size(); }
  const std::vector<index>& size() const { return size_; }
  bool same() const { return padding_ == "same"; }
  bool causal() const { return padding_ == "causal"; }

  /// The axes for rows of shape x, channels last.
  WindowAxes over(const std::string& owner, const Shape& x) const {
    WindowAxes axes = unplaced(owner, x);
    for (std::size_t i = 0; i < rank(); ++i) {
      WindowAxis& axis = axes[3 - rank() + i];
      if (padding_ == "same") {
        axis.output = (axis.input + axis.stride - 1) / axis.stride;
        axis.before = std::max<index>((axis.output - 1) * axis.stride + axis.reach() - axis.input, 0) / 2;
        continue;
      }
      axis.before = padding_ == "causal" ? axis.reach() - 1 : 0;
      const index room = axis.input + axis.before - axis.reach();
      if (room < 0)
        fail(owner, size_key_, " ", to_string(size_),
             dilated() ? text(" with dilation_rate ", to_string(dilation_)) : "", " is larger than the input ",
             to_string_batched(x), ": use padding='same' or smaller windows");
      axis.output = room / axis.stride + 1;
    }
    return axes;
  }

  /// The same without outputs and padding.
  WindowAxes unplaced(const std::string& owner, const Shape& x) const {
    require_rank(owner, x, rank());
    WindowAxes axes;
    for (std::size_t i = 0; i < rank(); ++i) {
      WindowAxis& axis = axes[3 - rank() + i];
      axis.input = x[i];
      axis.size = size_[i];
      axis.stride = stride_[i];
      axis.dilation = dilation_[i];
    }
    return axes;
  }

  /// A row's shape for what the axes say.
  Shape output_shape(const WindowAxes& axes, index channels) const {
    Shape y;
    for (std::size_t i = 3 - rank(); i < 3; ++i) y.push_back(axes[i].output);
    y.push_back(channels);
    return y;
  }

 private:
  std::vector<index> optional(Config& config, const char* key) const {
    if (!config.has(key)) return std::vector<index>(size_.size(), 1);
    std::vector<index> numbers = spatial_numbers(config, key);
    if (numbers.size() != size_.size())
      throw std::invalid_argument(
          text(key, " ", to_string(numbers), " and ", size_key_, " ", to_string(size_), " differ in length"));
    return numbers;
  }

  bool dilated() const {
    return std::any_of(dilation_.begin(), dilation_.end(), [](index number) { return number > 1; });
  }

  const char* size_key_;
  std::vector<index> size_, stride_, dilation_;
  std::string padding_;
};

}  // namespace ranvier
