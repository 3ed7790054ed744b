#include "text/vector_writer.hpp"

#include <algorithm>
#include <cstring>

#include "runtime/error.hpp"
#include "runtime/threads.hpp"
#include "text/decimal.hpp"
#include "text/row_store.hpp"

namespace ranvier::words {

namespace {

bool is_number(std::string_view field) {
  double value;
  return parse_number(field.data(), field.data() + field.size(), value) == field.data() + field.size();
}

// Why a word cannot stand in a file, or null.
const char* fault(std::string_view word, bool binary) {
  if (word.empty()) return "it is empty";
  if (word.find_first_of("\n\r") != word.npos) return "it has a line end in it";
  const std::size_t gap = word.find_last_of(" \t");
  if (binary) return word.find(' ') == word.npos ? nullptr : "it has a space in it, where a word of this form ends";
  if (gap == word.npos) return nullptr;
  if (gap + 1 == word.size() || word.find_first_of(" \t") == 0) return "it begins or ends with a blank";
  return is_number(word.substr(gap + 1)) ? "its last part would be read as a number of the vector" : nullptr;
}

template <class T>
void write_line(std::string_view word, const T* numbers, index count, std::string& out) {
  out.append(word);
  char number[kLongestNumber + 1] = " ";
  for (index j = 0; j < count; ++j) out.append(number, format_number(numbers[j], number + 1));
  out += '\n';
}

template <class T>
void write_rows(const std::vector<std::string_view>& words, const ArrayView& vectors, index first, Range rows,
                bool binary, std::string& out) {
  const index n = vectors.row_elements();
  std::vector<T> numbers(static_cast<std::size_t>(n));
  for (index i = rows.begin; i < rows.end; ++i) {
    gather(vectors, nullptr, first + i, 1, numbers.data());
    if (!binary) {
      write_line(words[i], numbers.data(), n, out);
      continue;
    }
    out.append(words[i]);
    out += ' ';
    for (index j = 0; j < n; ++j) {
      const auto number = static_cast<float>(numbers[j]);
      char bytes[sizeof number];
      std::memcpy(bytes, &number, sizeof number);
      out.append(bytes, sizeof number);
    }
  }
}

}  // namespace

std::string write_vectors(const std::vector<std::string_view>& words, const ArrayView& vectors, index first,
                          bool binary) {
  for (const std::string_view word : words)
    if (const char* const why = fault(word, binary))
      throw std::invalid_argument(text("the word ", excerpt(word.data(), word.size()), " cannot be written: ", why,
                                       "; save() keeps words as they are"));
  const int threads = num_threads();
  std::vector<std::string> parts(static_cast<std::size_t>(threads));
  run_team(threads, [&](Team& team) {
    const Range rows = team.share(static_cast<index>(words.size()));
    std::string& out = parts[static_cast<std::size_t>(team.rank())];
    if (vectors.type == ElementType::float64)
      write_rows<double>(words, vectors, first, rows, binary, out);
    else
      write_rows<float>(words, vectors, first, rows, binary, out);
  });
  for (std::size_t i = 1; i < parts.size(); ++i) parts[0] += parts[i];
  return std::move(parts[0]);
}

}  // namespace ranvier::words
