#include "text/spelling.hpp"

#include <algorithm>

namespace ranvier::words {

Spelling::Spelling(std::u32string_view word, index most)
    : word_(word),
      most_(static_cast<std::size_t>(most)),
      bound_(std::max<index>(1, static_cast<index>(word.size()) / 3)),
      before_(word.size() + 1),
      above_(word.size() + 1),
      row_(word.size() + 1) {}

bool Spelling::fits(index length) const {
  const index difference = length - static_cast<index>(word_.size());
  return difference <= bound_ && -difference <= bound_;
}

void Spelling::offer(const char32_t* word, index length, index number) {
  if (!fits(length)) return;
  const index d = distance(word, length);
  if (d > bound_) return;
  const auto place = std::upper_bound(found_.begin(), found_.end(), d,
                                      [](index distance, const Found& f) { return distance < f.distance; });
  found_.insert(place, {d, number});
  if (found_.size() > most_) found_.pop_back();
  if (found_.size() == most_) bound_ = std::min(bound_, found_.back().distance - 1);
}

std::vector<index> Spelling::nearest() const {
  std::vector<index> numbers;
  for (const Found& f : found_) numbers.push_back(f.number);
  return numbers;
}

// Rows of the table of distances between beginnings of both words; above the bound, only that it is.
index Spelling::distance(const char32_t* word, index length) {
  const auto n = static_cast<index>(word_.size());
  for (index j = 0; j <= n; ++j) row_[j] = j;
  for (index i = 1; i <= length; ++i) {
    std::swap(before_, above_);
    std::swap(above_, row_);
    row_[0] = i;
    index least = i;
    for (index j = 1; j <= n; ++j) {
      index d = std::min({above_[j] + 1, row_[j - 1] + 1, above_[j - 1] + (word[i - 1] != word_[j - 1])});
      if (i > 1 && j > 1 && word[i - 1] == word_[j - 2] && word[i - 2] == word_[j - 1])
        d = std::min(d, before_[j - 2] + 1);
      row_[j] = d;
      least = std::min(least, d);
    }
    if (least > bound_ + 1) return least;  // a swap may still save one
  }
  return row_[n];
}

}  // namespace ranvier::words
