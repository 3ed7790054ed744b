#include <array>
#include <limits>

#include "testing.hpp"

namespace testing {

namespace {

using Words = std::array<std::uint32_t, 4>;

/// Philox4x32-10, word for word as in the paper.
Words philox(Words counter, std::uint32_t k0, std::uint32_t k1) {
  for (int round = 0; round < 10; round++, k0 += 0x9E3779B9, k1 += 0xBB67AE85) {
    const std::uint64_t a = std::uint64_t(0xD2511F53) * counter[0], b = std::uint64_t(0xCD9E8D57) * counter[2];
    counter = {std::uint32_t(b >> 32) ^ counter[1] ^ k0, std::uint32_t(b), std::uint32_t(a >> 32) ^ counter[3] ^ k1,
               std::uint32_t(a)};
  }
  return counter;
}

}  // namespace

TEST_CASE("the reference gives the published known answers (Random123, kat_vectors)") {
  const std::uint32_t f = 0xffffffff;
  CHECK(philox({0, 0, 0, 0}, 0, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({f, f, f, f}, f, f) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("random bits are Philox4x32-10 of (element / 4, stream)") {
  for_each_isa<float>([&](const Kernels<float>& k, const std::string&) {
    for (std::uint64_t block :
         {std::uint64_t(0), std::uint64_t(5), std::uint64_t(0xfffffffd), std::uint64_t(1) << 40}) {
      const RandomKey key{0xa4093822299f31d0, 0x0370734413198a2e};
      std::vector<std::uint32_t> y(4 * 37 + 3);
      k.random_bits(y.data(), index(block * 4), index(y.size()), key);
      for (std::size_t i = 0; i < y.size(); i++) {
        const std::uint64_t c = block + i / 4;
        const Words expected =
            philox({std::uint32_t(c), std::uint32_t(c >> 32), 0x13198a2e, 0x03707344}, 0x299f31d0, 0xa4093822);
        CHECK(y[i] == expected[i % 4]);
      }
    }
  });
}

TEST_CASE("random bits are the same whoever draws them") {
  std::vector<std::uint32_t> expected;
  for_each_isa<float>([&](const Kernels<float>& k, const std::string&) {
    std::vector<std::uint32_t> whole(1003), parts(1003);
    k.random_bits(whole.data(), 0, 1003, {7, 9});
    for (index i = 0; i < 1003;) {
      const index n = std::min<index>(4 * (1 + i % 23), 1003 - i);
      k.random_bits(&parts[i], i, n, {7, 9});
      i += n;
    }
    CHECK(whole == parts);
    if (expected.empty()) expected = whole;
    CHECK(whole == expected);
  });
}

TEST_CASE("streams and seeds differ, bits are balanced") {
  const auto& k = table<float>();
  const index n = 100000;
  std::vector<std::uint32_t> a(n), b(n), c(n);
  k.random_bits(a.data(), 0, n, {1, 1});
  k.random_bits(b.data(), 0, n, {1, 2});
  k.random_bits(c.data(), 0, n, {2, 1});
  CHECK(a != b);
  CHECK(a != c);
  for (int bit = 0; bit < 32; bit++) {
    double ones = 0;
    for (std::uint32_t v : a) ones += v >> bit & 1;
    CHECK(std::fabs(ones / n - 0.5) < 5 * 0.5 / std::sqrt(double(n)));
  }
}

TEST_CASE_TEMPLATE("dropout keeps the mean and repeats its mask", T, float, double) {
  std::vector<T> expected;
  for_each_isa<T>([&](const Kernels<T>& k, const std::string&) {
    const index n = 100003;
    const auto x = random_vector<T>(n, 1, 0.5, 1.5);
    std::vector<T> y(n), dy(n), parts(n);
    for (double rate : {0.0, 0.1, 0.5, 0.9}) {
      k.dropout(x.data(), y.data(), 0, n, rate, {3, 4});
      index dropped = 0;
      for (index i = 0; i < n; i++) {
        if (y[i] == 0) {
          dropped++;
        } else if (std::fabs(y[i] - x[i] / (1 - rate)) > 4 * std::numeric_limits<T>::epsilon() * y[i]) {
          FAIL("element ", i, " is ", double(y[i]), ", not ", double(x[i] / (1 - rate)));
        }
      }
      CHECK(std::fabs(double(dropped) / n - rate) <= 5 * std::sqrt(rate * (1 - rate) / n));
    }
    k.dropout(x.data(), dy.data(), 0, n, 0.9, {3, 4});
    CHECK(same_bits(y, dy));
    for (index i = 0; i < n; i += 1000) {
      k.dropout(&x[i], &parts[i], i, std::min<index>(1000, n - i), 0.9, {3, 4});
    }
    CHECK(same_bits(y, parts));
    if (expected.empty()) expected = y;
    CHECK(same_bits(y, expected));
    k.dropout(x.data(), y.data(), 0, n, 1, {3, 4});
    CHECK(y == std::vector<T>(n, T(0)));
  });
}

}  // namespace testing
