#include "text/phrases.hpp"

#include <algorithm>
#include <atomic>
#include <functional>

#include "text/guarded.hpp"

namespace ranvier::words {

namespace {

std::size_t at(index i) { return static_cast<std::size_t>(i); }

std::vector<bool> connectors_of(const Corpus& corpus, const PhraseStyle& style) {
  std::vector<bool> connects(at(corpus.words.size()));
  for (const std::string& connector : style.connectors) {
    const std::int32_t word = corpus.words.find(connector);
    if (word >= 0) connects[at(word)] = true;
  }
  return connects;
}

// The words begin .. end - 1 of a corpus as one.
std::string_view joined(const Corpus& corpus, index begin, index end, const std::string& delimiter,
                        std::string& scratch) {
  scratch.assign(corpus.words.word(corpus.tokens[at(begin)]));
  for (index t = begin + 1; t < end; ++t) {
    scratch.append(delimiter);
    scratch.append(corpus.words.word(corpus.tokens[at(t)]));
  }
  return scratch;
}

// Counts sentences one after the other.
class Learner {
 public:
  Learner(const Corpus& corpus, const PhraseStyle& style, const std::vector<bool>& connects)
      : corpus_(corpus), style_(style), connects_(connects), numbers_(at(corpus.words.size()), -1) {}

  PhraseCounts counts;

  void add(index sentence) {
    index begin = -1;  // of a pair
    std::int32_t first = -1;
    for (index t = corpus_.starts[at(sentence)]; t < corpus_.starts[at(sentence + 1)]; ++t) {
      const std::size_t token = at(corpus_.tokens[at(t)]);
      if (connects_[token]) continue;
      const std::int32_t word = add_word(token);
      if (begin >= 0) add_pair(joined(corpus_, begin, t + 1, style_.delimiter, scratch_), first, word);
      begin = t;
      first = word;
    }
    counts.total += corpus_.starts[at(sentence + 1)] - corpus_.starts[at(sentence)];
  }

  /// Numbers of words are looked up again: the table has been pruned.
  void forget() { std::fill(numbers_.begin(), numbers_.end(), -1); }

 private:
  std::int32_t add_word(std::size_t token) {
    std::int32_t& number = numbers_[token];
    if (number >= 0) {
      counts.words.add_again(number);
      return number;
    }
    number = counts.words.add(corpus_.words.word(static_cast<std::int32_t>(token)));
    grow();
    return number;
  }

  void add_pair(std::string_view name, std::int32_t first, std::int32_t last) {
    const std::size_t pair = at(counts.words.add(name));
    grow();
    counts.first[pair] = first;
    counts.last[pair] = last;
  }

  void grow() {
    counts.first.resize(at(counts.words.size()), -1);
    counts.last.resize(at(counts.words.size()), -1);
  }

  const Corpus& corpus_;
  const PhraseStyle& style_;
  const std::vector<bool>& connects_;
  std::vector<std::int32_t> numbers_;  // in the table, of the words of the corpus
  std::string scratch_;
};

// Takes over the entries of another table that occur at least so often.
void merge(PhraseCounts& to, const PhraseCounts& from, std::int64_t least) {
  std::vector<std::int32_t> numbers(at(from.words.size()), -1);
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(numbers.size()); ++i) {
    if (from.words.count(i) >= least) numbers[at(i)] = to.words.add(from.words.word(i), from.words.count(i));
  }
  to.first.resize(at(to.words.size()), -1);
  to.last.resize(at(to.words.size()), -1);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] < 0 || from.first[i] < 0 || from.last[i] < 0) continue;
    to.first[at(numbers[i])] = numbers[at(from.first[i])];
    to.last[at(numbers[i])] = numbers[at(from.last[i])];
  }
}

void prune(PhraseCounts& counts) {
  PhraseCounts kept;
  merge(kept, counts, counts.least);
  kept.total = counts.total;
  kept.least = counts.least + 1;
  counts = std::move(kept);
}

// All sentences at once, by several threads; false if the table would have become too large on the way. It only grows,
// so then it is too large in the end.
bool learn_unpruned(PhraseCounts& counts, const Corpus& corpus, const PhraseStyle& style,
                    const std::vector<bool>& connects, index most, int threads) {
  std::vector<PhraseCounts> parts(at(threads));
  std::atomic<bool> full{false};
  run_guarded(threads, [&](Team& team) {
    Learner learner(corpus, style, connects);
    const Range part = team.share(corpus.sentences());
    for (index s = part.begin; s < part.end && !full; ++s) {
      learner.add(s);
      if (learner.counts.words.size() > most) full = true;
    }
    parts[at(team.rank())] = std::move(learner.counts);
  });
  if (full) return false;
  counts = std::move(parts[0]);
  for (int part = 1; part < threads; ++part) {
    merge(counts, parts[at(part)], 0);
    counts.total += parts[at(part)].total;
    if (counts.words.size() > most) return false;
  }
  return true;
}

}  // namespace

