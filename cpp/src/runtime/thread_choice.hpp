// How many threads the next steps run on: all that may be used, or one while a neighbour keeps a processor busy.
//
// Results do not depend on the number of threads, so it may change at any time. With a neighbour, every barrier waits
// for the thread that is not running: two threads on two processors, one of them busy, took 1.3 times as long as one.
#pragma once

namespace ranvier {

class ThreadChoice {
 public:
  /// For steps of `work` (any unit) on at most `most` threads; what was learnt of the same steps is kept.
  void begin(int most, double work);

  /// Threads for the next stretch of steps, and how many seconds it should last: for ever if there is no choice.
  int threads() const { return probing_ ? other() : current_; }
  double seconds() const;

  /// How long that stretch took, and of how many steps it was.
  void report(double seconds, double steps = 1);

 private:
  int other() const { return current_ == 1 ? most_ : 1; }

  int most_ = 1, current_ = 1;
  double work_ = 0;
  bool probing_ = false;   // the next stretch tries the other number
  bool compared_ = false;  // it was tried before
  double latest_ = 0;      // seconds per step of the current number
  double fastest_ = 0;     // of all threads, ever
  double patience_ = 0;    // seconds until the other number may be tried again
};

}  // namespace ranvier
