// A bound on the words that are known while a text is read: when there are more after a sentence, rare ones go.
#pragma once

#include <cstdint>
#include <vector>

#include "text/word_table.hpp"

namespace ranvier::words {

struct Corpus;

/// Prunes as gensim does: after each sentence that leaves more than `most` words, those with a smaller count than a
/// bound are dropped, and the bound, 1 at first, goes up by one. A word that is dropped is dropped with its places in
/// the text; if it comes again, it is a new one.
///
/// Tokens of a limited corpus are labels, which are given out in order and never again, so that nothing has to be
/// looked for when a word goes. Once half of the text may belong to words that are no more, it is taken out.
class WordLimit {
 public:
  explicit WordLimit(index most) : most_(most) {}

  /// The label of word `number`, which is in the table.
  std::int32_t label(std::int32_t number) {
    if (static_cast<std::size_t>(number) == labels_.size()) labels_.push_back(next_++);
    return labels_[static_cast<std::size_t>(number)];
  }

  /// At the end of a sentence; true if words have gone, and others have other numbers.
  bool prune(Corpus& corpus);

  /// Turns the labels of the text into numbers of words, and takes out those of words that are no more.
  void settle(Corpus& corpus);

 private:
  index most_;
  std::int64_t least_ = 1;
  std::vector<std::int32_t> labels_;  // of each word, rising
  std::int32_t next_ = 0;
};

}  // namespace ranvier::words