void PhraseCounts::learn(const Corpus& corpus, const PhraseStyle& style, index most, int threads) {
  const std::vector<bool> connects = connectors_of(corpus, style);
  PhraseCounts learned;
  if (!learn_unpruned(learned, corpus, style, connects, most, threads)) {
    Learner learner(corpus, style, connects);
    for (index s = 0; s < corpus.sentences(); ++s) {
      learner.add(s);
      if (learner.counts.words.size() <= most) continue;
      prune(learner.counts);
      learner.forget();
    }
    learned = std::move(learner.counts);
  }
  if (words.size() == 0) {
    learned.total += total;
    learned.least = std::max(least, learned.least);
    *this = std::move(learned);
    return;
  }
  total += learned.total;
  least = std::max(least, learned.least);
  merge(*this, learned, 0);
  if (words.size() > most) prune(*this);
}

std::size_t PhraseCounts::memory() const {
  return words.memory() + (first.capacity() + last.capacity()) * sizeof(std::int32_t);
}

PhraseJoiner::PhraseJoiner(const PhraseStyle& style, const std::vector<std::string_view>& phrases) : style_(style) {
  for (const std::string_view phrase : phrases) phrases_.add(phrase);
}

// A word that may begin a phrase waits for the next one that is no connector: both are joined, or it goes alone with
// the connectors behind it. Calls word(token) and phrase(number).
template <class Word, class Phrase>
void PhraseJoiner::walk(const Corpus& corpus, index sentence, const std::vector<bool>& connects, std::string& scratch,
                        const Word& word, const Phrase& phrase) const {
  const index end = corpus.starts[at(sentence + 1)];
  index begin = -1;
  const auto release = [&](index to) {
    for (index k = begin; k < to; ++k) word(corpus.tokens[at(k)]);
  };
  for (index t = corpus.starts[at(sentence)]; t < end; ++t) {
    const std::int32_t token = corpus.tokens[at(t)];
    if (connects[at(token)]) {
      if (begin < 0) word(token);
      continue;
    }
    if (begin >= 0) {
      const std::int32_t found = phrases_.find(joined(corpus, begin, t + 1, style_.delimiter, scratch));
      if (found >= 0) {
        phrase(found);
        begin = -1;
        continue;
      }
      release(t);
    }
    begin = t;
  }
  if (begin >= 0) release(end);
}

Corpus PhraseJoiner::join(const Corpus& corpus, int threads) const {
  const std::vector<bool> connects = connectors_of(corpus, style_);
  std::vector<Corpus> parts(at(threads));
  run_guarded(threads, [&](Team& team) {
    Corpus& part = parts[at(team.rank())];
    std::string scratch;
    std::vector<std::int32_t> words(at(corpus.words.size()), -1), phrases(at(phrases_.size()), -1);
    const auto put = [&part](std::int32_t& number, std::string_view name) {
      if (number < 0) {
        number = part.words.add(name);
      } else {
        part.words.add_again(number);
      }
      part.tokens.push_back(number);
    };
    const Range share = team.share(corpus.sentences());
    for (index s = share.begin; s < share.end; ++s) {
      walk(
          corpus, s, connects, scratch, [&](std::int32_t token) { put(words[at(token)], corpus.words.word(token)); },
          [&](std::int32_t number) { put(phrases[at(number)], phrases_.word(number)); });
      part.starts.push_back(static_cast<index>(part.tokens.size()));
    }
  });
  for (int part = 1; part < threads; ++part) parts[0].append(std::move(parts[at(part)]));
  return std::move(parts[0]);
}

std::vector<std::int64_t> PhraseJoiner::count(const Corpus& corpus, int threads) const {
  const std::vector<bool> connects = connectors_of(corpus, style_);
  std::vector<std::vector<std::int64_t>> parts(at(threads), std::vector<std::int64_t>(at(phrases_.size())));
  run_guarded(threads, [&](Team& team) {
    std::vector<std::int64_t>& counts = parts[at(team.rank())];
    std::string scratch;
    const Range share = team.share(corpus.sentences());
    for (index s = share.begin; s < share.end; ++s) {
      walk(corpus, s, connects, scratch, [](std::int32_t) {}, [&](std::int32_t number) { ++counts[at(number)]; });
    }
  });
  for (int part = 1; part < threads; ++part)
    std::transform(parts[0].begin(), parts[0].end(), parts[at(part)].begin(), parts[0].begin(), std::plus<>());
  return std::move(parts[0]);
}

}  // namespace ranvier::words
