#include "text/vector_lines.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <string_view>

#include "runtime/error.hpp"
#include "runtime/threads.hpp"
#include "text/decimal.hpp"

namespace ranvier::words {

namespace {

constexpr index kLongestLine = index{1} << 28;  // bytes: nothing is ever held that is larger
constexpr index kLeastPiece = 1 << 15;          // bytes that are worth a thread's turn

bool is_gap(char c) { return c == ' ' || c == '\t'; }

// A line without its end and the blanks before that; empty if there is nothing else.
std::string_view trimmed(const char* begin, const char* end) {
  while (end > begin && (is_gap(end[-1]) || end[-1] == '\r' || end[-1] == '\n')) --end;
  return {begin, static_cast<std::size_t>(end - begin)};
}

const char* line_end(const char* begin, const char* end) {
  const void* const found = std::memchr(begin, '\n', static_cast<std::size_t>(end - begin));
  return found ? static_cast<const char*>(found) : end;
}

// Where the field before `p` begins; the blanks after it are skipped.
const char* field_before(const char* begin, const char* p) {
  while (p > begin && is_gap(p[-1])) --p;
  while (p > begin && !is_gap(p[-1])) --p;
  return p;
}

std::string_view field_at(const char* p, const char* end) {
  const char* const stop = std::find_if(p, end, is_gap);
  return {p, static_cast<std::size_t>(stop - p)};
}

bool is_number(std::string_view field) {
  double value;
  return !field.empty() &&
         parse_number(field.data(), field.data() + field.size(), value) == field.data() + field.size();
}

// How many of a line's fields are numbers, from its end on, but for its first field.
index numbers_at_end(std::string_view line) {
  const char *const begin = line.data(), *const end = begin + line.size();
  index count = 0;
  for (const char* p = field_before(begin, end); p > begin && is_number(field_at(p, end)); p = field_before(begin, p))
    ++count;
  return count;
}

std::string counted(index count) { return text(count, count == 1 ? " number" : " numbers"); }

// Numbers in their final place, all of one line.
struct Numbers {
  ElementType type;
  char* row;

  // Reads the number at p into column j. Null if there is none.
  const char* read(const char* p, const char* end, index j) const {
    if (type == ElementType::float32) return read_as<float>(p, end, j);
    if (type == ElementType::float64) return read_as<double>(p, end, j);
    double value;
    p = parse_number(p, end, value);
    if (!p) return nullptr;
    const std::uint16_t bits = half_bits(value);
    std::memcpy(row + 2 * j, &bits, sizeof bits);
    return p;
  }
  template <class T>
  const char* read_as(const char* p, const char* end, index j) const {
    T value;
    p = parse_number(p, end, value);
    if (p) std::memcpy(row + static_cast<index>(sizeof(T)) * j, &value, sizeof value);
    return p;
  }
  // The first column that holds no finite number, or -1.
  index first_nonfinite(index columns) const {
    if (type == ElementType::float32) return nonfinite<std::uint32_t>(columns, 0x7f800000);
    if (type == ElementType::float64) return nonfinite<std::uint64_t>(columns, 0x7ff0000000000000);
    return nonfinite<std::uint16_t>(columns, 0x7c00);
  }
  template <class Bits>
  index nonfinite(index columns, Bits exponent) const {
    for (index j = 0; j < columns; ++j) {
      Bits bits;
      std::memcpy(&bits, row + static_cast<index>(sizeof bits) * j, sizeof bits);
      if ((bits & exponent) == exponent) return j;
    }
    return -1;
  }
};

// A line whose word is its first field and whose numbers fit: nearly all. Returns the length of the word, or -1.
index read_plain(std::string_view line, const Numbers& numbers, index columns) {
  const char *const begin = line.data(), *const end = begin + line.size();
  const char* p = std::find_if(begin, end, is_gap);
  const index word = p - begin;
  for (index j = 0; j < columns; ++j) {
    if (p == end || !is_gap(*p)) return -1;
    do ++p;
    while (p < end && is_gap(*p));
    p = numbers.read(p, end, j);
    if (!p) return -1;
  }
  return p == end ? word : -1;
}

// Any line, from its end. Returns the length of the word; throws what is wrong.
index read_any(std::string_view line, const Numbers& numbers, index columns) {
  const char *const begin = line.data(), *const end = begin + line.size();
  const char* p = end;
  for (index j = columns; j-- > 0;) {
    p = field_before(begin, p);
    const std::string_view field = field_at(p, end);
    const char* const stop = field.data() + field.size();
    if (p == begin && !is_gap(*begin))
      throw std::invalid_argument(text("expected a word and ", counted(columns), ", got ",
                                       counted(numbers_at_end(line)), " after ", excerpt(field.data(), field.size())));
    if (numbers.read(p, stop, j) != stop)
      throw std::invalid_argument(text("expected ", counted(columns), " after the word, but ",
                                       excerpt(field.data(), field.size()), " is none"));
  }
  while (p > begin && is_gap(p[-1])) --p;
  const std::string_view last = field_at(field_before(begin, p), p);
  if (last.data() > begin && is_number(last))
    throw std::invalid_argument(
        text("expected ", counted(columns), " after the word, got ", counted(numbers_at_end(line))));
  return p - begin;
}

// What one thread does at a time: whole lines, and what came of them.
struct Piece {
  const char *begin, *end;
  index lines = 0, rows = 0;
  index first_line = 0, first_row = 0, most_rows = 0;
  WordList words;
  std::vector<index> empty_lines;
  index bad_line = -1;
  std::exception_ptr failure;

