// Words numbered in the order of their first appearance, with counts: a hash table over one arena of bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ranvier/shape.hpp"

namespace ranvier::words {

class WordTable {
 public:
  WordTable() : slots_(kFirstSlots) {}

  /// The number of a word, which is new if it was unknown; `count` is added to its count.
  std::int32_t add(std::string_view word, std::int64_t count = 1) { return add_hashed(word, hash(word), count); }

  /// One more of a word whose number is known.
  void add_again(std::int32_t number) { ++counts_[static_cast<std::size_t>(number)]; }

  /// The number of a word, or -1.
  std::int32_t find(std::string_view word) const;

  /// Valid until the next word is added.
  std::string_view word(std::int32_t number) const {
    const std::int64_t begin = ends_[static_cast<std::size_t>(number)];
    return std::string_view(bytes_).substr(
        static_cast<std::size_t>(begin), static_cast<std::size_t>(ends_[static_cast<std::size_t>(number) + 1] - begin));
  }

  std::int64_t count(std::int32_t number) const { return counts_[static_cast<std::size_t>(number)]; }
  const std::vector<std::int64_t>& counts() const { return counts_; }
  index size() const { return static_cast<index>(counts_.size()); }

  /// Adds the words of another table and their counts in its order. Returns the numbers they have here.
  std::vector<std::int32_t> merge(const WordTable& other);

  /// Leaves only the words whose count is at least `least`, in their order. Returns the numbers they had.
  std::vector<std::int32_t> prune(std::int64_t least);

  /// Bytes it has taken.
  std::size_t memory() const;

 private:
  // The upper half of the hash is kept beside the number: words are compared only if it is the same.
  struct Slot {
    std::uint32_t hash = 0;
    std::int32_t number = -1;
  };
  static constexpr std::size_t kFirstSlots = 1024;  // a power of two, as always

  static std::uint64_t hash(std::string_view word);
  std::int32_t add_hashed(std::string_view word, std::uint64_t hash, std::int64_t count);
  std::size_t slot_of(std::string_view word, std::uint64_t hash) const;
  void grow();

  std::vector<Slot> slots_;
  std::string bytes_;
  std::vector<std::int64_t> ends_{0};
  std::vector<std::int64_t> counts_;
};

}  // namespace ranvier::words
