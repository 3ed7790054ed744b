// Random numbers of word vectors: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators",
// 2014) as a function of (seed, epoch, position in the text, number of the draw). Whoever works on a word draws the
// same numbers for it. Thirty draws a word are too many for Philox: they would cost a tenth of the training.
#pragma once

#include <cstdint>

namespace ranvier::words {

constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15u;

constexpr std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}

/// Draws of one epoch: one stream for each position of the text.
class EpochDraws {
 public:
  EpochDraws(std::uint64_t seed, std::uint64_t epoch) : key_(mixed(mixed(seed + kGolden) + (epoch + 1) * kGolden)) {}
  std::uint64_t at(std::int64_t position) const {
    return mixed(key_ + (static_cast<std::uint64_t>(position) + 1) * kGolden);
  }

 private:
  std::uint64_t key_;
};

/// Draw `n` of a position: 64 bits.
constexpr std::uint64_t draw(std::uint64_t position_key, std::uint64_t n) {
  return mixed(position_key + (n + 1) * kGolden);
}

constexpr std::uint32_t upper(std::uint64_t bits) { return static_cast<std::uint32_t>(bits >> 32); }
constexpr std::uint32_t lower(std::uint64_t bits) { return static_cast<std::uint32_t>(bits); }

/// 32 bits as a number below n < 2^32.
constexpr std::uint32_t below(std::uint32_t bits, std::uint32_t n) {
  return static_cast<std::uint32_t>(std::uint64_t{bits} * n >> 32);
}

// What the draws of a position are for: draw 0 is of subsampling (upper half) and window (lower half), draw 1 + k of
// the k-th noise word.
constexpr std::uint64_t kFirstNoise = 1;

}  // namespace ranvier::words
