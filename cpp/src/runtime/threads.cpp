#include "runtime/threads.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

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

#ifdef _OPENMP
// GNU OpenMP's threads do not survive a fork, and its next parallel region in the child waits for them for ever. A
// child of a process that has started them therefore works alone.
void watch_forks() {
#ifdef __linux__
  static const bool watching = pthread_atfork(nullptr, nullptr, [] { forked_with_threads = true; }) == 0;
  (void)watching;
#endif
}
#endif

}  // namespace

int num_threads() {
  if (forked_with_threads || alone_here) return 1;
  if (const int chosen = chosen_threads) return chosen;
  static const int by_default = default_threads();
  return by_default;
}

bool work_alone(bool alone) { return std::exchange(alone_here, alone); }

void set_num_threads(int threads) { chosen_threads = std::max(0, threads); }

void Team::wait() {
  // Spins while the others are about to arrive (0.4 us when both run), then gives the processor away: a neighbour
  // that keeps a core busy must not be fought with spinning.
  constexpr int kSpins = 4000;
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
#if defined(__x86_64__) || defined(__i386__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }
}

void detail::run_team(int threads, void (*body)(void*, Team&), void* context) {
  if (alone_here || forked_with_threads) {
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
#else
  std::vector<std::thread> others;
  for (int rank = 1; rank < threads; ++rank) others.emplace_back(member, rank, threads);
  member(0, threads);
  for (std::thread& other : others) other.join();
#endif
}

}  // namespace ranvier
