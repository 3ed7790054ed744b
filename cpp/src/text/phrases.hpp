// Phrases: neighbours that occur together more often than chance has it (Mikolov, Sutskever, Chen, Corrado and Dean,
// 2013).
#pragma once

#include <string>
#include <vector>

#include "text/corpus.hpp"

namespace ranvier::words {

/// How phrases are joined. Connectors stand inside of phrases only, and do not count.
struct PhraseStyle {
  std::string delimiter;
  std::vector<std::string> connectors;
};

/// Words and pairs of neighbours, joined to one word each, with their counts, in one table.
struct PhraseCounts {
  WordTable words;
  std::vector<std::int32_t> first, last;  // what a pair was joined of when it was last seen; -1 for words, or if pruned
  std::int64_t total = 0;                 // words that have been read
  std::int64_t least = 1;                 // what occurs less often goes when the table is full

  /// Counts another corpus in as well. A table of more than `most` entries loses its rare ones, after each sentence.
  void learn(const Corpus& corpus, const PhraseStyle& style, index most, int threads);

  std::size_t memory() const;
};

/// Joins what is in a table of phrases, from left to right.
class PhraseJoiner {
 public:
  PhraseJoiner(const PhraseStyle& style, const std::vector<std::string_view>& phrases);

  /// The corpus with its phrases as words, the same for any number of threads.
  Corpus join(const Corpus& corpus, int threads) const;

  /// How often each phrase is found.
  std::vector<std::int64_t> count(const Corpus& corpus, int threads) const;

 private:
  template <class Word, class Phrase>
  void walk(const Corpus& corpus, index sentence, const std::vector<bool>& connects, std::string& scratch,
            const Word& word, const Phrase& phrase) const;

  PhraseStyle style_;
  WordTable phrases_;
};

}  // namespace ranvier::words
