#include "text/noise.hpp"

#include <cmath>

namespace ranvier::words {

NoiseTable::NoiseTable(const std::vector<std::int64_t>& counts, double exponent) : columns_(counts.size()) {
  constexpr double kWhole = 4294967295;
  const std::size_t n = counts.size();
  std::vector<double> weight(n);
  double total = 0;
  for (std::size_t i = 0; i < n; ++i) total += weight[i] = std::pow(static_cast<double>(counts[i]), exponent);
  std::vector<std::int32_t> small, large;
  for (std::size_t i = 0; i < n; ++i) {
    weight[i] *= static_cast<double>(n) / total;
    (weight[i] < 1 ? small : large).push_back(static_cast<std::int32_t>(i));
  }
  // A column that its own word does not fill is filled by a word that has too much.
  while (!small.empty() && !large.empty()) {
    const auto needy = static_cast<std::size_t>(small.back()), rich = static_cast<std::size_t>(large.back());
    small.pop_back();
    columns_[needy] = {static_cast<std::uint32_t>(weight[needy] * kWhole), large.back()};
    weight[rich] -= 1 - weight[needy];
    if (weight[rich] < 1) {
      small.push_back(large.back());
      large.pop_back();
    }
  }
  for (const auto* rest : {&small, &large})
    for (const std::int32_t i : *rest) columns_[static_cast<std::size_t>(i)] = {static_cast<std::uint32_t>(kWhole), i};
}

}  // namespace ranvier::words
