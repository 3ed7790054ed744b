// Vectors as lines of text: a word and its numbers, as word2vec and GloVe write them.
#pragma once

#include <string>
#include <vector>

#include "text/row_store.hpp"

namespace ranvier::words {

/// Reads lines that come in pieces of any size, each piece on several threads: they count lines first, so that each
/// knows where its rows belong, then read numbers straight into their place.
///
/// Numbers stand apart by spaces or tabs; the word is what comes before them and may hold spaces, as long as what
/// stands before the numbers is no number itself. Empty lines count as lines only.
class VectorLines {
 public:
  struct Options {
    ElementType type = ElementType::float32;
    index columns = -1;    // numbers in a line; -1: as many as the first line has
    index rows = -1;       // how many a header promises, or -1
    index most_rows = -1;  // where to stop, or -1
    index first_line = 1;  // its number, in messages
    bool finite = true;    // NaN and infinity are errors
  };

  explicit VectorLines(const Options& options);

  /// Reads a piece. Throws std::invalid_argument, "line 7: ...", for the first line that is wrong.
  void feed(const char* bytes, index size);
  /// The last line may lack its end. Throws where rows are missing.
  void finish();

  /// Whether the wanted number of rows is there.
  bool full() const { return options_.most_rows >= 0 && rows() >= options_.most_rows; }
  index rows() const { return static_cast<index>(words_.ends.size()); }
  index columns() const { return store_.columns(); }
  const WordList& words() const { return words_; }
  RowStore::Memory release() { return store_.release(rows()); }
  /// Number of the line that a row came from.
  index line_of(index row) const;

 private:
  void read(const char* begin, const char* end);
  void find_columns(const char* begin, const char* end);

  Options options_;
  RowStore store_;
  WordList words_;
  std::string begun_;  // a line whose end has not come yet
  index lines_ = 0;
  std::vector<index> empty_lines_;  // before which row each stands
};

}  // namespace ranvier::words
