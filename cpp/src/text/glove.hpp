// GloVe: word vectors w and context vectors c with w_i . c_j + b_i + b'_j = log X_ij, by weighted least squares
// (Pennington, Socher and Manning 2014).
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/kernels.hpp"
#include "runtime/threads.hpp"
#include "text/cooccurrence.hpp"

namespace ranvier::words {

struct GloveOptions {
  index vector_size;
  double x_max, alpha, learning_rate;
  std::uint64_t seed;
  bool symmetric;
  int threads;
};

/// A pair in the order of training.
struct GloveVisit {
  std::int32_t word, context;
  float x;
};

/// Stochastic gradient descent in an order that is random, and the same for any number of threads.
///
/// Words are cut into K blocks. Cell (a, b) holds the pairs of a word of block a with a context of block b. In round r
/// of an epoch, the cells (a, a + r mod K) are worked on at once: no two of them share a parameter (as in Gemulla et
/// al. 2011). The rows of a cell fit the second-level cache where there are enough pairs to make that pay. The rounds
/// of an epoch and the pairs of a cell are shuffled each time.
template <class T>
class Glove {
 public:
  /// The parameters are random: uniform in +-0.5 / vector_size. Of symmetric counts each kept pair stands for both
  /// directions.
  Glove(std::vector<CooccurrenceRows> rows, index words, const GloveOptions& options);

  index words() const { return words_; }
  index vector_size() const { return options_.vector_size; }

  /// Trains on for so many seconds; true if the epoch goes on.
  bool run(double seconds);

  /// Pairs trained in this epoch, the pairs of an epoch, and the mean loss of those that have been trained in it.
  index done() const;
  index total() const { return total_; }
  double loss() const;

  /// Copies parameters of words or of contexts, and the sums of their squared gradients: vectors (words, vector_size)
  /// and biases (words).
  void read(bool contexts, T* vectors, T* biases, T* vector_sums, T* bias_sums) const;
  void write(bool contexts, const T* vectors, const T* biases, const T* vector_sums, const T* bias_sums);

  /// y (words, vector_size) = w + c: the vectors that are kept in the end.
  void sum(float* y) const;

  /// The pairs of the next epoch in their order. Cells of a round come one after the other. Only between two epochs.
  std::vector<GloveVisit> next_order();

  /// Bytes of parameters and pairs.
  std::size_t memory() const;

 private:
  struct Cell {
    Range pairs;
    typename kernels::GloveRun<T>::Direction direction;
    index visits;  // both directions count, but only once where word and context are the same
  };

  index first_row(index block) const { return block * (words_ / blocks_) + std::min(block, words_ % blocks_); }
  index row_of(index word) const { return first_row(word % blocks_) + word / blocks_; }
  std::size_t place_of_cell(index a, index b) const;
  Cell cell(index a, index b) const;

  void choose_blocks(index pairs);
  void fill_cells(std::vector<CooccurrenceRows> rows);
  void draw_parameters();
  void begin_epoch();
  void shuffle(const Cell& cell, index a, index b);
  void train(index a, index b);

  index words_;
  GloveOptions options_;
  index row_;                           // see GloveRun
  index blocks_ = 1;                    // K; odd, so that no round has both (a, b) and (b, a)
  Buffer<T> word_rows_, context_rows_;  // block by block: of word i in block i mod K
  std::vector<kernels::GlovePair> pairs_;
  std::vector<index> cell_starts_;
  std::vector<index> same_;           // pairs of a word with itself in cell (a, a)
  std::vector<std::int32_t> rounds_;  // of this epoch
  std::vector<double> losses_;        // of this epoch, by blocks of words
  std::vector<index> visits_;
  index epoch_ = 0, round_ = 0, total_ = 0;
};

}  // namespace ranvier::words
