// Rows of numbers that arrive one after the other, nobody knows how many: memory that grows without being copied.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "ranvier/shape.hpp"
#include "runtime/array.hpp"

namespace ranvier::words {

/// Rows of `columns` numbers of 16, 32 or 64 bits. Large blocks move by page tables where the C library can, so that
/// growing needs no second copy, and pages that are never written cost nothing.
class RowStore {
 public:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  using Memory = std::unique_ptr<void, Free>;

  explicit RowStore(ElementType type) : type_(type) {}

  ElementType type() const { return type_; }
  index columns() const { return columns_; }
  void set_columns(index columns) { columns_ = columns; }
  index row_bytes() const {
    return columns_ * (type_ == ElementType::float16 ? 2 : type_ == ElementType::float32 ? 4 : 8);
  }

  char* row(index i) { return static_cast<char*>(memory_.get()) + i * row_bytes(); }

  /// Makes room for at least `rows` rows, and for half as many again where it has to grow.
  void reserve(index rows) {
    if (rows > capacity_) resize(rows + capacity_ / 2);
  }

  /// Gives the memory away, cut to `rows` rows.
  Memory release(index rows) {
    if (rows != capacity_ || !memory_) resize(rows);
    capacity_ = 0;
    return std::move(memory_);
  }

 private:
  void resize(index rows) {
    const auto bytes = static_cast<std::size_t>(rows * row_bytes());
    void* const moved = std::realloc(memory_.get(), bytes ? bytes : 1);
    if (!moved) throw std::bad_alloc();
    static_cast<void>(memory_.release());
    memory_.reset(moved);
    capacity_ = rows;
  }

  ElementType type_;
  index columns_ = 0, capacity_ = 0;
  Memory memory_;
};

/// Words one after the other.
struct WordList {
  std::string text;
  std::vector<std::size_t> ends;

  void add(const char* word, std::size_t length) {
    text.append(word, length);
    ends.push_back(text.size());
  }
  void append(const WordList& other) {
    const std::size_t before = text.size();
    text += other.text;
    for (const std::size_t end : other.ends) ends.push_back(before + end);
  }
};

/// The beginning of bytes that somebody should see in a message, in quotes, without control characters.
inline std::string excerpt(const char* bytes, std::size_t length) {
  constexpr std::size_t kMost = 40;
  std::string seen(bytes, length < kMost ? length : kMost);
  for (char& c : seen)
    if (static_cast<unsigned char>(c) < ' ') c = '?';
  return "'" + seen + (length > kMost ? "...'" : "'");
}

}  // namespace ranvier::words
