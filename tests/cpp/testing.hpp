// What the kernel tests share: every instruction set of the machine, reproducible numbers, comparisons.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels.hpp"

namespace testing {

using namespace ranvier::kernels;
using ranvier::kernels::index;  // not the ::index of <strings.h>

template <class T>
const Kernels<T>& of(const Table& table) {
  if constexpr (std::is_same_v<T, float>) {
    return table.f32;
  } else {
    return table.f64;
  }
}

/// Runs body(kernels, isa) with the table of every instruction set that this machine has.
template <class T, class F>
void for_each_isa(F body) {
  for (auto table = available(); *table; table++) {
    INFO("isa ", std::string((*table)->isa));
    body(of<T>(**table), std::string((*table)->isa));
  }
}

template <class T>
std::vector<T> random_vector(index n, unsigned seed, double low = -1, double high = 1) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(low, high);
  std::vector<T> x(n);
  for (T& v : x) v = T(uniform(generator));
  return x;
}

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

/// The row of a table (activations, losses) that is called `name`.
template <class Row>
const Row& find(const Row* rows, index count, const std::string& name) {
  for (index i = 0; i < count; i++) {
    if (name == rows[i].name) return rows[i];
  }
  FAIL("no row is called ", name);
  return rows[0];
}

/// The default parameters of a row.
template <class T, class Row>
std::vector<T> defaults(const Row& row) {
  std::vector<T> p;
  for (const auto& parameter : row.parameters) {
    if (!parameter.name) break;
    p.push_back(T(parameter.value));
  }
  return p;
}

}  // namespace testing
