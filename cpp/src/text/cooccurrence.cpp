#include "text/cooccurrence.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "runtime/clock.hpp"
#include "text/guarded.hpp"

namespace ranvier::words {

namespace {

constexpr index kExactWindow = 22;  // lcm(1 .. 22) is the last below 2^32
constexpr index kBlocks = 4096;     // about so many are handed out to threads

std::uint64_t units_of(index window) {
  std::uint64_t units = 1;
  if (window > kExactWindow) return std::uint64_t{1} << 32;
  for (index d = 2; d <= window; ++d) units = std::lcm(units, static_cast<std::uint64_t>(d));
  return units;
}

std::size_t at(index i) { return static_cast<std::size_t>(i); }

}  // namespace

CooccurrenceCounter::CooccurrenceCounter(const std::vector<std::int32_t>& tokens, const std::vector<index>& starts,
                                         const std::vector<std::int32_t>& numbers, index words, index window,
                                         bool symmetric, int threads)
    : words_(words), window_(window), symmetric_(symmetric), threads_(threads), weights_(at(window + 1)) {
  const std::uint64_t units = units_of(window);
  units_ = static_cast<double>(units);
  for (index d = 1; d <= window; ++d) {
    const auto divisor = static_cast<std::uint64_t>(d);
    weights_[at(d)] = (units + divisor / 2) / divisor;
  }
  index_places(tokens, starts, numbers);
  cut_blocks();
  work_.resize(at(threads));
}

void CooccurrenceCounter::index_places(const std::vector<std::int32_t>& tokens, const std::vector<index>& starts,
                                       const std::vector<std::int32_t>& numbers) {
  text_.reserve(tokens.size() + starts.size());
  text_.push_back(-1);
  place_starts_.assign(at(words_ + 1), 0);
  for (std::size_t s = 0; s + 1 < starts.size(); ++s) {
    for (index t = starts[s]; t < starts[s + 1]; ++t) {
      const std::int32_t word = numbers[at(tokens[at(t)])];
      if (word < 0) continue;
      text_.push_back(word);
      ++place_starts_[at(word) + 1];
    }
    text_.push_back(-1);
  }
  std::partial_sum(place_starts_.begin(), place_starts_.end(), place_starts_.begin());
  places_.resize(at(place_starts_.back()));
  std::vector<index> next(place_starts_.begin(), place_starts_.end() - 1);
  for (std::size_t place = 0; place < text_.size(); ++place) {
    if (text_[place] >= 0) places_[at(next[at(text_[place])]++)] = static_cast<index>(place);
  }
}

void CooccurrenceCounter::cut_blocks() {
  const index least = total() / kBlocks + 1;
  for (index row = 0; row < words_;) {
    CooccurrenceRows block;
    block.first_row = static_cast<std::int32_t>(row);
    const index begin = place_starts_[at(row)];
    while (row < words_ && place_starts_[at(row)] - begin < least) ++row;
    block.starts.reserve(at(row - block.first_row + 1));
    block.starts.resize(at(row - block.first_row + 1));
    blocks_.push_back(std::move(block));
  }
}

void CooccurrenceCounter::count(CooccurrenceRows& block, Accumulator& work) const {
  std::uint64_t* const sums = work.sums.data();
  for (index r = 0; r < block.rows(); ++r) {
    const index row = block.first_row + r;
    // -1, the end of a sentence, is above every column as an unsigned number.
    const auto last = static_cast<std::uint32_t>(symmetric_ ? row : words_ - 1);
    const auto meet = [&](std::int32_t column, index distance) {
      if (static_cast<std::uint32_t>(column) > last) return column >= 0;
      std::uint64_t& sum = sums[column];
      if (sum == 0) work.touched.push_back(column);
      sum += weights_[at(distance)];
      return true;
    };
    for (index k = place_starts_[at(row)]; k < place_starts_[at(row + 1)]; ++k) {
      const std::int32_t* const place = text_.data() + places_[at(k)];
      for (index d = 1; d <= window_ && meet(place[-d], d); ++d) {
      }
      for (index d = 1; symmetric_ && d <= window_ && meet(place[d], d); ++d) {
      }
    }
    for (const std::int32_t column : work.touched) {
      block.columns.push_back(column);
      block.values.push_back(static_cast<float>(static_cast<double>(sums[column]) / units_));
      sums[column] = 0;
    }
    work.touched.clear();
    block.starts[at(r + 1)] = static_cast<index>(block.columns.size());
  }
  block.columns.shrink_to_fit();
  block.values.shrink_to_fit();
}

bool CooccurrenceCounter::run(double seconds) {
  const double end = now() + seconds;
  const auto count_of_blocks = static_cast<index>(blocks_.size());
  std::atomic<index> next{next_}, done{done_}, pairs{pairs_};
  run_guarded(threads_, [&](Team& team) {
    Accumulator& work = work_[at(team.rank())];
    if (work.sums.empty()) work.sums.resize(at(words_));
    do {
      const index b = next.fetch_add(1, std::memory_order_relaxed);
      if (b >= count_of_blocks) break;
      CooccurrenceRows& block = blocks_[at(b)];
      count(block, work);
      pairs.fetch_add(static_cast<index>(block.columns.size()), std::memory_order_relaxed);
      done.fetch_add(place_starts_[at(block.first_row + block.rows())] - place_starts_[at(block.first_row)],
                     std::memory_order_relaxed);
    } while (now() < end);
  });
  next_ = std::min(next.load(), count_of_blocks);
  done_ = done;
  pairs_ = pairs;
  return next_ < count_of_blocks;
}

std::size_t CooccurrenceCounter::memory() const {
  const std::size_t pairs = at(pairs_) * (sizeof(std::int32_t) + sizeof(float));
  return pairs + text_.capacity() * sizeof(std::int32_t) + places_.capacity() * sizeof(index) +
         static_cast<std::size_t>(threads_) * at(words_) * sizeof(std::uint64_t);
}

}  // namespace ranvier::words
