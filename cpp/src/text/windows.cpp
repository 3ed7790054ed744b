#include "text/windows.hpp"

#include <algorithm>

namespace ranvier::words {

void Windows::read_sentence(index sentence) {
  const Corpus& corpus = *reading_->corpus;
  const auto begin = corpus.starts[static_cast<std::size_t>(sentence)];
  const auto end = corpus.starts[static_cast<std::size_t>(sentence) + 1];
  words_.clear();
  place_ = 0;
  for (index at = begin; at < end; ++at) {
    const std::int32_t token = corpus.tokens[static_cast<std::size_t>(at)];
    const std::int32_t number = reading_->numbers[static_cast<std::size_t>(token)];
    if (number < 0) continue;
    const std::uint64_t key = draws_.at(at), bits = draw(key, 0);
    if (upper(bits) <= reading_->keep[static_cast<std::size_t>(number)]) words_.push_back({number, lower(bits), key});
  }
}

void Windows::add_step(Batch& batch, index place) const {
  const Word& word = words_[static_cast<std::size_t>(place)];
  const index less = reading_->shrink ? below(word.window_bits, static_cast<std::uint32_t>(reading_->window)) : 0;
  const index reach = reading_->window - less;
  const index begin = std::max<index>(0, place - reach);
  const index end = std::min(static_cast<index>(words_.size()), place + reach + 1);
  if (end - begin < 2) return;
  batch.steps.push_back({word.number, static_cast<std::int32_t>(batch.contexts.size()),
                         static_cast<std::int32_t>(end - begin - 1), next_ - 1, word.key});
  for (index i = begin; i < end; ++i)
    if (i != place) batch.contexts.push_back(words_[static_cast<std::size_t>(i)].number);
}

void Windows::fill(Batch& batch, index most) {
  batch.steps.clear();
  batch.contexts.clear();
  while (static_cast<index>(batch.steps.size()) < most) {
    if (place_ < static_cast<index>(words_.size())) {
      add_step(batch, place_++);
    } else if (next_ < end_) {
      read_sentence(next_++);
    } else {
      return;
    }
  }
}

}  // namespace ranvier::words
