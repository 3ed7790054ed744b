#include <limits>
#include <string>
#include <vector>

#include "testing.hpp"

namespace testing {
namespace {

float from_bits(std::uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

std::uint32_t to_bits(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

/// What has 16 significant bits of its upper half nearest to x: found among the two neighbours, in double.
float nearest_bf16(float x) {
  if (std::isnan(x) || std::isinf(x)) return x;
  if (std::abs(x) < std::numeric_limits<float>::min()) return std::copysign(0.0f, x);
  const std::uint32_t below = to_bits(x) & 0xffff0000u, above = below + 0x10000u;
  const double low = std::abs(double(from_bits(below))), value = std::abs(double(x));
  const double high = std::isinf(from_bits(above)) ? std::ldexp(1.0, 128) : std::abs(double(from_bits(above)));
  if (value - low != high - value) return from_bits(value - low < high - value ? below : above);
  return from_bits(below & 0x10000u ? above : below);
}

struct Product {
  index M, N, K;
  std::vector<float> A, B, C, bias;
  Gemm<float> g{};

  Product(index M, index N, index K, bool a_transposed = false, bool b_transposed = false, index gap = 0)
      : M(M),
        N(N),
        K(K),
        A(random_vector<float>(a_transposed ? K * (M + gap) : M * (K + gap), 1)),
        B(random_vector<float>(b_transposed ? N * (K + gap) : K * (N + gap), 2)),
        C(random_vector<float>(M * (N + gap), 3)),
        bias(random_vector<float>(N, 4)) {
    g.M = M;
    g.N = N;
    g.K = K;
    g.a_row = a_transposed ? 1 : K + gap;
    g.a_col = a_transposed ? M + gap : 1;
    g.B = B.data();
    g.b_row = b_transposed ? 1 : N + gap;
    g.b_col = b_transposed ? K + gap : 1;
    g.C = C.data();
    g.c_row = N + gap;
    g.keep = true;
  }
  Product(const Product&) = delete;

  /// Computes C: A packed in `shares` parts and C cut into about `wanted` blocks, the last ones first.
  void run(const Bf16Kernels& k, index wanted = 1, index shares = 1) {
    std::vector<float> memory(k.packed(M, K) + k.scratch(g) + 128, 1e30f);
    float* packed = memory.data();
    while (reinterpret_cast<std::uintptr_t>(packed) % 64 != 0) packed++;
    float* scratch = packed + (k.packed(M, K) + 15) / 16 * 16;
    const index pieces = (M + kBf16PackRows - 1) / kBf16PackRows;
    for (index s = shares; s-- > 0;) {
      const index m0 = pieces * s / shares * kBf16PackRows, m1 = pieces * (s + 1) / shares * kBf16PackRows;
      k.pack(A.data(), g.a_row, g.a_col, K, std::min(m0, M), std::min(m1, M), packed);
    }
    const Blocks blocks = k.blocks(g, wanted);
    CHECK(blocks.count_m * blocks.count_n <= wanted);
    for (index i = blocks.count_m * blocks.count_n; i-- > 0;) k.gemm(g, packed, blocks, i, scratch);
  }

  float a(index m, index k) const { return nearest_bf16(A[m * g.a_row + k * g.a_col]); }
  float b(index k, index n) const { return nearest_bf16(B[k * g.b_row + n * g.b_col]); }
  float start(index n, float before) const { return g.accumulate ? before : g.bias ? bias[n] : 0.0f; }

  /// The largest difference from the product of the rounded operands in double, relative to sqrt(K + 1).
  double error(const std::vector<float>& before) const {
    double worst = 0;
    for (index m = 0; m < M; m++) {
      for (index n = 0; n < g.c_row; n++) {
        const index at = m * g.c_row + n;
        double sum = before[at];
        if (n < N) {
          sum = start(n, before[at]);
          for (index k = 0; k < K; k++) sum += double(a(m, k)) * b(k, n);
          if (g.relu && sum < 0) sum = 0;
        }
        const double difference = std::abs(sum - C[at]) / std::sqrt(K + 1.0);
        if (!(difference <= worst)) worst = difference;
      }
    }
    return worst;
  }

  /// The definition in kernels.hpp, word by word.
  float defined(index m, index n, float before) const {
    float c = start(n, before);
    for (index block = 0; block < K; block += 32) {
      float even = 0, odd = 0;
      for (index k = block; k < std::min(block + 32, K); k++) {
        float& chain = k % 2 == 0 ? even : odd;
        chain = std::fma(a(m, k), b(k, n), chain);
      }
      c += even + odd;
    }
    return g.relu && c <= 0 ? 0 : c;
  }
};

/// Runs body(kernels, isa) for every instruction set.
template <class F>
void for_each_bf16(F body) {
  for_each_isa<float>([&](const Kernels<float>& k, const std::string& isa) { body(*k.bf16, isa); });
}

struct Size {
  index M, N, K;
};

const Size kSizes[] = {{1, 1, 1},    {1, 16, 32},  {10, 16, 1},  {16, 16, 32},  {10, 2, 33},   {3, 17, 5},
                       {15, 33, 17}, {17, 31, 31}, {32, 32, 64}, {33, 65, 95},  {2, 130, 600}, {64, 10, 512},
                       {7, 90, 530}, {48, 48, 96}, {13, 1, 100}, {40, 300, 513}};

}  // namespace

TEST_CASE("bfloat16: rounding every upper half, ties and their neighbours") {
  std::vector<float> x;
  for (std::uint32_t upper = 0; upper < 0x10000u; upper++) {
    for (std::uint32_t lower : {0x0000u, 0x0001u, 0x7fffu, 0x8000u, 0x8001u, 0xffffu}) {
      x.push_back(from_bits(upper << 16 | lower));
    }
  }
  x.push_back(1);  // not a whole vector
  for_each_bf16([&](const Bf16Kernels& k, const std::string&) {
    std::vector<float> y(x.size());
    k.round(x.data(), y.data(), index(x.size()));
    index wrong = 0;
    for (std::size_t i = 0; i < x.size(); i++) {
      const bool right = std::isnan(x[i]) ? std::isnan(y[i]) && std::signbit(y[i]) == std::signbit(x[i])
                                          : to_bits(y[i]) == to_bits(nearest_bf16(x[i]));
      wrong += !right || (to_bits(y[i]) & 0xffffu) != 0;
    }
    CHECK(wrong == 0);
  });
}

TEST_CASE("bfloat16: products agree with double for every size, layout and start") {
  for_each_bf16([](const Bf16Kernels& k, const std::string&) {
    for (const Size& s : kSizes) {
      for (int layout = 0; layout < 8; layout++) {
        for (int start : {0, 1, 2}) {
          Product p(s.M, s.N, s.K, layout & 1, layout & 2, layout & 4 ? 3 : 0);
          p.g.bias = start == 1 ? p.bias.data() : nullptr;
          p.g.relu = start == 1;
          p.g.accumulate = start == 2;
          const auto before = p.C;
          p.run(k);
          INFO("(M, N, K) = (", s.M, ", ", s.N, ", ", s.K, "), layout ", layout, ", start ", start);
          CHECK(p.error(before) < 32 * std::numeric_limits<float>::epsilon());
        }
      }
    }
  });
}

TEST_CASE("bfloat16: products are the defined ones bit for bit") {
  for_each_bf16([](const Bf16Kernels& k, const std::string&) {
    for (const Size& s : {Size{35, 50, 700}, Size{3, 17, 31}, Size{20, 40, 1100}, Size{64, 300, 40}}) {
      Product p(s.M, s.N, s.K);
      p.g.bias = p.bias.data();
      p.g.relu = s.M == 35;
      p.run(k);
      index wrong = 0;
      for (index m = 0; m < s.M; m++) {
        for (index n = 0; n < s.N; n++) wrong += to_bits(p.C[m * s.N + n]) != to_bits(p.defined(m, n, 0));
      }
      CHECK(wrong == 0);
    }
  });
}

TEST_CASE("bfloat16: instruction sets agree bit for bit where sums are denormal or overflow") {
  for (double exponent : {-75.0, -64.0, -60.0, 62.0, 64.0}) {
    std::vector<float> expected;
    for_each_bf16([&](const Bf16Kernels& k, const std::string& isa) {
      if (isa == "baseline") return;  // multiplies and adds: a product may leave the range before it is added
      Product p(33, 40, 70);
      for (auto* operand : {&p.A, &p.B}) {
        for (float& x : *operand) x = std::ldexp(x, int(exponent));
      }
      for (float& x : p.C) x = from_bits(to_bits(x) & 0x80ffffffu);  // denormal or the least normal numbers
      p.g.accumulate = true;
      p.run(k);
      for (float& x : p.C) x = std::isnan(x) ? 0 : x;  // inf - inf; a NaN has no defined bits
      if (expected.empty()) expected = p.C;
      INFO("2^", exponent);
      CHECK(same_bits(p.C, expected));
    });
  }
}

TEST_CASE("bfloat16: NaN and infinity come through, in their row and column only") {
  for_each_bf16([](const Bf16Kernels& k, const std::string&) {
    Product p(20, 36, 40);
    p.A[7 * 40 + 39] = std::numeric_limits<float>::quiet_NaN();
    p.B[3 * 36 + 35] = std::numeric_limits<float>::infinity();
    p.g.relu = true;
    p.run(k);
    for (index m = 0; m < 20; m++) {
      for (index n = 0; n < 36; n++) {
        const float c = p.C[m * 36 + n];
        if (m == 7)
          CHECK(std::isnan(c));
        else if (n == 35)
          CHECK((c == 0 || std::isinf(c)));
        else
          CHECK(std::isfinite(c));
      }
    }
  });
}

TEST_CASE("bfloat16: the same bits for every cut into blocks and every way of sharing the packing") {
  for_each_bf16([](const Bf16Kernels& k, const std::string&) {
    for (const Size& s : {Size{100, 150, 700}, Size{3, 500, 90}, Size{40, 33, 20}, Size{300, 10, 64}}) {
      for (bool transposed : {false, true}) {
        Product p(s.M, s.N, s.K, transposed, transposed);
        p.g.bias = p.bias.data();
        p.run(k);
        const auto whole = p.C;
        for (index wanted : {2, 3, 4, 7, 16, 64}) {
          p.C.assign(p.C.size(), -7.0f);
          p.run(k, wanted, wanted % 5 + 1);
          CHECK(same_bits(p.C, whole));
        }
      }
    }
  });
}

TEST_CASE("bfloat16: a row has the same bits alone and in any batch") {
  for_each_bf16([](const Bf16Kernels& k, const std::string&) {
    for (index N : {2, 33, 300}) {
      const index K = 77;
      Product p(70, N, K);
      p.g.bias = p.bias.data();
      p.run(k);
      for (index rows : {1, 2, 4, 13, 16, 17, 29}) {
        Product part(rows, N, K);
        part.g.B = p.B.data();
        part.g.bias = p.bias.data();
        part.A.assign(p.A.begin() + 31 * K, p.A.begin() + (31 + rows) * K);
        part.run(k);
        CHECK(same_bits(part.C, std::vector<float>(p.C.begin() + 31 * N, p.C.begin() + (31 + rows) * N)));
      }
    }
  });
}

namespace {

/// A reader of finished tiles that keeps each element and counts how often it came.
struct Reader {
  index N;
  std::vector<float> value;
  std::vector<int> count;

  static void take(const void* context, float* tile, index stride, index row, index column, index rows, index columns) {
    auto& self = *static_cast<Reader*>(const_cast<void*>(context));
    for (index i = 0; i < rows; i++) {
      for (index j = 0; j < columns; j++) {
        const index at = (row + i) * self.N + column + j;
        self.value[at] = tile[i * stride + j];
        self.count[at]++;
      }
    }
  }
};

}  // namespace

TEST_CASE("bfloat16: every tile is finished once, and C is left alone where it is not kept") {
  for_each_bf16([](const Bf16Kernels& k, const std::string&) {
    for (const Size& s : {Size{50, 70, 600}, Size{16, 32, 32}, Size{100, 33, 1500}}) {
      for (bool keep : {true, false}) {
        for (bool touched : {true, false}) {
          Product plain(s.M, s.N, s.K, true), p(s.M, s.N, s.K, true);
          plain.run(k);
          Reader reader{s.N, std::vector<float>(s.M * s.N), std::vector<int>(s.M * s.N)};
          p.g.finish = &Reader::take;
          p.g.context = &reader;
          p.g.keep = keep;
          if (touched) p.g.touched[0] = p.g.touched[1] = p.C.data();
          const auto before = p.C;
          p.run(k, 3);
          CHECK(same_bits(reader.value, plain.C));
          CHECK(same_bits(p.C, keep ? plain.C : before));
          CHECK(reader.count == std::vector<int>(s.M * s.N, 1));
        }
      }
    }
  });
}

TEST_CASE("bfloat16: scratch is enough for every smaller product") {
  for_each_bf16([](const Bf16Kernels& k, const std::string&) {
    for (bool streamed : {false, true}) {
      for (index N : {10, 64, 1024}) {
        for (bool a_transposed : {false, true}) {
          for (bool b_transposed : {false, true}) {
            index before = 0;
            for (index K = 1; K < 9000; K += K < 4200 ? 1 : 7) {
              Gemm<float> g{};
              g.M = 2048, g.N = N, g.K = K;
              g.a_row = a_transposed ? 1 : K, g.a_col = a_transposed ? 2048 : 1;
              g.b_row = b_transposed ? 1 : N, g.b_col = b_transposed ? K : 1;
              if (streamed) g.finish = [](const void*, float*, index, index, index, index, index) {};
              const index scratch = k.scratch(g);
              if (scratch < before) CHECK(scratch >= before);
              before = scratch;
            }
          }
        }
      }
    }
  });
}

TEST_CASE("bfloat16: products of nothing") {
  for_each_bf16([](const Bf16Kernels& k, const std::string&) {
    Product no_depth(5, 20, 0), no_rows(0, 20, 7), no_columns(5, 0, 7);
    no_depth.g.bias = no_depth.bias.data();
    no_depth.run(k);
    for (index m = 0; m < 5; m++) {
      for (index n = 0; n < 20; n++) CHECK(no_depth.C[m * 20 + n] == no_depth.bias[n]);
    }
    no_rows.run(k, 4);
    no_columns.run(k, 4);
  });
}

TEST_CASE("bfloat16: the caller's floating-point mode is put back") {
#if defined(__SSE2__)
  for_each_bf16([](const Bf16Kernels& k, const std::string&) {
    const unsigned before = __builtin_ia32_stmxcsr();
    Product p(5, 6, 7);
    p.run(k);
    CHECK((__builtin_ia32_stmxcsr() & 0xffc0u) == (before & 0xffc0u));
  });
#endif
}

}  // namespace testing
