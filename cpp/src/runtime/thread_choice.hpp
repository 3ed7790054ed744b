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
  int threads() const { return all_now() ? most_ : 1; }
  double seconds() const;

  /// How long that stretch took, and of how many steps it was.
  void report(double seconds, double steps = 1);

 private:
  bool all_now() const { return all_in_use_ != probing_; }

  struct Times {  // seconds a step; 0: unknown
    double latest = 0, fastest = 0;
  };

  int most_ = 1;
  double work_ = 0;
  Times one_, all_;
  bool all_in_use_ = true;
  bool probing_ = false;  // the next stretch tries the other number
  double waited_ = 0;     // seconds since it was last tried
};

}  // namespace ranvier
