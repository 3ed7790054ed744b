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
  most_ = current_ = most;
  work_ = work;
}

double ThreadChoice::seconds() const {
  if (most_ == 1) return std::numeric_limits<double>::infinity();
  return probing_ ? kProbe : kStretch;
}

void ThreadChoice::report(double seconds, double steps) {
  if (most_ == 1) return;
  const double seconds_per_step = seconds / steps;
  if (threads() != 1 && (fastest_ == 0 || seconds_per_step < fastest_)) fastest_ = seconds_per_step;
  if (probing_) {
    probing_ = false;
    compared_ = true;
    patience_ = kPatience;
    if (seconds_per_step < kGain * latest_) {
      current_ = other();
      latest_ = seconds_per_step;
    }
    return;
  }
  latest_ = seconds_per_step;
  // One thread tries for more now and then; all threads try one at the start, and when something slows them down.
  if (patience_ > 0)
    patience_ -= seconds;
  else
    probing_ = !compared_ || current_ == 1 || seconds_per_step > kSlow * fastest_;
}

}  // namespace ranvier
