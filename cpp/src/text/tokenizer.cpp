#include "text/tokenizer.hpp"

#include <array>

namespace ranvier::words {

namespace {

// What each byte becomes: itself, its lower case, or 0 where it is left out.
std::array<char, 256> translation(bool lower, bool strip) {
  std::array<char, 256> table{};
  for (int c = 0; c < 256; ++c) {
    const bool upper = c >= 'A' && c <= 'Z', letter = upper || (c >= 'a' && c <= 'z'), digit = c >= '0' && c <= '9';
    const bool punctuation = c > ' ' && c < 127 && !letter && !digit;
    table[static_cast<std::size_t>(c)] = static_cast<char>(strip && punctuation ? 0 : lower && upper ? c + 32 : c);
  }
  return table;
}

}  // namespace

std::string_view Tokenizer::standardized(std::string_view text) {
  static const std::array<char, 256> kTables[] = {translation(true, false), translation(false, true),
                                                  translation(true, true)};
  if (!options_.lower && !options_.strip_punctuation) return text;
  const auto& table = kTables[options_.lower ? (options_.strip_punctuation ? 2 : 0) : 1];
  text_.resize(text.size());
  std::size_t n = 0;
  for (const char c : text) {
    text_[n] = table[static_cast<unsigned char>(c)];
    n += text_[n] != 0 || c == 0;
  }
  return std::string_view(text_).substr(0, n);
}

}  // namespace ranvier::words
