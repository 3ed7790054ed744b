#include "text/glove.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>

#include "runtime/clock.hpp"
#include "runtime/denormals.hpp"
#include "runtime/random.hpp"

namespace ranvier::words {

namespace {

constexpr index kCellBytes = 768 << 10;  // of parameters: leaves some of 1 MiB to the pairs
constexpr index kSharedBlocks = 33;      // enough for a dozen threads
constexpr index kLargestBlock = 1 << 16;
constexpr double kFrozen = 1e30;  // a sum of squares that makes steps too small to change a 1

std::size_t at(index i) { return static_cast<std::size_t>(i); }

kernels::RandomKey key_of(std::uint64_t seed, index epoch, index what) {
  return {seed, kShuffleStream + (static_cast<std::uint64_t>(epoch) << 40) + static_cast<std::uint64_t>(what)};
}

template <class Item>
void shuffle_all(Item* items, index n, RandomStream random) {
  for (index k = n - 1; k > 0; --k) std::swap(items[k], items[random.below(static_cast<std::uint32_t>(k + 1))]);
}

}  // namespace

// A row is w, b, 1 or c, 1, b', so that one dot product has the biases in it. A constant is frozen by
// its sum of squares.
template <class T>
Glove<T>::Glove(std::vector<CooccurrenceRows> rows, index words, const GloveOptions& options)
    : words_(words), options_(options), row_(round_up(options.vector_size + 2, 16)) {
  index pairs = 0, same = 0;
  for (const CooccurrenceRows& block : rows) {
    pairs += static_cast<index>(block.columns.size());
    for (index r = 0; r < block.rows(); ++r)
      same += std::count(block.columns.begin() + block.starts[at(r)], block.columns.begin() + block.starts[at(r + 1)],
                         block.first_row + r);
  }
  total_ = options.symmetric ? 2 * pairs - same : pairs;
  choose_blocks(pairs);
  fill_cells(std::move(rows));
  draw_parameters();
  rounds_.resize(at(blocks_));
}

template <class T>
void Glove<T>::choose_blocks(index pairs) {
  const auto root = [](index x, index y) { return static_cast<index>(std::sqrt(static_cast<double>(x / y))); };
  const index fitting = std::max<index>(1, kCellBytes / (4 * row_ * static_cast<index>(sizeof(T))));
  // Blocks that fit the cache pay if each of their rows, once there, is used a few times.
  blocks_ = std::min((words_ + fitting - 1) / fitting, root(total_, 4 * fitting));
  blocks_ = std::max({blocks_, std::min(kSharedBlocks, root(pairs, 64)), (words_ + kLargestBlock - 1) / kLargestBlock});
  blocks_ = std::max<index>(1, std::min(blocks_ | 1, words_ - (words_ + 1) % 2));
}

template <class T>
std::size_t Glove<T>::place_of_cell(index a, index b) const {
  return at(options_.symmetric ? std::max(a, b) * (std::max(a, b) + 1) / 2 + std::min(a, b) : a * blocks_ + b);
}

template <class T>
void Glove<T>::fill_cells(std::vector<CooccurrenceRows> rows) {
  const auto for_pairs = [&](CooccurrenceRows& block, const auto& f) {
    for (index r = 0; r < block.rows(); ++r) {
      for (index k = block.starts[at(r)]; k < block.starts[at(r + 1)]; ++k) {
        index i = block.first_row + r, j = block.columns[at(k)];
        if (options_.symmetric && i % blocks_ < j % blocks_) std::swap(i, j);
        f(i, j, block.values[at(k)]);
      }
    }
  };
  const index cells = options_.symmetric ? blocks_ * (blocks_ + 1) / 2 : blocks_ * blocks_;
  cell_starts_.assign(at(cells + 1), 0);
  same_.assign(at(blocks_), 0);
  for (CooccurrenceRows& block : rows) {
    for_pairs(block, [&](index i, index j, float) {
      ++cell_starts_[place_of_cell(i % blocks_, j % blocks_) + 1];
      same_[at(i % blocks_)] += i == j;
    });
  }
  std::partial_sum(cell_starts_.begin(), cell_starts_.end(), cell_starts_.begin());
  pairs_.resize(at(cell_starts_.back()));
  std::vector<index> next(cell_starts_.begin(), cell_starts_.end() - 1);
  for (CooccurrenceRows& block : rows) {
    for_pairs(block, [&](index i, index j, float x) {
      pairs_[at(next[place_of_cell(i % blocks_, j % blocks_)]++)] = {static_cast<std::uint16_t>(i / blocks_),
                                                                     static_cast<std::uint16_t>(j / blocks_), x};
    });
    block = {};
  }
}

template <class T>
void Glove<T>::draw_parameters() {
  word_rows_ = Buffer<T>(2 * words_ * row_);
  context_rows_ = Buffer<T>(2 * words_ * row_);
  const index size = options_.vector_size;
  run_team(options_.threads, [&](Team& team) {
    std::vector<std::uint32_t> bits(at(row_));
    const Range part = team.share(words_);
    for (bool contexts : {false, true}) {
      for (index word = part.begin; word < part.end; ++word) {
        T* const row = (contexts ? context_rows_ : word_rows_).data() + 2 * row_ * row_of(word);
        kernels::active().f32.random_bits(bits.data(), word * row_, row_, {options_.seed, kInitialStream + contexts});
        for (index k = 0; k <= size; ++k)
          row[k] = static_cast<T>((bits[at(k)] * (1.0 / 4294967296.0) - 0.5) / static_cast<double>(size));
        std::fill_n(row + row_, row_, T(1));
        if (contexts) row[size + 1] = row[size];
        row[size + !contexts] = 1;
        row[row_ + size + !contexts] = static_cast<T>(kFrozen);
      }
    }
  });
}

template <class T>
typename Glove<T>::Cell Glove<T>::cell(index a, index b) const {
  using Run = kernels::GloveRun<T>;
  const std::size_t place = place_of_cell(a, b);
  const Range pairs{cell_starts_[place], cell_starts_[place + 1]};
  if (!options_.symmetric || a > b) return {pairs, Run::kForward, pairs.size()};
  if (a < b) return {pairs, Run::kBackward, pairs.size()};
  return {pairs, Run::kBoth, 2 * pairs.size() - same_[at(a)]};
}

template <class T>
void Glove<T>::begin_epoch() {
  std::iota(rounds_.begin(), rounds_.end(), 0);
  shuffle_all(rounds_.data(), blocks_, RandomStream(key_of(options_.seed, epoch_, blocks_ * blocks_)));
  losses_.assign(at(blocks_), 0);
  visits_.assign(at(blocks_), 0);
}

template <class T>
void Glove<T>::shuffle(const Cell& cell, index a, index b) {
  if (cell.pairs.size() < 2) return;
  shuffle_all(pairs_.data() + cell.pairs.begin, cell.pairs.size(),
              RandomStream(key_of(options_.seed, epoch_, a * blocks_ + b)));
}

template <class T>
void Glove<T>::train(index a, index b) {
  const Cell c = cell(a, b);
  shuffle(c, a, b);
  losses_[at(a)] += kernels::table<T>().glove({pairs_.data() + c.pairs.begin, c.pairs.size(),
                                               word_rows_.data() + 2 * row_ * first_row(a),
                                               context_rows_.data() + 2 * row_ * first_row(b), row_, c.direction,
                                               options_.x_max, options_.alpha, options_.learning_rate});
  visits_[at(a)] += c.visits;
}

template <class T>
bool Glove<T>::run(double seconds) {
  const double end = now() + seconds;
  if (round_ == 0) begin_epoch();
  std::atomic<bool> over{false};
  run_team(options_.threads, [&](Team& team) {
    const FlushDenormals flush;
    for (index round = round_; round < blocks_ && !over; ++round) {
      const index shift = rounds_[at(round)];
      team.for_each(blocks_, [&](index a) { train(a, (a + shift) % blocks_); });
      team.barrier();
      if (team.rank() == 0) {
        round_ = round + 1;
        over = now() >= end;
      }
      team.barrier();
    }
  });
  if (round_ < blocks_) return true;
  round_ = 0;
  ++epoch_;
  return false;
}

template <class T>
index Glove<T>::done() const {
  return std::accumulate(visits_.begin(), visits_.end(), index{0});
}

template <class T>
double Glove<T>::loss() const {
  return std::accumulate(losses_.begin(), losses_.end(), 0.0) / static_cast<double>(done());
}

template <class T>
void Glove<T>::read(bool contexts, T* vectors, T* biases, T* vector_sums, T* bias_sums) const {
  const index size = options_.vector_size, bias = size + contexts;
  for (index word = 0; word < words_; ++word) {
    const T* const row = (contexts ? context_rows_ : word_rows_).data() + 2 * row_ * row_of(word);
    std::copy_n(row, size, vectors + word * size);
    std::copy_n(row + row_, size, vector_sums + word * size);
    biases[word] = row[bias];
    bias_sums[word] = row[row_ + bias];
  }
}

template <class T>
void Glove<T>::write(bool contexts, const T* vectors, const T* biases, const T* vector_sums, const T* bias_sums) {
  const index size = options_.vector_size, bias = size + contexts;
  for (index word = 0; word < words_; ++word) {
    T* const row = (contexts ? context_rows_ : word_rows_).data() + 2 * row_ * row_of(word);
    std::copy_n(vectors + word * size, size, row);
    std::copy_n(vector_sums + word * size, size, row + row_);
    row[bias] = biases[word];
    row[row_ + bias] = bias_sums[word];
  }
}

template <class T>
void Glove<T>::sum(float* y) const {
  run_team(options_.threads, [&](Team& team) {
    const Range part = team.share(words_);
    for (index word = part.begin; word < part.end; ++word) {
      const index row = 2 * row_ * row_of(word);
      for (index k = 0; k < options_.vector_size; ++k)
        y[word * options_.vector_size + k] = static_cast<float>(word_rows_[row + k] + context_rows_[row + k]);
    }
  });
}

template <class T>
std::vector<GloveVisit> Glove<T>::next_order() {
  using Run = kernels::GloveRun<T>;
  const std::vector<kernels::GlovePair> before = pairs_;
  std::vector<GloveVisit> visits;
  visits.reserve(at(total_));
  begin_epoch();
  for (const index shift : rounds_) {
    for (index a = 0; a < blocks_; ++a) {
      const index b = (a + shift) % blocks_;
      const Cell c = cell(a, b);
      shuffle(c, a, b);
      for (index k = c.pairs.begin; k < c.pairs.end; ++k) {
        const auto [i, j, x] = pairs_[at(k)];
        const bool forward = c.direction != Run::kBackward;
        const auto word = static_cast<std::int32_t>((forward ? i : j) * blocks_ + a);
        const auto context = static_cast<std::int32_t>((forward ? j : i) * blocks_ + b);
        visits.push_back({word, context, x});
        if (c.direction == Run::kBoth && word != context) visits.push_back({context, word, x});
      }
    }
  }
  pairs_ = before;
  return visits;
}

template <class T>
std::size_t Glove<T>::memory() const {
  return at(word_rows_.size() + context_rows_.size()) * sizeof(T) + pairs_.capacity() * sizeof(kernels::GlovePair) +
         cell_starts_.capacity() * sizeof(index);
}

template class Glove<float>;
template class Glove<double>;

}  // namespace ranvier::words
