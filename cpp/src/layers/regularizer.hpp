// Penalties on parameters and outputs that are added to the loss.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/kernels.hpp"
#include "ranvier/config.hpp"
#include "ranvier/shape.hpp"
#include "runtime/threads.hpp"

namespace ranvier {

/// Either elementwise, a sum over elements, or of a whole matrix: then all threads of a team call it together.
template <class T>
class Regularizer {
 public:
  virtual ~Regularizer() = default;

  /// Makes ready for a tensor of this shape. Throws std::invalid_argument, naming `owner`, if it cannot be penalized.
  virtual void prepare(const std::string& /*owner*/, const Shape& /*shape*/, int /*threads*/) {}

  virtual bool elementwise() const { return true; }

  /// The penalty of a part x of n elements, and dx += factor times its derivative.
  virtual double penalty(const kernels::Kernels<T>&, const T* /*x*/, index /*n*/) const { return 0; }
  virtual void add_gradient(const kernels::Kernels<T>&, const T* /*x*/, double /*factor*/, T* /*dx*/,
                            index /*n*/) const {}

  /// The same of all of the tensor it was prepared for; both end with a barrier. The gradient belongs to the x that the
  /// penalty was asked of last.
  virtual double whole_penalty(Team&, const kernels::Kernels<T>&, const T* /*x*/) { return 0; }
  virtual void add_whole_gradient(Team&, const kernels::Kernels<T>&, T* /*dx*/) {}
};

/// Makes a regularizer of a known kind. Throws std::invalid_argument for unknown kinds, keys and bad values.
template <class T>
std::shared_ptr<Regularizer<T>> make_regularizer(const std::string& kind, Config config);

/// Known kinds, sorted.
std::vector<std::string> regularizer_kinds();

}  // namespace ranvier
