// Texts as numbers: counts the tokens of many texts, and looks them up.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer.hpp"
#include "text/word_table.hpp"

namespace ranvier::words {

/// Row r is the texts starts[r] .. starts[r + 1] - 1, or text r if `starts` is null.
struct TextRows {
  const std::vector<std::string_view>& texts;
  const std::int64_t* starts;
  index count;

  index begin(index row) const { return starts ? static_cast<index>(starts[row]) : row; }
  index end(index row) const { return begin(row + 1); }
};

struct TokenCounts {
  WordTable words;
  std::vector<std::int64_t> rows;  // in how many rows each word occurs

  void add(const TokenCounts& other);
};

/// Counts the tokens of all rows. Words are numbered by first appearance, whatever the threads.
TokenCounts count_tokens(const TextRows& rows, const TokenizerOptions& options, int threads);

/// Row r has the numbers tokens[starts[r]] .. tokens[starts[r + 1] - 1].
struct TokenRows {
  std::vector<std::int32_t> tokens;
  std::vector<std::int64_t> starts{0};
};

/// Looks up the tokens of all rows: word w of the table is first + w, and an unknown one is first - 1. An empty one is
/// 0, which is padding, or is left out where there is no number for padding (first < 2).
TokenRows look_up(const TextRows& rows, const TokenizerOptions& options, const WordTable& words, std::int32_t first,
                  int threads);

/// y (rows, width) = the first `width` tokens of each row, filled up with zeros.
template <class Int>
void pad(const std::int32_t* tokens, const std::int64_t* starts, index rows, index width, Int* y, int threads);

/// y (rows, size), zeroed before: how often each number occurs in a row, times its factor if there are any.
void count_each(const std::int32_t* tokens, const std::int64_t* starts, index rows, index size, const float* factors,
                float* y, int threads);

}  // namespace ranvier::words
