#include "text/vector_records.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kernels/kernels.hpp"
#include "runtime/error.hpp"
#include "text/decimal.hpp"

namespace ranvier::words {

namespace {

constexpr std::size_t kLongestWord = 1 << 16;  // bytes

}  // namespace

VectorRecords::VectorRecords(ElementType type, index columns, index rows, bool whole, bool finite)
    : store_(type), wanted_(rows), whole_(whole), finite_(finite) {
  store_.set_columns(columns);
}

void VectorRecords::feed(const char* bytes, index size) {
  const char *p = bytes, *const end = bytes + size;
  while (p < end) {
    if (rows() == wanted_) {
      if (!whole_) return;
      p = std::find_if(p, end, [](char c) { return c != '\n' && c != '\r' && c != ' '; });
      if (p < end)
        throw std::invalid_argument(text("the header promises ", wanted_, " vectors, but the file goes on after them"));
      return;
    }
    if (!in_numbers_) {
      if (word_.empty()) p = std::find_if(p, end, [](char c) { return c != '\n'; });
      const void* const space = std::memchr(p, ' ', static_cast<std::size_t>(end - p));
      const char* const stop = space ? static_cast<const char*>(space) : end;
      word_.append(p, std::min<std::size_t>(stop - p, kLongestWord + 1));
      if (word_.size() > kLongestWord)
        throw std::invalid_argument(text("vector ", rows() + 1, ": no word ends within ", kLongestWord,
                                         " bytes; is this a binary file, and its vector size right?"));
      if (!space) return;
      p = stop + 1;
      in_numbers_ = true;
      filled_ = 0;
      // Memory is taken as numbers come, since a header may promise anything.
      numbers_.clear();
    }
    const index wanted = store_.columns() * 4, take = std::min(wanted - filled_, static_cast<index>(end - p));
    numbers_.resize((filled_ + take + 3) / 4);
    std::memcpy(reinterpret_cast<char*>(numbers_.data()) + filled_, p, static_cast<std::size_t>(take));
    p += take;
    filled_ += take;
    if (filled_ == wanted) end_record();
  }
}

void VectorRecords::end_record() {
  const index n = store_.columns(), row = rows();
  const std::string who = text("vector ", row + 1, ", ", excerpt(word_.data(), word_.size()));
  if (finite_ && !kernels::active().f32.all_finite(numbers_.data(), n)) {
    const auto bad = std::find_if(numbers_.begin(), numbers_.end(), [](float x) { return !std::isfinite(x); });
    throw std::invalid_argument(text(who, ": number ", bad - numbers_.begin() + 1, " is not finite: ", *bad));
  }
  store_.reserve(row + 1);
  char* const to = store_.row(row);
  if (store_.type() == ElementType::float32) {
    std::memcpy(to, numbers_.data(), static_cast<std::size_t>(n) * sizeof(float));
  } else if (store_.type() == ElementType::float64) {
    for (index j = 0; j < n; ++j) {
      const double x = numbers_[j];
      std::memcpy(to + 8 * j, &x, sizeof x);
    }
  } else {
    for (index j = 0; j < n; ++j) {
      const std::uint16_t bits = half_bits(numbers_[j]);
      if (finite_ && (bits & 0x7c00) == 0x7c00)
        throw std::invalid_argument(text(who, ": number ", j + 1, " is too large for 16 bits: ", numbers_[j]));
      std::memcpy(to + 2 * j, &bits, sizeof bits);
    }
  }
  words_.add(word_.data(), word_.size());
  word_.clear();
  in_numbers_ = false;
}

void VectorRecords::finish() const {
  if (rows() < wanted_)
    throw std::invalid_argument(text("vector ", rows() + 1, ": the file ends ",
                                     in_numbers_ ? "within its numbers" : "before it", ", but ", wanted_,
                                     " vectors are expected"));
}

}  // namespace ranvier::words
