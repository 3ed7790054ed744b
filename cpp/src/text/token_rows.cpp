#include "text/token_rows.hpp"

#include <algorithm>

#include "text/guarded.hpp"

namespace ranvier::words {

namespace {

std::size_t at(index i) { return static_cast<std::size_t>(i); }

// Calls f(rank, rows) for a contiguous part of the rows on each thread.
template <class F>
void for_parts(index rows, int threads, const F& f) {
  run_guarded(threads, [&](Team& team) { f(team.rank(), team.share(rows)); });
}

}  // namespace

void TokenCounts::add(const TokenCounts& other) {
  const std::vector<std::int32_t> numbers = words.merge(other.words);
  rows.resize(at(words.size()));
  for (std::size_t i = 0; i < numbers.size(); ++i) rows[at(numbers[i])] += other.rows[i];
}

TokenCounts count_tokens(const TextRows& rows, const TokenizerOptions& options, int threads) {
  std::vector<TokenCounts> parts(at(threads));
  for_parts(rows.count, threads, [&](int rank, Range part) {
    Tokenizer tokenizer(options);
    TokenCounts& counts = parts[at(rank)];
    std::vector<index> last_row;
    for (index row = part.begin; row < part.end; ++row) {
      tokenizer.for_tokens(rows.texts.data() + rows.begin(row), rows.end(row) - rows.begin(row),
                           [&](std::string_view token) {
                             const std::size_t word = at(counts.words.add(token));
                             if (word == last_row.size()) {
                               last_row.push_back(-1);
                               counts.rows.push_back(0);
                             }
                             counts.rows[word] += last_row[word] != row;
                             last_row[word] = row;
                           });
    }
  });
  for (int part = 1; part < threads; ++part) parts[0].add(parts[at(part)]);
  return std::move(parts[0]);
}

TokenRows look_up(const TextRows& rows, const TokenizerOptions& options, const WordTable& words, std::int32_t first,
                  int threads) {
  std::vector<TokenRows> parts(at(threads));
  for_parts(rows.count, threads, [&](int rank, Range part) {
    Tokenizer tokenizer(options);
    TokenRows& found = parts[at(rank)];
    found.starts.reserve(at(part.size() + 1));
    for (index row = part.begin; row < part.end; ++row) {
      tokenizer.for_tokens(rows.texts.data() + rows.begin(row), rows.end(row) - rows.begin(row),
                           [&](std::string_view token) {
                             if (token.empty() && first < 2) return;
                             found.tokens.push_back(token.empty() ? 0 : first + words.find(token));
                           });
      found.starts.push_back(static_cast<std::int64_t>(found.tokens.size()));
    }
  });
  TokenRows& all = parts[0];
  for (int part = 1; part < threads; ++part) {
    TokenRows& next = parts[at(part)];
    const std::int64_t before = all.starts.back();
    all.tokens.insert(all.tokens.end(), next.tokens.begin(), next.tokens.end());
    for (auto start = next.starts.begin() + 1; start != next.starts.end(); ++start)
      all.starts.push_back(before + *start);
    next = {};
  }
  return std::move(all);
}

template <class Int>
void pad(const std::int32_t* tokens, const std::int64_t* starts, index rows, index width, Int* y, int threads) {
  for_parts(rows, threads, [&](int, Range part) {
    for (index row = part.begin; row < part.end; ++row) {
      const index n = std::min<index>(width, starts[row + 1] - starts[row]);
      Int* const to = std::copy_n(tokens + starts[row], n, y + row * width);
      std::fill_n(to, width - n, Int(0));
    }
  });
}

template void pad(const std::int32_t*, const std::int64_t*, index, index, std::int32_t*, int);
template void pad(const std::int32_t*, const std::int64_t*, index, index, std::int64_t*, int);

void count_each(const std::int32_t* tokens, const std::int64_t* starts, index rows, index size, const float* factors,
                float* y, int threads) {
  for_parts(rows, threads, [&](int, Range part) {
    for (index row = part.begin; row < part.end; ++row) {
      float* const counts = y + row * size;
      for (index k = starts[row]; k < starts[row + 1]; ++k) ++counts[tokens[k]];
      for (index i = 0; factors && i < size; ++i) counts[i] *= factors[i];
    }
  });
}

}  // namespace ranvier::words
