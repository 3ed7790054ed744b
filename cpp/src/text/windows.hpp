// From a text to the words that are trained on, each with the words around it.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/threads.hpp"
#include "text/corpus.hpp"
#include "text/draws.hpp"

namespace ranvier::words {

/// What of a corpus is read, and how. Words that the vocabulary lacks are not there for their neighbours; nor are
/// those that subsampling drops.
struct Reading {
  const Corpus* corpus = nullptr;
  std::vector<std::int32_t> numbers;  // of the corpus's words in the vocabulary, or -1
  std::vector<std::uint32_t> keep;    // for each word of the vocabulary: kept if 32 random bits are at most this
  index window = 5;
  bool shrink = true;  // the window of each word is drawn from 1 .. window
};

/// One word to be trained on: its neighbours are contexts[first] .. contexts[first + count - 1] of the batch.
struct Step {
  std::int32_t target;
  std::int32_t first, count;
  std::int64_t sentence;
  std::uint64_t key;  // of its draws
};

struct Batch {
  std::vector<Step> steps;
  std::vector<std::int32_t> contexts;
};

/// Goes through sentences and makes steps of their words, in order.
class Windows {
 public:
  Windows(const Reading& reading, EpochDraws draws) : reading_(&reading), draws_(draws) {}

  void open(Range sentences) { next_ = sentences.begin, end_ = sentences.end; }

  /// Fills the batch with up to `most` steps; none at the end of the sentences. Words without neighbours make none.
  void fill(Batch& batch, index most);

 private:
  struct Word {
    std::int32_t number;
    std::uint32_t window_bits;
    std::uint64_t key;
  };
  void read_sentence(index sentence);
  void add_step(Batch& batch, index place) const;

  const Reading* reading_;
  EpochDraws draws_;
  index next_ = 0, end_ = 0;  // sentences to come
  std::vector<Word> words_;   // of the sentence before
  index place_ = 0;           // in it
};

}  // namespace ranvier::words
