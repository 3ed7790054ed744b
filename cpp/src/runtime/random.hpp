// A sequential view of one Philox stream, for what is drawn one after the other: row orders, initial weights.
#pragma once

#include <cstdint>

#include "kernels/kernels.hpp"

namespace ranvier {

/// What a stream is for: a step's dropout masks, an epoch's row order and an evaluation never share bits.
constexpr std::uint64_t kShuffleStream = std::uint64_t{1} << 63;
constexpr std::uint64_t kInitialStream = std::uint64_t{1} << 62;
constexpr std::uint64_t kEvaluationStream = std::uint64_t{1} << 61;

class RandomStream {
 public:
  explicit RandomStream(kernels::RandomKey key) : key_(key) {}

  std::uint32_t bits() {
    if (used_ == kBlock) {
      kernels::active().f32.random_bits(block_, drawn_, kBlock, key_);
      drawn_ += kBlock;
      used_ = 0;
    }
    return block_[used_++];
  }

  /// Uniform in 0 .. n - 1, n >= 1, n < 2^32 (Lemire 2019, nearly divisionless).
  std::uint32_t below(std::uint32_t n) {
    std::uint64_t product = std::uint64_t{bits()} * n;
    if (static_cast<std::uint32_t>(product) < n) {
      const std::uint32_t threshold = -n % n;
      while (static_cast<std::uint32_t>(product) < threshold) product = std::uint64_t{bits()} * n;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

  /// Uniform in [0, 1).
  double uniform() { return bits() * (1.0 / 4294967296.0); }

 private:
  static constexpr int kBlock = 256;
  kernels::RandomKey key_;
  std::uint32_t block_[kBlock];
  kernels::index drawn_ = 0;
  int used_ = kBlock;
};

}  // namespace ranvier
