// The words of a list that are spelled most like a given one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ranvier/shape.hpp"

namespace ranvier::words {

/// Keeps the few words with the least distance: insertions, deletions, changes of a character and swaps of neighbours
/// (optimal string alignment), up to a third of the word's length. Earlier words come first where they are equal.
class Spelling {
 public:
  /// Characters are code points.
  Spelling(std::u32string_view word, index most);

  /// Offers word number `number`; numbers grow.
  void offer(const char32_t* word, index length, index number);
  /// Whether a word of this length may be near enough.
  bool fits(index length) const;
  std::vector<index> nearest() const;

 private:
  index distance(const char32_t* word, index length);

  struct Found {
    index distance, number;
  };
  std::u32string word_;
  std::size_t most_;
  index bound_;
  std::vector<Found> found_;  // best first
  std::vector<index> before_, above_, row_;
};

}  // namespace ranvier::words
