// Memory that kernels work on: aligned to a cache line, zeroed, owned by exactly one object.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

#include "ranvier/shape.hpp"

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace ranvier {

constexpr std::size_t kCacheLine = 64;

/// `n` rounded up to a multiple of `step`.
constexpr index round_up(index n, index step) { return (n + step - 1) / step * step; }

template <class T>
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(index n) : size_(n) {
    if (n == 0) return;
    constexpr std::size_t kHugePage = std::size_t{2} << 20;
    const std::size_t bytes = static_cast<std::size_t>(n) * sizeof(T);
    const std::size_t alignment = bytes >= 2 * kHugePage ? kHugePage : kCacheLine;
    const auto rounded = static_cast<std::size_t>(round_up(static_cast<index>(bytes), static_cast<index>(alignment)));
    data_.reset(static_cast<T*>(std::aligned_alloc(alignment, rounded)));
    if (!data_) throw std::bad_alloc();
#ifdef __linux__
    // Large products touch many pages per tile: huge pages spare the translation buffer. Only advice.
    if (alignment == kHugePage) madvise(data_.get(), rounded, MADV_HUGEPAGE);
#endif
    std::memset(data_.get(), 0, rounded);
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  index size() const { return size_; }
  T& operator[](index i) { return data_.get()[i]; }
  const T& operator[](index i) const { return data_.get()[i]; }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T, Free> data_;
  index size_ = 0;
};

}  // namespace ranvier
