// Vectors written as lines of text or as records of word2vec's binary form.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/array.hpp"

namespace ranvier::words {

/// Rows first .. first + words.size() of `vectors`, each after its word. A number is written as the shortest decimal
/// that reads back the same, or in binary with 32 bits. Throws std::invalid_argument for a word that could not be read
/// back: one that is empty or has blanks where the form has no room for them.
std::string write_vectors(const std::vector<std::string_view>& words, const ArrayView& vectors, index first,
                          bool binary);

}  // namespace ranvier::words
