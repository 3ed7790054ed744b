#include "text/word_limit.hpp"

#include <algorithm>

#include "text/corpus.hpp"

namespace ranvier::words {

namespace {

constexpr std::size_t kFewLabels = 1 << 16;    // of words that are no more, for which nothing is done
constexpr std::size_t kManyLabels = 1u << 30;  // for which something is: there are 2^31

}  // namespace

bool WordLimit::prune(Corpus& corpus) {
  if (corpus.words.size() <= most_) return false;
  const std::vector<std::int32_t> kept = corpus.words.prune(least_++);
  const bool gone = kept.size() < labels_.size();
  for (std::size_t i = 0; i < kept.size(); ++i) labels_[i] = labels_[static_cast<std::size_t>(kept[i])];
  labels_.resize(kept.size());
  const std::size_t lost = static_cast<std::size_t>(next_) - labels_.size();
  if (lost > std::clamp(corpus.tokens.size() / 2, kFewLabels, kManyLabels)) settle(corpus);
  return gone;
}

void WordLimit::settle(Corpus& corpus) {
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(next_), -1);
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    numbers[static_cast<std::size_t>(labels_[i])] = static_cast<std::int32_t>(i);
    labels_[i] = static_cast<std::int32_t>(i);
  }
  next_ = static_cast<std::int32_t>(labels_.size());
  std::size_t from = 0, to = 0;
  for (std::size_t sentence = 1; sentence < corpus.starts.size(); ++sentence) {
    for (; from < static_cast<std::size_t>(corpus.starts[sentence]); ++from) {
      const std::int32_t number = numbers[static_cast<std::size_t>(corpus.tokens[from])];
      if (number >= 0) corpus.tokens[to++] = number;
    }
    corpus.starts[sentence] = static_cast<index>(to);
  }
  corpus.tokens.resize(to);
}

}  // namespace ranvier::words
