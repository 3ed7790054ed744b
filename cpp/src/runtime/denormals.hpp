// Flushes denormal numbers to zero on this thread while it lives, and restores the caller's mode after.
//
// Adam's moments of dead units decay into denormals, which cost a hundred cycles each: without this a small network
// trains 1.7 times slower.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace ranvier {

class FlushDenormals {
 public:
#if defined(__SSE2__)
  FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | kFlushToZero | kDenormalsAreZero); }
  ~FlushDenormals() { _mm_setcsr(saved_); }
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    asm volatile("msr fpcr, %0" ::"r"(saved_ | kFlushToZero));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(saved_)); }
#endif
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
#if defined(__SSE2__)
  static constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
  unsigned saved_;
#elif defined(__aarch64__)
  static constexpr unsigned long kFlushToZero = 1UL << 24;
  unsigned long saved_;
#endif
};

}  // namespace ranvier
