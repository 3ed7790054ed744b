// The only door to threads. Loops are shared above the kernels, never inside them.
//
// All threads of a team run the same code. Work is handed out by parts of the output, so no sum is ever split and the
// result does not depend on the number of threads or on who computed what.
#pragma once

#include <atomic>
#include <type_traits>

#include "ranvier/shape.hpp"
#include "runtime/buffer.hpp"

namespace ranvier {

struct Range {
  index begin, end;
  index size() const { return end - begin; }
};

/// What the threads of one team share.
class TeamState {
 public:
  static constexpr unsigned kCounters = 8;
  struct alignas(kCacheLine) Counter {
    std::atomic<index> value{0};
  };
  Counter arrived, phase, next[kCounters];
};

/// One thread's membership of a team.
class Team {
 public:
  Team() = default;  // alone
  Team(int rank, int size, TeamState& state) : rank_(rank), size_(size), state_(&state) {}

  int rank() const { return rank_; }
  int size() const { return size_; }

  /// Returns once every thread of the team has come here.
  void barrier() {
    if (size_ > 1) wait();
  }

  /// This thread's contiguous part of 0 .. n, cut at multiples of `grain`.
  Range share(index n, index grain = 1) const {
    if (size_ == 1) return {0, n};
    const index grains = (n + grain - 1) / grain;
    const index begin = grains * rank_ / size_ * grain, end = grains * (rank_ + 1) / size_ * grain;
    return {begin < n ? begin : n, end < n ? end : n};
  }

  /// Calls f(i) for each i in 0 .. count, each on the first thread that is free: a preempted thread delays only its own
  /// part. No barrier at the end.
  template <class F>
  void for_each(index count, const F& f) {
    if (size_ == 1) {
      for (index i = 0; i < count; ++i) f(i);
      return;
    }
    if (loops_ == TeamState::kCounters) barrier();  // all threads count alike, so all come here
    std::atomic<index>& next = state_->next[loops_++].value;
    for (index i; (i = next.fetch_add(1, std::memory_order_relaxed)) < count;) f(i);
  }

 private:
  void wait();

  int rank_ = 0, size_ = 1;
  unsigned loops_ = 0;  // for_each calls since the last barrier
  TeamState* state_ = nullptr;
};

/// Threads a loop may use: the least of the affinity mask, the cgroup's CPU quota and RANVIER_NUM_THREADS or
/// OMP_NUM_THREADS, unless set_num_threads said otherwise. 1 in a forked child of a process that had threads.
int num_threads();

/// Sets it, at least 1; 0 returns to the default.
void set_num_threads(int threads);

/// Whether the calling thread starts no others: its teams have one member and num_threads() is 1. Returns what it was.
/// For callers that share work between threads themselves, such as many networks trained at once.
bool work_alone(bool alone);

namespace detail {
void run_team(int threads, void (*body)(void*, Team&), void* context);
void share_parts(int threads, index count, void (*body)(void*, index, int), void* context);
}  // namespace detail

/// Runs body(team) on `threads` threads at once and returns when all are done. Inside a team it runs alone. `body` must
/// not throw.
template <class F>
void run_team(int threads, F&& body) {
  if (threads <= 1) {
    Team alone;
    body(alone);
    return;
  }
  detail::run_team(
      threads, [](void* context, Team& team) { (*static_cast<std::remove_reference_t<F>*>(context))(team); }, &body);
}

/// Calls body(part, worker) once for each part in 0 .. count, and returns when all are done: on this thread, worker 0,
/// and on up to threads - 1 others as far as they are free. Parts are independent, so nobody waits for a thread that
/// has not begun: with neighbours on all processors it takes as long as on one thread. `body` must not throw.
template <class F>
void share_parts(int threads, index count, F&& body) {
  if (threads <= 1 || count <= 1) {
    for (index part = 0; part < count; ++part) body(part, 0);
    return;
  }
  detail::share_parts(
      threads, count,
      [](void* context, index part, int worker) { (*static_cast<std::remove_reference_t<F>*>(context))(part, worker); },
      &body);
}

}  // namespace ranvier
