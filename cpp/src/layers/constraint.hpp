// Conditions on parameters that are restored after every update.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/kernels.hpp"
#include "ranvier/config.hpp"
#include "ranvier/shape.hpp"
#include "runtime/threads.hpp"

namespace ranvier {

template <class T>
class Constraint {
 public:
  virtual ~Constraint() = default;

  /// Makes ready for a parameter of this shape. Throws std::invalid_argument, naming `owner`, if it cannot hold there.
  virtual void prepare(const std::string& /*owner*/, const Shape& /*shape*/) {}

  /// Restores the condition in the parameter it was prepared for. All threads of the team call it together; it ends
  /// with a barrier.
  virtual void apply(Team& team, const kernels::Kernels<T>& k, T* w, index n) = 0;
};

/// Makes a constraint of a known kind. Throws std::invalid_argument for unknown kinds, keys and bad values.
template <class T>
std::shared_ptr<Constraint<T>> make_constraint(const std::string& kind, Config config);

/// Known kinds, sorted.
std::vector<std::string> constraint_kinds();

}  // namespace ranvier
