#include "ranvier/shape.hpp"

#include <stdexcept>

namespace ranvier {

index size(const Shape& shape) {
  // A file's configuration may claim any shape, and a product that overflows would pass for a small one.
  constexpr index kMost = index{1} << 56;
  index n = 1;
  for (index axis : shape)
    if (__builtin_mul_overflow(n, axis, &n) || n > kMost)
      throw std::invalid_argument("the shape " + to_string(shape) + " is too large");
  return n;
}

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::string to_string_batched(const Shape& shape) {
  std::string text = "(*";
  for (index axis : shape) text += ", " + std::to_string(axis);
  return text + (shape.empty() ? ",)" : ")");
}

}  // namespace ranvier
