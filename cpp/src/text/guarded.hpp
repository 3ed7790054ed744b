// A team of threads whose work may throw.
#pragma once

#include <exception>
#include <vector>

#include "runtime/threads.hpp"

namespace ranvier::words {

/// Runs body(team) on `threads` threads; what the first of them throws is thrown again when all are done. A body must
/// not wait for the others.
template <class F>
void run_guarded(int threads, const F& body) {
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(threads));
  run_team(threads, [&](Team& team) {
    try {
      body(team);
    } catch (...) {
      errors[static_cast<std::size_t>(team.rank())] = std::current_exception();
    }
  });
  for (const std::exception_ptr& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace ranvier::words
