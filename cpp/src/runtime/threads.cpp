#include "runtime/threads.hpp"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/clock.hpp"

#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef __linux__
#include <pthread.h>
#include <sched.h>
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

namespace ranvier {

namespace {

std::atomic<int> chosen_threads{0};
std::atomic<bool> forked_with_threads{false};
thread_local bool alone_here = false;

#ifdef _OPENMP
// When this thread's latest team ended. Its other threads look for more work for some milliseconds after that.
thread_local double team_ended = -std::numeric_limits<double>::infinity();
constexpr double kAwake = 1e-3;
#endif

int affinity_threads() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
#endif
  return std::max(1U, std::thread::hardware_concurrency());
}

// CPUs that a cgroup folder grants, rounded up, or 0 where it sets no limit.
int quota_of(const std::string& folder) {
  double quota = 0, period = 0;
  std::string first;
  if (std::ifstream v2(folder + "/cpu.max"); v2 >> first >> period) {
    if (first == "max") return 0;
    quota = std::atof(first.c_str());
  } else {
    std::ifstream(folder + "/cpu.cfs_quota_us") >> quota;
    std::ifstream(folder + "/cpu.cfs_period_us") >> period;
  }
  return quota > 0 && period > 0 ? std::max(1, static_cast<int>((quota + period - 1) / period)) : 0;
}

int cgroup_threads(int limit) {
  const auto tighten = [&limit](const std::string& folder) {
    if (const int quota = quota_of(folder)) limit = std::min(limit, quota);
  };
  tighten("/sys/fs/cgroup");
  tighten("/sys/fs/cgroup/cpu");
  // "0::/path" (version 2) or "4:cpu,cpuacct:/path" (version 1): every folder on the way up may set a limit.
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && controllers.find("cpu") == std::string::npos) continue;
    const std::string root = controllers.empty() ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
    for (std::string path = line.substr(second + 1); path.size() > 1; path.erase(path.find_last_of('/')))
      tighten(root + path);
  }
  return limit;
}

int environment_threads(const char* name, int limit) {
  const char* value = std::getenv(name);
  const int threads = value ? std::atoi(value) : 0;
  return threads > 0 ? std::min(threads, limit) : limit;
}

int default_threads() {
  const int machine = cgroup_threads(affinity_threads());
  const char* own = "RANVIER_NUM_THREADS";
  return environment_threads(std::getenv(own) ? own : "OMP_NUM_THREADS", machine);
}

// Threads do not survive a fork, and whoever counts on them in the child waits for ever. A child of a process that has
// started any therefore works alone.
void watch_forks() {
#ifdef __linux__
  static const bool watching = pthread_atfork(nullptr, nullptr, [] { forked_with_threads = true; }) == 0;
  (void)watching;
#endif
}

bool must_work_alone() { return alone_here || forked_with_threads; }

// Waiting for another thread that is about to come (0.4 us when both run) is spinning for so many turns, some 40 us;
// then the processor is given away: a neighbour that keeps it busy must not be fought with spinning.
constexpr int kSpins = 4000;

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// One call of share_parts.
struct SharedLoop {
  int most;  // threads
  index count;
  void (*body)(void*, index, int);
  void* context;
  std::atomic<index> next{0};
  int joined = 1;               // threads that ever worked on it, of which the caller is the first
  std::atomic<int> helping{0};  // others that do so now

  bool has_parts() const { return next.load(std::memory_order_relaxed) < count; }

  /// Works on one part; false if there is none left.
  bool step(int worker) {
    const index part = next.fetch_add(1, std::memory_order_relaxed);
    if (part >= count) return false;
    body(context, part, worker);
    return true;
  }
};

