// How often words occur near each other: X_ij = sum of 1 / d over the places where word j stands d words from word i
// (Pennington, Socher and Manning 2014, section 4.2).
#pragma once

#include <cstdint>
#include <vector>

#include "ranvier/shape.hpp"

namespace ranvier::words {

/// Rows `first_row` .. of X, compressed: row r has columns[k] and values[k] for starts[r] <= k < starts[r + 1].
struct CooccurrenceRows {
  std::int32_t first_row = 0;
  std::vector<index> starts{0};
  std::vector<std::int32_t> columns;
  std::vector<float> values;

  index rows() const { return static_cast<index>(starts.size()) - 1; }
};

/// Counts row by row: for each word, the neighbours of all its places are added into one array, which stays in the
/// nearest caches, and no pair is ever hashed, sorted or merged.
///
/// Sums are exact: they are kept as multiples of 1 / lcm(1 .. window), or 2^-32 for windows above 22. So nothing
/// depends on the threads.
class CooccurrenceCounter {
 public:
  /// Sentence s is tokens[starts[s]] .. tokens[starts[s + 1] - 1]. Token t is word numbers[t] < words, or is left out,
  /// as if it were not there, if that is -1. With `symmetric` both sides count and only columns up to the diagonal are
  /// kept, since X_ij = X_ji; otherwise j stands left of i.
  CooccurrenceCounter(const std::vector<std::int32_t>& tokens, const std::vector<index>& starts,
                      const std::vector<std::int32_t>& numbers, index words, index window, bool symmetric, int threads);

  /// Counts on for so many seconds; true if there is more to count.
  bool run(double seconds);

  /// Occurrences of words whose rows are done, of those there are.
  index done() const { return done_; }
  index total() const { return static_cast<index>(places_.size()); }

  /// Pairs found so far: elements that are kept.
  index pairs() const { return pairs_; }

  /// Bytes of what has been found and of the work on it.
  std::size_t memory() const;

  /// All rows, in order, once run() has returned false.
  std::vector<CooccurrenceRows> take() { return std::move(blocks_); }

 private:
  struct Accumulator {
    std::vector<std::uint64_t> sums;    // of each column; 0 between rows
    std::vector<std::int32_t> touched;  // columns, in the order in which they were met
  };
  void index_places(const std::vector<std::int32_t>& tokens, const std::vector<index>& starts,
                    const std::vector<std::int32_t>& numbers);
  void cut_blocks();
  void count(CooccurrenceRows& block, Accumulator& work) const;

  index words_, window_;
  bool symmetric_;
  int threads_;
  std::vector<std::uint64_t> weights_;  // of each distance, in units
  double units_;
  std::vector<std::int32_t> text_;  // the sentences, with -1 before, between and after them
  std::vector<index> place_starts_;
  std::vector<index> places_;  // in text_, of each word
  std::vector<CooccurrenceRows> blocks_;
  std::vector<Accumulator> work_;  // of each thread
  index next_ = 0, done_ = 0, pairs_ = 0;
};

}  // namespace ranvier::words
