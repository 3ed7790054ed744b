#include "ranvier/shape.hpp"

namespace ranvier {

index size(const Shape& shape) {
  index n = 1;
  for (index axis : shape) n *= axis;
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
