#include "text/word_table.hpp"

#include <cstring>
#include <limits>

#include "runtime/error.hpp"

namespace ranvier::words {

namespace {

std::uint64_t read(const char* bytes, std::size_t n) {
  std::uint64_t x = 0;
  std::memcpy(&x, bytes, n);
  return x;
}

// Both halves of the product of 64 bits, folded: every bit of the result depends on every bit of x.
std::uint64_t mixed(std::uint64_t x) {
  __extension__ typedef unsigned __int128 Wide;
  const Wide product = static_cast<Wide>(x ^ 0x9E3779B97F4A7C15u) * 0xD6E8FEB86659FD93u;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::uint64_t WordTable::hash(std::string_view word) {
  std::uint64_t h = word.size();
  const char* at = word.data();
  std::size_t left = word.size();
  for (; left > 8; at += 8, left -= 8) h = mixed(h ^ read(at, 8));
  return mixed(h ^ mixed(read(at, left)));
}

std::size_t WordTable::slot_of(std::string_view word, std::uint64_t hash) const {
  const std::size_t mask = slots_.size() - 1;
  const auto upper = static_cast<std::uint32_t>(hash >> 32);
  std::size_t at = hash & mask;
  while (slots_[at].number >= 0 && (slots_[at].hash != upper || this->word(slots_[at].number) != word))
    at = (at + 1) & mask;
  return at;
}

std::int32_t WordTable::find(std::string_view word) const { return slots_[slot_of(word, hash(word))].number; }

std::int32_t WordTable::add_hashed(std::string_view word, std::uint64_t hash, std::int64_t count) {
  Slot& slot = slots_[slot_of(word, hash)];
  if (slot.number >= 0) {
    counts_[static_cast<std::size_t>(slot.number)] += count;
    return slot.number;
  }
  if (counts_.size() >= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    fail("corpus", "expected at most ", std::numeric_limits<std::int32_t>::max(), " different words, got more");
  const auto number = static_cast<std::int32_t>(counts_.size());
  slot = {static_cast<std::uint32_t>(hash >> 32), number};
  bytes_.append(word);
  ends_.push_back(static_cast<std::int64_t>(bytes_.size()));
  counts_.push_back(count);
  if (2 * counts_.size() > slots_.size()) grow();
  return number;
}

void WordTable::grow() {
  std::vector<Slot> slots(2 * slots_.size());
  slots_.swap(slots);
  const std::size_t mask = slots_.size() - 1;
  for (std::int32_t number = 0; number < static_cast<std::int32_t>(size()); ++number) {
    const std::uint64_t h = hash(word(number));
    std::size_t at = h & mask;
    while (slots_[at].number >= 0) at = (at + 1) & mask;
    slots_[at] = {static_cast<std::uint32_t>(h >> 32), number};
  }
}

std::vector<std::int32_t> WordTable::merge(const WordTable& other) {
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(other.size()));
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(other.size()); ++i)
    numbers[static_cast<std::size_t>(i)] = add(other.word(i), other.count(i));
  return numbers;
}

std::vector<std::int32_t> WordTable::prune(std::int64_t least) {
  std::vector<std::int32_t> kept;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(size()); ++i)
    if (count(i) >= least) kept.push_back(i);
  if (kept.size() == counts_.size()) return kept;
  WordTable left;
  for (const std::int32_t i : kept) left.add(word(i), count(i));
  *this = std::move(left);
  return kept;
}

std::size_t WordTable::memory() const {
  return sizeof *this + slots_.capacity() * sizeof(Slot) + bytes_.capacity() + ends_.capacity() * sizeof(std::int64_t) +
         counts_.capacity() * sizeof(std::int64_t);
}

}  // namespace ranvier::words
