// Counter-based random numbers: Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy
// as 1, 2, 3" (2011). Element i has counter (i / 4, stream) and word i % 4, whoever draws it.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr index kCounters = 16;  // computed side by side

/// y (kCounters, 4): the words of counters first .. first + kCounters - 1.
inline void philox(std::uint64_t first, RandomKey key, std::uint32_t* y) {
  std::uint32_t c0[kCounters], c1[kCounters], c2[kCounters], c3[kCounters];
  for (index i = 0; i < kCounters; i++) {
    const std::uint64_t counter = first + std::uint64_t(i);
    c0[i] = std::uint32_t(counter);
    c1[i] = std::uint32_t(counter >> 32);
    c2[i] = std::uint32_t(key.stream);
    c3[i] = std::uint32_t(key.stream >> 32);
  }
  std::uint32_t k0 = std::uint32_t(key.seed), k1 = std::uint32_t(key.seed >> 32);
  for (int round = 0; round < 10; round++) {
    for (index i = 0; i < kCounters; i++) {
      const std::uint64_t a = std::uint64_t(0xD2511F53u) * c0[i], b = std::uint64_t(0xCD9E8D57u) * c2[i];
      c0[i] = std::uint32_t(b >> 32) ^ c1[i] ^ k0;
      c1[i] = std::uint32_t(b);
      c2[i] = std::uint32_t(a >> 32) ^ c3[i] ^ k1;
      c3[i] = std::uint32_t(a);
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  for (index i = 0; i < kCounters; i++) {
    y[4 * i] = c0[i];
    y[4 * i + 1] = c1[i];
    y[4 * i + 2] = c2[i];
    y[4 * i + 3] = c3[i];
  }
}

/// Visits elements first .. first + n - 1 with their random words: body(i, count, bits), i from 0.
template <class F>
inline void for_random(index first, index n, RandomKey key, F body) {
  alignas(64) std::uint32_t bits[4 * kCounters];
  for (index i = 0; i < n; i += 4 * kCounters) {
    philox(std::uint64_t(first + i) / 4, key, bits);
    body(i, least(4 * kCounters, n - i), bits);
  }
}

inline void random_bits(std::uint32_t* y, index first, index n, RandomKey key) {
  for_random(first, n, key, [=](index i, index count, const std::uint32_t* bits) {
    for (index j = 0; j < count; j++) y[i + j] = bits[j];
  });
}

template <class T>
void dropout(const T* x, T* y, index first, index n, double rate, RandomKey key) {
  if (rate >= 1) return fill(y, T(0), n);
  const T keep = T(1 / (1 - rate));
  const std::uint32_t threshold = std::uint32_t(rate * 4294967296.0);
  for_random(first, n, key, [=](index i, index count, const std::uint32_t* bits) {
    for (index j = 0; j < count; j++) y[i + j] = bits[j] < threshold ? T(0) : x[i + j] * keep;
  });
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