  template <class F>
  void for_lines(const F& f) const {
    index number = first_line;
    for (const char* p = begin; p < end; ++number) {
      const char* const stop = line_end(p, end);
      f(trimmed(p, stop), number);
      p = stop + 1;
    }
  }

  // Number of the line with the next row after `row` rows.
  index line_after(index row) const {
    index found = first_line;
    for_lines([&](std::string_view line, index number) {
      if (!line.empty() && row-- == 0) found = number;
    });
    return found;
  }

  // A line that is too short for its numbers is the last one counted: no memory is taken for more than lines can hold.
  void count(index columns) {
    bool short_line = false;
    for_lines([&](std::string_view line, index) {
      ++lines;
      rows += !line.empty() && !short_line;
      short_line = short_line || (!line.empty() && static_cast<index>(line.size()) < 2 * columns);
    });
  }

  void read(RowStore& store, bool finite) {
    const index columns = store.columns();
    index row = first_row;
    bool failed = false;
    for_lines([&](std::string_view line, index number) {
      if (failed || row == first_row + most_rows) return;
      if (line.empty()) {
        empty_lines.push_back(row);
        return;
      }
      const Numbers numbers{store.type(), store.row(row)};
      try {
        index word = read_plain(line, numbers, columns);
        if (word < 0) word = read_any(line, numbers, columns);
        if (finite) check_finite(line, numbers, columns, word);
        words.add(line.data(), static_cast<std::size_t>(word));
      } catch (...) {
        failure = std::current_exception();
        bad_line = number;
        failed = true;
      }
      ++row;
    });
  }

