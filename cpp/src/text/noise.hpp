// Noise words of negative sampling: a word is drawn in proportion to count^exponent.
#pragma once

#include <cstdint>
#include <vector>

#include "text/draws.hpp"

namespace ranvier::words {

/// Walker's alias method: one column for each word, shared by at most two (Vose 1991).
class NoiseTable {
 public:
  NoiseTable() = default;
  NoiseTable(const std::vector<std::int64_t>& counts, double exponent);

  std::int32_t word(std::uint64_t bits) const {
    const std::uint32_t column = below(upper(bits), static_cast<std::uint32_t>(columns_.size()));
    return lower(bits) < columns_[column].share ? static_cast<std::int32_t>(column) : columns_[column].other;
  }

  /// A word that is not `target`, from this draw or those that follow it. Needs two words.
  std::int32_t word_but(std::int32_t target, std::uint64_t bits) const {
    constexpr int kTries = 64;  // only where nearly all noise is one word
    std::int32_t found = word(bits);
    for (int i = 0; found == target && i < kTries; ++i) found = word(bits = mixed(bits + kGolden));
    return found != target ? found : target == 0 ? 1 : target - 1;
  }

 private:
  struct Column {
    std::uint32_t share;  // of 2^32: the column's own word
    std::int32_t other;
  };
  std::vector<Column> columns_;
};

}  // namespace ranvier::words
