// A text as numbers: read once, in whatever form it comes, and never changed after.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/word_limit.hpp"
#include "text/word_table.hpp"

namespace ranvier::words {

/// Sentence s is tokens[starts[s]] .. tokens[starts[s + 1] - 1], each the number of a word in `words`.
struct Corpus {
  WordTable words;
  std::vector<std::int32_t> tokens;
  std::vector<index> starts{0};

  index sentences() const { return static_cast<index>(starts.size()) - 1; }
  std::size_t memory() const;

  /// Adds the sentences of another corpus after those that are here.
  void append(Corpus&& other);
};

/// What becomes of bytes that are no UTF-8.
enum class Invalid { refused, replaced, ignored };

struct ReadOptions {
  index longest_sentence = 10000;  // in words: a longer one is cut, and nothing lost
  index most_words = 0;            // while reading, see WordLimit; 0: no limit
  Invalid invalid = Invalid::refused;
  std::vector<char32_t> lower;  // of each code point, as far as it goes; empty: letters stay as they are
  std::string name = "corpus";  // in errors
};

/// A byte that is no UTF-8. Lines and the bytes of a line are counted from 1, from where the reader began.
struct InvalidByte {
  std::int64_t offset, line, column;
  unsigned char byte;
};

/// Throws std::invalid_argument with the place of the byte and the way out.
[[noreturn]] void refuse(const std::string& name, const InvalidByte& found);

/// Gathers a corpus from text, or from sentences word by word. Words of a text are what is between white space, as
/// Python's str.split has it; a line is a sentence.
class CorpusReader {
 public:
  explicit CorpusReader(ReadOptions options) : options_(std::move(options)), limit_(options_.most_words) {}

  /// The next bytes of a text; words and characters may go on in the next piece. Throws InvalidByte.
  void add_text(std::string_view bytes);
  /// The text is at its end: what has been held back is taken.
  void end_text();

  /// The next word of the sentence, in valid UTF-8. White space is part of it.
  void add_word(std::string_view word);
  /// The same for the number `value`, whose word is its decimal digits.
  void add_number(std::int64_t value);
  void end_sentence();

  Corpus take();
  std::int64_t done() const { return offset_; }

 private:
  void read_words(std::string_view bytes);
  void read_wide(std::string_view bytes, std::int64_t offset, bool split);  // with bytes above 127
  void end_wide(char32_t last);
  void add_plain(std::string_view word);
  void add_token(std::int32_t number);
  void end_line(std::int64_t next);

  ReadOptions options_;
  Corpus corpus_;
  WordLimit limit_;
  std::string rest_, scratch_;
  std::vector<std::int32_t> number_words_;  // the word of each small number, or -1
  bool cut_ = false;                        // the sentence, after its last word
  std::int64_t offset_ = 0;                 // bytes read
  std::int64_t line_ = 1, line_begin_ = 0;
};

}  // namespace ranvier::words
