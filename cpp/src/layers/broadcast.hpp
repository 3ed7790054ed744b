// How operands of several shapes go together element by element: axes are aligned at the end, and one of size 1 stands
// for any size.
#pragma once

#include <algorithm>
#include <array>

#include "layers/layer.hpp"

namespace ranvier {

constexpr std::size_t kMostAxes = 12;
constexpr std::size_t kMostOperands = 3;

/// The shape that two go together to. Throws std::invalid_argument, naming `owner`, if they do not.
inline Shape broadcast(const std::string& owner, const Shape& a, const Shape& b) {
  Shape y = a.size() < b.size() ? b : a;
  const Shape& shorter = a.size() < b.size() ? a : b;
  if (y.size() + 1 > kMostAxes) fail(owner, "expected at most ", kMostAxes - 1, " axes, got ", to_string_batched(y));
  const std::size_t more = y.size() - shorter.size();
  for (std::size_t i = 0; i < shorter.size(); ++i) {
    index& axis = y[more + i];
    if (axis != shorter[i] && axis != 1 && shorter[i] != 1)
      fail(owner, "the shapes ", to_string_batched(a), " and ", to_string_batched(b),
           " do not go together: each axis must be of one size, or of size 1");
    if (axis == 1) axis = shorter[i];
  }
  return y;
}

/// The elements of y (rows, y_shape...) in runs in which each operand goes on by one element, or stays at one. Axes
/// that lie the same way in all operands are one.
class Runs {
 public:
  struct Operand {
    const Shape* shape;
    bool single;  // the same for every row
  };

  Runs(index rows, const Shape& y, std::initializer_list<Operand> operands) : operands_(operands.size()) {
    std::array<index, kMostOperands> stride{};
    stride.fill(1);
    for (std::size_t back = 0; back <= y.size(); ++back) {
      const bool batch = back == y.size();
      const index size = batch ? rows : y[y.size() - 1 - back];
      if (size == 1 && !batch) continue;
      std::array<index, kMostOperands> steps{};
      std::size_t i = 0;
      for (const Operand& operand : operands) {
        const Shape& x = *operand.shape;
        const bool moves = batch ? !operand.single : back < x.size() && x[x.size() - 1 - back] != 1;
        steps[i] = moves ? stride[i] : 0;
        if (moves) stride[i] *= size;
        ++i;
      }
      add_axis(size, steps);
    }
  }

  /// Calls f(offset in y, offsets in the operands) for each run of `length` elements.
  template <class F>
  void each(const F& f) const {
    std::array<index, kMostAxes> at{};
    std::array<index, kMostOperands> x{};
    for (index y = 0;; y += length()) {
      f(y, x);
      std::size_t axis = 1;
      for (; axis < axes_; ++axis) {
        for (std::size_t i = 0; i < operands_; ++i) x[i] += steps_[axis][i];
        if (++at[axis] < sizes_[axis]) break;
        for (std::size_t i = 0; i < operands_; ++i) x[i] -= steps_[axis][i] * sizes_[axis];
        at[axis] = 0;
      }
      if (axis >= axes_) return;
    }
  }

  index length() const { return axes_ ? sizes_[0] : 1; }
  /// Whether operand i goes on within a run: 1 or 0.
  index step(std::size_t i) const { return axes_ ? steps_[0][i] : 0; }

 private:
  void add_axis(index size, const std::array<index, kMostOperands>& steps) {
    if (axes_) {
      bool same = true;
      for (std::size_t i = 0; i < operands_; ++i)
        same = same && steps[i] == steps_[axes_ - 1][i] * (steps_[axes_ - 1][i] ? sizes_[axes_ - 1] : 1) &&
               (steps[i] != 0) == (steps_[axes_ - 1][i] != 0);
      if (same) {
        sizes_[axes_ - 1] *= size;
        return;
      }
    }
    sizes_[axes_] = size;
    steps_[axes_++] = steps;
  }

  std::size_t operands_, axes_ = 0;
  std::array<index, kMostAxes> sizes_{};
  std::array<std::array<index, kMostOperands>, kMostAxes> steps_{};
};

}  // namespace ranvier
