// Vectors as bytes: a word, a space and its numbers, as word2vec writes them in binary.
#pragma once

#include <string>
#include <vector>

#include "text/row_store.hpp"

namespace ranvier::words {

/// Reads records that come in pieces of any size. Numbers are 32 bits, little-endian; a line end before a word is left
/// out.
class VectorRecords {
 public:
  /// `rows` records of `columns` numbers, all of the file if `whole`; numbers become `type`.
  VectorRecords(ElementType type, index columns, index rows, bool whole, bool finite);

  /// Throws std::invalid_argument, "vector 7: ...", for the first record that is wrong.
  void feed(const char* bytes, index size);
  /// Throws where records are missing.
  void finish() const;

  /// Whether nothing more is wanted.
  bool full() const { return !whole_ && rows() == wanted_; }
  index rows() const { return static_cast<index>(words_.ends.size()); }
  index columns() const { return store_.columns(); }
  const WordList& words() const { return words_; }
  RowStore::Memory release() { return store_.release(rows()); }

 private:
  void end_record();

  RowStore store_;
  WordList words_;
  index wanted_;
  bool whole_, finite_;
  std::string word_;  // of the record that is being read
  bool in_numbers_ = false;
  std::vector<float> numbers_;
  index filled_ = 0;  // bytes of them that have come
};

}  // namespace ranvier::words