  static void check_finite(std::string_view line, const Numbers& numbers, index columns, index word) {
    const index j = numbers.first_nonfinite(columns);
    if (j < 0) return;
    const char *const end = line.data() + line.size(), *p = end;
    for (index i = columns; i-- > j;) p = field_before(line.data(), p);
    const std::string_view field = field_at(p, end);
    throw std::invalid_argument(text("number ", j + 1, " of ", excerpt(line.data(), static_cast<std::size_t>(word)),
                                     " is not finite: ", excerpt(field.data(), field.size())));
  }
};

std::vector<Piece> cut(const char* begin, const char* end, index count) {
  std::vector<Piece> pieces;
  const index size = std::max(kLeastPiece, (end - begin) / count + 1);
  while (begin < end) {
    const char* stop = end - begin <= size ? end : line_end(begin + size, end) + 1;
    if (stop > end) stop = end;
    pieces.emplace_back();
    pieces.back().begin = begin;
    pieces.back().end = stop;
    begin = stop;
  }
  return pieces;
}

}  // namespace

VectorLines::VectorLines(const Options& options) : options_(options), store_(options.type) {
  if (options.columns >= 0) store_.set_columns(options.columns);
}

void VectorLines::feed(const char* bytes, index size) {
  if (full()) return;
  const char *begin = bytes, *const end = bytes + size;
  if (!begun_.empty()) {
    const char* const stop = line_end(begin, end);
    if (static_cast<index>(begun_.size()) + (stop - begin) > kLongestLine)
      throw std::invalid_argument(text("line ", options_.first_line + lines_, ": longer than ", kLongestLine,
                                       " bytes; is this a text file of vectors?"));
    begun_.append(begin, stop == end ? end : stop + 1);
    if (stop == end) return;
    const std::string line = std::move(begun_);
    begun_.clear();
    read(line.data(), line.data() + line.size());
    begin = stop + 1;
  }
  const char* last = end;
  while (last > begin && last[-1] != '\n') --last;
  if (last > begin) read(begin, last);
  begun_.assign(last, end);
}

void VectorLines::finish() {
  if (!full() && !begun_.empty()) {
    const std::string line = std::move(begun_);
    begun_.clear();
    read(line.data(), line.data() + line.size());
  }
  if (columns() == 0)
    throw std::invalid_argument(text("line ", options_.first_line + lines_, ": the file ends without a vector"));
  const index wanted = options_.rows < 0        ? -1
                       : options_.most_rows < 0 ? options_.rows
                                                : std::min(options_.rows, options_.most_rows);
  if (rows() < wanted)
    throw std::invalid_argument(text("line ", options_.first_line + lines_, ": the file ends after ", rows(),
                                     " vectors, but its header promises ", options_.rows));
}

void VectorLines::find_columns(const char* begin, const char* end) {
  index number = options_.first_line + lines_;
  for (const char* p = begin; p < end; ++number) {
    const char* const stop = line_end(p, end);
    const std::string_view line = trimmed(p, stop);
    p = stop + 1;
    if (line.empty()) continue;
    const index found = numbers_at_end(line);
    if (store_.columns() > 0) {
      // Before memory is taken for what a header says.
      if (static_cast<index>(line.size()) < 2 * store_.columns())
        throw std::invalid_argument(text("line ", number, ": expected a word and ", counted(store_.columns()),
                                         " as the header says, got ", counted(found)));
      return;
    }
    if (found == 0)
      throw std::invalid_argument(
          text("line ", number, ": expected a word and its numbers, got ", excerpt(line.data(), line.size())));
    store_.set_columns(found);
    return;
  }
}

void VectorLines::read(const char* begin, const char* end) {
  if (rows() == 0) find_columns(begin, end);
  const int threads = end - begin < 2 * kLeastPiece ? 1 : num_threads();
  std::vector<Piece> pieces = cut(begin, end, 4 * threads);
  const auto count = static_cast<index>(pieces.size());
  run_team(threads, [&](Team& team) { team.for_each(count, [&](index i) { pieces[i].count(store_.columns()); }); });

  index line = options_.first_line + lines_, row = rows();
  for (Piece& piece : pieces) {
    piece.first_line = line;
    piece.first_row = row;
    piece.most_rows = options_.most_rows < 0 ? piece.rows : std::clamp<index>(options_.most_rows - row, 0, piece.rows);
    if (options_.rows >= 0) piece.most_rows = std::clamp<index>(options_.rows - row, 0, piece.most_rows);
    line += piece.lines;
    row += piece.rows;
  }
  const index wanted = pieces.back().first_row + pieces.back().most_rows;
  if (row > rows()) store_.reserve(std::max(rows(), std::min(row, wanted)));
  run_team(threads,
           [&](Team& team) { team.for_each(count, [&](index i) { pieces[i].read(store_, options_.finite); }); });

  for (Piece& piece : pieces) {
    if (piece.failure) {
      try {
        std::rethrow_exception(piece.failure);
      } catch (const std::invalid_argument& error) {
        throw std::invalid_argument(text("line ", piece.bad_line, ": ", error.what()));
      }
    }
    words_.append(piece.words);
    empty_lines_.insert(empty_lines_.end(), piece.empty_lines.begin(), piece.empty_lines.end());
  }
  lines_ = line - options_.first_line;
  if (full()) return;
  for (const Piece& piece : pieces)
    if (piece.rows > piece.most_rows)
      throw std::invalid_argument(text("line ", piece.line_after(piece.most_rows), ": the header promises ",
                                       options_.rows, " vectors, but there are more"));
}

index VectorLines::line_of(index row) const {
  const auto before = std::upper_bound(empty_lines_.begin(), empty_lines_.end(), row) - empty_lines_.begin();
  return options_.first_line + row + before;
}

}  // namespace ranvier::words
