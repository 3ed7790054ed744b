// The activation of a recurrent cell's gates, applied to a few rows of n elements that lie apart.
#pragma once

#include "layers/activation_choice.hpp"
#include "ranvier/config.hpp"
#include "ranvier/shape.hpp"
#include "runtime/error.hpp"

namespace ranvier {

template <class T>
class GateActivation {
 public:
  /// Reads the name from `key` and the numbers that tune it from `key`_parameters.
  GateActivation(Config& config, const std::string& key, const char* fallback)
      : choice_(config.word(key, fallback), config.numbers(key + "_parameters")) {
    if (choice_.along_axis() && choice_.axis_row(kernels::table<T>()).halves)
      throw std::invalid_argument(key + " '" + choice_.name() + "' changes the shape");
  }

  bool is(const char* name) const { return choice_.name() == name; }

  /// Whether the backward pass is given the output instead of the input.
  bool from_output() const {
    const auto& k = kernels::table<T>();
    return choice_.along_axis() ? choice_.axis_row(k).from_output : choice_.row(k).from_output;
  }

  void forward(const kernels::Kernels<T>& k, const T* x, T* y, index n) const {
    if (choice_.along_axis())
      choice_.axis_row(k).forward(x, y, 1, n, 1);
    else
      choice_.row(k).forward(x, y, n, choice_.parameters());
  }

  /// dx may be dy.
  void backward(const kernels::Kernels<T>& k, const T* xy, const T* dy, T* dx, index n) const {
    if (choice_.along_axis())
      choice_.axis_row(k).backward(xy, dy, dx, 1, n, 1);
    else
      choice_.row(k).backward(xy, dy, dx, n, choice_.parameters());
  }

 private:
  ActivationChoice<T> choice_;
};

}  // namespace ranvier
