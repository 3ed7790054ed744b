#include "text/corpus.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include "runtime/error.hpp"
#include "text/utf8.hpp"

namespace ranvier::words {

namespace {

enum ByteKind : unsigned char { kLetter, kSpace, kLineEnd, kWide };

constexpr std::array<ByteKind, 256> byte_kinds() {
  std::array<ByteKind, 256> kinds{};
  for (int c = 0; c < 256; ++c)
    kinds[static_cast<std::size_t>(c)] = c >= 0x80                                                      ? kWide
                                         : c == '\n'                                                    ? kLineEnd
                                         : c == ' ' || (c >= '\t' && c <= '\r') || (c >= 28 && c <= 31) ? kSpace
                                                                                                        : kLetter;
  return kinds;
}

constexpr std::array<ByteKind, 256> kKinds = byte_kinds();
constexpr std::int64_t kSmallNumbers = 1 << 24;  // whose words are found without hashing
constexpr char32_t kCapitalSigma = 0x3A3, kFinalSigma = 0x3C2, kCapitalDottedI = 0x130, kDotAbove = 0x307;

ByteKind kind_of(char c) { return kKinds[static_cast<unsigned char>(c)]; }
bool is_space(char c) { return kind_of(c) == kSpace || kind_of(c) == kLineEnd; }

}  // namespace

std::size_t Corpus::memory() const {
  return words.memory() + tokens.capacity() * sizeof(std::int32_t) + starts.capacity() * sizeof(index);
}

void Corpus::append(Corpus&& other) {
  if (sentences() == 0) {
    *this = std::move(other);
    return;
  }
  const std::vector<std::int32_t> numbers = words.merge(other.words);
  const auto before = static_cast<index>(tokens.size());
  tokens.reserve(tokens.size() + other.tokens.size());
  for (const std::int32_t token : other.tokens) tokens.push_back(numbers[static_cast<std::size_t>(token)]);
  starts.reserve(starts.size() + other.starts.size() - 1);
  for (auto start = other.starts.begin() + 1; start != other.starts.end(); ++start) starts.push_back(before + *start);
}

void refuse(const std::string& name, const InvalidByte& found) {
  static const char* digits = "0123456789abcdef";
  const char byte[] = {'0', 'x', digits[found.byte >> 4], digits[found.byte & 15], 0};
  fail(name, "expected UTF-8, got the byte ", byte, " in line ", found.line, ", byte ", found.column, " (offset ",
       found.offset, "): convert the text, or give errors='replace' or errors='ignore'");
}

void CorpusReader::add_text(std::string_view bytes) {
  std::size_t begin = 0, end = bytes.size();
  while (end > 0 && !is_space(bytes[end - 1])) --end;
  if (end > 0) {
    if (!rest_.empty()) {
      while (!is_space(bytes[begin])) ++begin;
      rest_.append(bytes, 0, begin);
      read_words(rest_);
      rest_.clear();
    }
    read_words(bytes.substr(begin, end - begin));
  }
  rest_.append(bytes, end);
}

void CorpusReader::end_text() {
  read_words(rest_);
  rest_.clear();
  if (offset_ > line_begin_) end_line(offset_);
}

void CorpusReader::read_words(std::string_view bytes) {
  const char *at = bytes.data(), *const end = at + bytes.size();
  const auto offset = [&](const char* p) { return offset_ + (p - bytes.data()); };
  while (at < end) {
    const ByteKind kind = kind_of(*at);
    if (kind == kLineEnd) end_line(offset(at + 1));
    if (kind == kLineEnd || kind == kSpace) {
      ++at;
      continue;
    }
    const char* const word = at;
    bool wide = false;
    for (; at < end && !is_space(*at); ++at) wide |= kind_of(*at) == kWide;
    const std::string_view run(word, static_cast<std::size_t>(at - word));
    if (wide) {
      read_wide(run, offset(word), true);
    } else {
      add_plain(run);
    }
  }
  offset_ += static_cast<std::int64_t>(bytes.size());
}

void CorpusReader::read_wide(std::string_view bytes, std::int64_t offset, bool split) {
  scratch_.clear();
  char32_t last = 0;
  for (const char *at = bytes.data(), *end = at + bytes.size(); at < end;) {
    Character c = decode(at, end);
    if (c.bytes == 0) {
      const std::int64_t place = offset + (at - bytes.data());
      if (options_.invalid == Invalid::refused)
        throw InvalidByte{place, line_, place - line_begin_ + 1, static_cast<unsigned char>(*at)};
      c = {kReplacement, 1};
      if (options_.invalid == Invalid::ignored) {
        ++at;
        continue;
      }
    }
    at += c.bytes;
    if (split && is_wide_space(c.code)) {
      end_wide(last);
      last = 0;
      continue;
    }
    last = c.code;
    if (c.code < options_.lower.size()) {
      append_utf8(scratch_, options_.lower[c.code]);
      if (c.code == kCapitalDottedI) append_utf8(scratch_, kDotAbove);
    } else {
      append_utf8(scratch_, c.code);
    }
  }
  end_wide(last);
}

// A word that ends with a sigma has its final form, as in Python.
void CorpusReader::end_wide(char32_t last) {
  constexpr std::size_t kSigmaBytes = 2;
  if (scratch_.empty()) return;
  if (last == kCapitalSigma && !options_.lower.empty() && scratch_.size() > kSigmaBytes) {
    scratch_.resize(scratch_.size() - kSigmaBytes);
    append_utf8(scratch_, kFinalSigma);
  }
  add_token(corpus_.words.add(scratch_));
  scratch_.clear();
}

void CorpusReader::add_plain(std::string_view word) {
  if (!options_.lower.empty()) {
    scratch_.assign(word);
    for (char& c : scratch_)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    word = scratch_;
  }
  add_token(corpus_.words.add(word));
}

void CorpusReader::add_word(std::string_view word) {
  const bool wide = std::any_of(word.begin(), word.end(), [](char c) { return kind_of(c) == kWide; });
  if (wide && !options_.lower.empty()) {
    read_wide(word, 0, false);
  } else {
    add_plain(word);
  }
}

void CorpusReader::add_number(std::int64_t value) {
  char digits[24];
  const char* const end = std::to_chars(digits, std::end(digits), value).ptr;
  const std::string_view word(digits, static_cast<std::size_t>(end - digits));
  if (value < 0 || value >= kSmallNumbers) return add_token(corpus_.words.add(word));
  const auto place = static_cast<std::size_t>(value);
  if (place >= number_words_.size()) number_words_.resize(std::max(2 * number_words_.size(), place + 1), -1);
  std::int32_t& number = number_words_[place];
  if (number < 0) {
    number = corpus_.words.add(word);
  } else {
    corpus_.words.add_again(number);
  }
  add_token(number);
}

void CorpusReader::add_token(std::int32_t number) {
  corpus_.tokens.push_back(options_.most_words > 0 ? limit_.label(number) : number);
  cut_ = false;
  if (static_cast<index>(corpus_.tokens.size()) - corpus_.starts.back() < options_.longest_sentence) return;
  end_sentence();
  cut_ = true;
}

// Where a sentence was cut after its last word, it has ended.
void CorpusReader::end_sentence() {
  if (std::exchange(cut_, false)) return;
  corpus_.starts.push_back(static_cast<index>(corpus_.tokens.size()));
  if (options_.most_words > 0 && limit_.prune(corpus_)) number_words_.clear();
}

Corpus CorpusReader::take() {
  if (options_.most_words > 0) limit_.settle(corpus_);
  return std::move(corpus_);
}

void CorpusReader::end_line(std::int64_t next) {
  end_sentence();
  ++line_;
  line_begin_ = next;
}

}  // namespace ranvier::words
