// Counter-based random numbers: Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy
// as 1, 2, 3" (2011). Element i has counter (i / 4, stream) and word i % 4, whoever draws it.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr index kCounters = 16;  // computed side by side

inline RawU64 splat_u64(std::uint64_t x) { return x + RawU64{}; }

/// Ten rounds on one vector of counters, each word in the low half of 64 bits (the high halves hold anything), key k.
/// The words of counter i go to y[4 i]; lane 2 i holds counter i and lane 2 i + 1 counter i + lanes / 2, which is how
/// interleaving 16 bytes at a time leaves them in order.
inline void philox(RawU64 counter, RandomKey key, std::uint32_t* y) {
  constexpr index kLanes = kVectorBytes / 8;
  RawU64 c0 = counter, c1 = counter >> 32, c2 = splat_u64(key.stream), c3 = splat_u64(key.stream >> 32);
  std::uint32_t k0 = std::uint32_t(key.seed), k1 = std::uint32_t(key.seed >> 32);
  UNROLL for (int round = 0; round < 10; round++) {
    const RawU64 a = raw_multiply_u32(splat_u64(0xD2511F53u), c0), b = raw_multiply_u32(splat_u64(0xCD9E8D57u), c2);
    c0 = (b >> 32) ^ c1 ^ splat_u64(k0);
    c1 = b;
    c2 = (a >> 32) ^ c3 ^ splat_u64(k1);
    c3 = a;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  const RawF64 c01 = (RawF64)((c0 & 0xffffffffu) | (c1 << 32)), c23 = (RawF64)((c2 & 0xffffffffu) | (c3 << 32));
  const RawF64 low = raw_zip_low(c01, c23), high = raw_zip_high(c01, c23);
  __builtin_memcpy(y, &low, sizeof low);
  __builtin_memcpy(y + 2 * kLanes, &high, sizeof high);
}

/// y (kCounters, 4): the words of counters first .. first + kCounters - 1.
inline void philox(std::uint64_t first, RandomKey key, std::uint32_t* y) {
  constexpr index kLanes = kVectorBytes / 8;
  RawU64 place;
  UNROLL for (index l = 0; l < kLanes; l++) place[l] = std::uint64_t(l / 2 + l % 2 * (kLanes / 2));
  UNROLL for (index c = 0; c < kCounters; c += kLanes) philox(place + (first + std::uint64_t(c)), key, y + 4 * c);
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

[[gnu::flatten]] inline void random_bits(std::uint32_t* y, index first, index n, RandomKey key) {
  for_random(first, n, key, [=](index i, index count, const std::uint32_t* bits) {
    for (index j = 0; j < count; j++) y[i + j] = bits[j];
  });
}

template <class T>
[[gnu::flatten]] void dropout(const T* x, T* y, index first, index n, double rate, RandomKey key) {
  if (rate >= 1) return fill(y, T(0), n);
  const T keep = T(1 / (1 - rate));
  const std::uint32_t threshold = std::uint32_t(rate * 4294967296.0);
  for_random(first, n, key, [=](index i, index count, const std::uint32_t* bits) {
    for (index j = 0; j < count; j++) y[i + j] = bits[j] < threshold ? T(0) : x[i + j] * keep;
  });
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
