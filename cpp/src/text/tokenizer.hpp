// Texts cut into tokens: lower case, punctuation, words or characters, n-grams.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ranvier/shape.hpp"
#include "text/utf8.hpp"

namespace ranvier::words {

enum class Splitting { whitespace, character, none };

struct TokenizerOptions {
  bool lower = false;              // letters of ASCII
  bool strip_punctuation = false;  // the 32 characters of ASCII
  Splitting splitting = Splitting::whitespace;
  std::vector<index> ngrams;  // widths of the runs of tokens to take, in this order; empty: tokens as they are
};

/// Of one thread: it has memory of its own.
class Tokenizer {
 public:
  explicit Tokenizer(const TokenizerOptions& options) : options_(options) {}

  /// Calls f(token) for each token of a row: that is one text in valid UTF-8, or several, of which each is cut alone.
  template <class F>
  void for_tokens(const std::string_view* texts, index count, const F& f) {
    if (options_.ngrams.empty() && count == 1) return for_pieces(standardized(texts[0]), f);
    pieces_.clear();
    spans_.clear();
    for (index t = 0; t < count; ++t) {
      for_pieces(standardized(texts[t]), [&](std::string_view piece) {
        spans_.push_back(pieces_.size());
        pieces_.append(piece);
        pieces_.push_back(' ');
      });
    }
    spans_.push_back(pieces_.size());
    // The tokens of an n-gram lie side by side already, with a space between two.
    const auto pieces = static_cast<index>(spans_.size()) - 1;
    const auto run = [&](index width) {
      for (index i = 0; i + width <= pieces; ++i) {
        const std::size_t begin = spans_[static_cast<std::size_t>(i)],
                          end = spans_[static_cast<std::size_t>(i + width)];
        f(std::string_view(pieces_).substr(begin, end - 1 - begin));
      }
    };
    if (options_.ngrams.empty()) run(1);
    for (const index width : options_.ngrams) run(width);
  }

 private:
  std::string_view standardized(std::string_view text);

  template <class F>
  void for_pieces(std::string_view text, const F& f) const {
    const char *at = text.data(), *const end = at + text.size();
    const auto piece = [](const char* from, const char* to) {
      return std::string_view(from, static_cast<std::size_t>(to - from));
    };
    switch (options_.splitting) {
      case Splitting::none:
        f(text);
        return;
      case Splitting::character:
        while (at < end) {
          const char* const from = at;
          at += bytes_at(at);
          f(piece(from, at));
        }
        return;
      case Splitting::whitespace:
        while (at < end) {
          const char* const from = at;
          while (at < end && space_at(at, end) == 0) at += bytes_at(at);
          if (at > from) f(piece(from, at));
          if (at < end) at += space_at(at, end);
        }
    }
  }

  static int bytes_at(const char* at) {
    const auto first = static_cast<unsigned char>(*at);
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  }

  /// Bytes of the white space at `at`, as Python's str.split has it; 0 if there is none.
  static int space_at(const char* at, const char* end) {
    const auto first = static_cast<unsigned char>(*at);
    if (first < 0x80) return first == ' ' || (first >= '\t' && first <= '\r') || (first >= 28 && first <= 31);
    const Character c = decode(at, end);
    return is_wide_space(c.code) ? c.bytes : 0;
  }

  TokenizerOptions options_;
  std::string text_, pieces_;
  std::vector<std::size_t> spans_;
};

}  // namespace ranvier::words
