// Errors are exceptions whose text says who complains, what was expected, what came, and the way out.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace ranvier {

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Throws std::invalid_argument("[who] ...").
template <class... Parts>
[[noreturn]] void fail(const std::string& who, const Parts&... parts) {
  throw std::invalid_argument("[" + who + "] " + text(parts...));
}

/// "unknown layer 'dens'; did you mean 'dense'? Valid: add, dense, ..."
std::string unknown_name(const std::string& what, const std::string& name, std::vector<std::string> valid);

/// The loss of a batch was NaN or infinite.
class NonFiniteLoss : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace ranvier
