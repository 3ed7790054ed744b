#include "runtime/thread_choice.hpp"

#include <limits>

namespace ranvier {

namespace {

constexpr double kStretch = 0.02, kProbe = 0.004, kPatience = 0.25;  // seconds
constexpr double kSlow = 1.2;                                        // of the fastest: somebody else may be running
constexpr double kGain = 0.95;                                       // of the time: worth a change

}  // namespace

void ThreadChoice::begin(int most, double work) {
  if (most == most_ && work == work_) return;
  *this = ThreadChoice();
  most_ = most;
  work_ = work;
}

double ThreadChoice::seconds() const {
  if (most_ == 1) return std::numeric_limits<double>::infinity();
  return probing_ ? kProbe : kStretch;
}

void ThreadChoice::report(double seconds, double steps) {
  if (most_ == 1) return;
  Times& times = all_now() ? all_ : one_;
  times.latest = seconds / steps;
  if (times.fastest == 0 || times.latest < times.fastest) times.fastest = times.latest;
  waited_ = probing_ ? 0 : waited_ + seconds;
  probing_ = false;

  // What is in use and what is not. The latter is tried at once if it never was, and then now and then: by one thread,
  // to find out whether the neighbour has gone, by all threads only where something slows them down. A trial may
  // promise too much, since a thread that has rested goes first: the next stretch of all threads shows it.
  const Times &used = all_in_use_ ? all_ : one_, &other = all_in_use_ ? one_ : all_;
  if (other.latest > 0 && other.latest < kGain * used.latest) {
    all_in_use_ = !all_in_use_;
    waited_ = 0;
  } else {
    const bool due = waited_ >= kPatience && (!all_in_use_ || all_.latest > kSlow * all_.fastest);
    probing_ = other.latest == 0 || due;
  }
}

}  // namespace ranvier
