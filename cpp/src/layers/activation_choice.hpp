// An activation by name, as layers hold it: looked up in the kernel table in use when it runs.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "kernels/kernels.hpp"

namespace ranvier {

template <class T>
class ActivationChoice {
 public:
  /// `parameters` in the order of the native row; missing ones take their defaults. Throws std::invalid_argument for
  /// an unknown name or too many parameters.
  ActivationChoice(const std::string& name, const std::vector<double>& parameters);

  const std::string& name() const { return name_; }
  bool linear() const { return linear_; }
  /// A plain max(x, 0), which products do in registers.
  bool plain_relu() const { return plain_relu_; }
  /// Works along the last axis (softmax), not element by element.
  bool along_axis() const { return along_axis_; }

  /// The row in the table `k`; only for elementwise, or only for axis activations.
  const kernels::Activation<T>& row(const kernels::Kernels<T>& k) const;
  const kernels::AxisActivation<T>& axis_row(const kernels::Kernels<T>& k) const;

  const T* parameters() const { return parameters_.data(); }

 private:
  std::string name_;
  std::array<T, kernels::kMaxParameters> parameters_{};
  bool along_axis_ = false, linear_ = false, plain_relu_ = false;  // asked in every step
  // Tables of all instruction sets list the rows in the same order.
  kernels::index position_ = -1;
};

}  // namespace ranvier