/// The threads that help with loops of independent parts. They are started when first needed and sleep while there is
/// nothing to do. They, and the callers, are never more at work than one loop may have: calls from many threads at once
/// run each on its own.
class Crew {
 public:
  void share(SharedLoop& loop) {
    int wanted = 0;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      wanted = std::min(loop.most - ++busy_, static_cast<int>(loop.count) - 1);
      loops_.push_back(&loop);
      opened_.fetch_add(1, std::memory_order_release);
      start(wanted);
      wanted = std::min<int>(wanted, sleeping_);
    }
    for (int i = 0; i < wanted; ++i) came_.notify_one();
    while (loop.step(0))
      if (sleeping_ > 0 && has_room(loop)) came_.notify_one();  // others have come to their end
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      --busy_;
      loops_.erase(std::find(loops_.begin(), loops_.end(), &loop));
    }
    for (int spin = 0; spin < kSpins && loop.helping.load(std::memory_order_acquire) > 0; ++spin) pause();
    std::unique_lock<std::mutex> lock(mutex_);
    left_.wait(lock, [&] { return loop.helping == 0; });
  }

 private:
  // As many helpers as are wanted, or as the system lets us have.
  void start(int wanted) {
    try {
      for (; helpers_ < wanted; ++helpers_) std::thread([this] { help(); }).detach();
    } catch (const std::system_error&) {
    }
  }

  bool has_room(const SharedLoop& loop) const { return busy_ < loop.most && loop.has_parts(); }

  [[noreturn]] void help() {
    work_alone(true);
    std::unique_lock<std::mutex> lock(mutex_);
    for (bool worked = false;;) {
      const auto found = std::find_if(loops_.begin(), loops_.end(), [&](const SharedLoop* loop) {
        return loop->joined < loop->most && has_room(*loop);
      });
      if (found == loops_.end()) {
        if (!std::exchange(worked, false) || !loop_comes_soon(lock)) {
          ++sleeping_;
          came_.wait(lock);
          --sleeping_;
        }
        continue;
      }
      SharedLoop& loop = **found;
      const int worker = loop.joined++;
      ++busy_;
      ++loop.helping;
      lock.unlock();
      while (busy_ <= loop.most && loop.step(worker)) {
      }
      lock.lock();
      --busy_;
      if (--loop.helping == 0) left_.notify_all();
      worked = true;
    }
  }

  /// Whether a loop is opened within a moment: calls often follow one another.
  bool loop_comes_soon(std::unique_lock<std::mutex>& lock) {
    const unsigned before = opened_;
    lock.unlock();
    for (int spin = 0; spin < kSpins && opened_.load(std::memory_order_acquire) == before; ++spin) pause();
    lock.lock();
    return opened_ != before;
  }

  std::mutex mutex_;
  std::condition_variable came_, left_;
  std::vector<SharedLoop*> loops_;          // open ones
  std::atomic<unsigned> opened_{0};         // so far
  std::atomic<int> busy_{0}, sleeping_{0};  // callers and helpers at work, helpers that sleep
  int helpers_ = 0;
};

/// Never destroyed: its threads may sleep in it until the process ends.
Crew& crew() {
  static Crew& one = *new Crew;
  return one;
}

}  // namespace

int num_threads() {
  if (must_work_alone()) return 1;
  if (const int chosen = chosen_threads) return chosen;
  static const int by_default = default_threads();
  return by_default;
}

bool work_alone(bool alone) { return std::exchange(alone_here, alone); }

void set_num_threads(int threads) { chosen_threads = std::max(0, threads); }

void Team::wait() {
  loops_ = 0;
  std::atomic<index>& phase = state_->phase.value;
  const index now = phase.load(std::memory_order_relaxed);
  if (state_->arrived.value.fetch_add(1, std::memory_order_acq_rel) == size_ - 1) {
    state_->arrived.value.store(0, std::memory_order_relaxed);
    for (auto& counter : state_->next) counter.value.store(0, std::memory_order_relaxed);
    phase.store(now + 1, std::memory_order_release);
    return;
  }
  for (int spin = 0; phase.load(std::memory_order_acquire) == now; ++spin) {
    if (spin >= kSpins) {
      std::this_thread::yield();
      continue;
    }
    pause();
  }
}

void detail::run_team(int threads, void (*body)(void*, Team&), void* context) {
  if (must_work_alone()) {
    Team alone;
    body(context, alone);
    return;
  }
  TeamState state;
  const auto member = [&](int rank, int size) {
    const bool before = work_alone(true);
    Team team(rank, size, state);
    body(context, team);
    work_alone(before);
  };
#ifdef _OPENMP
  watch_forks();
#pragma omp parallel num_threads(threads)
  member(omp_get_thread_num(), omp_get_num_threads());
  team_ended = now();
#else
  std::vector<std::thread> others;
  for (int rank = 1; rank < threads; ++rank) others.emplace_back(member, rank, threads);
  member(0, threads);
  for (std::thread& other : others) other.join();
#endif
}

void detail::share_parts(int threads, index count, void (*body)(void*, index, int), void* context) {
  if (must_work_alone()) {
    for (index part = 0; part < count; ++part) body(context, part, 0);
    return;
  }
#ifdef _OPENMP
  // Training and prediction take turns: the team is at hand, and a helper would have to take turns with it. What was
  // not training is not counted, so a series of predictions comes to its helpers.
  if (const double ended = team_ended; now() - ended < kAwake) {
    ranvier::run_team(threads,
                      [&](Team& team) { team.for_each(count, [&](index part) { body(context, part, team.rank()); }); });
    team_ended = ended;
    return;
  }
#endif
  watch_forks();
  const bool before = work_alone(true);
  SharedLoop loop{threads, count, body, context};
  crew().share(loop);
  work_alone(before);
}

}  // namespace ranvier
