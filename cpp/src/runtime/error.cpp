#include "runtime/error.hpp"

#include <algorithm>

namespace ranvier {

namespace {

// Levenshtein distance: insertions, deletions and substitutions from a to b.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string unknown_name(const std::string& what, const std::string& name, std::vector<std::string> valid) {
  std::sort(valid.begin(), valid.end());
  std::string message = "unknown " + what + " '" + name + "'";
  const auto nearest = std::min_element(valid.begin(), valid.end(), [&](const auto& a, const auto& b) {
    return edit_distance(name, a) < edit_distance(name, b);
  });
  if (nearest != valid.end() && edit_distance(name, *nearest) <= std::max<std::size_t>(2, name.size() / 3))
    message += "; did you mean '" + *nearest + "'?";
  message += " Valid:";
  for (std::size_t i = 0; i < valid.size(); ++i) message += (i ? ", " : " ") + valid[i];
  return message;
}

}  // namespace ranvier
