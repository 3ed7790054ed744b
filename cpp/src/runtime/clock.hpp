// Time that only moves forward.
#pragma once

#include <chrono>

namespace ranvier {

/// Seconds since some moment in the past.
inline double now() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace ranvier
