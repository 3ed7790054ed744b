#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "testing.hpp"

namespace testing {
namespace {

enum Layout { kPlain, kTransposed };

/// A product with its operands; rows of each matrix are `gap` elements longer than they need be.
template <class T>
struct Product {
  index M, N, K;
  std::vector<T> A, B, C, bias;
  Gemm<T> g{};

  Product(index M, index N, index K, Layout a = kPlain, Layout b = kPlain, index gap = 0)
      : M(M),
        N(N),
        K(K),
        A(random_vector<T>(a == kPlain ? M * (K + gap) : K * (M + gap), 1)),
        B(random_vector<T>(b == kPlain ? K * (N + gap) : N * (K + gap), 2)),
        C(random_vector<T>(M * (N + gap), 3)),
        bias(random_vector<T>(N, 4)) {
    g.M = M;
    g.N = N;
    g.K = K;
    g.A = A.data();
    g.a_row = a == kPlain ? K + gap : 1;
    g.a_col = a == kPlain ? 1 : M + gap;
    g.B = B.data();
    g.b_row = b == kPlain ? N + gap : 1;
    g.b_col = b == kPlain ? 1 : K + gap;
    g.C = C.data();
    g.c_row = N + gap;
  }
  Product(const Product&) = delete;

  /// Computes C, cut into about `wanted` blocks, last block first.
  void run(const Kernels<T>& k, index wanted = 1) {
    std::vector<T> scratch(k.gemm_scratch(g) + 64, T(1e30));
    T* aligned = scratch.data();
    while (reinterpret_cast<std::uintptr_t>(aligned) % 64 != 0) aligned++;
    const Blocks blocks = k.gemm_blocks(g, wanted);
    CHECK(blocks.count_m * blocks.count_n <= wanted);
    for (index i = blocks.count_m * blocks.count_n - 1; i >= 0; i--) k.gemm(g, blocks, i, aligned);
  }

  T a(index m, index k) const { return A[m * g.a_row + k * g.a_col]; }
  T b(index k, index n) const { return B[k * g.b_row + n * g.b_col]; }

  /// The largest difference from the same product in long double, relative to sqrt(K + 1).
  double error(const std::vector<T>& before) const {
    double worst = 0;
    for (index m = 0; m < M; m++) {
      for (index n = 0; n < g.c_row; n++) {
        const index at = m * g.c_row + n;
        long double sum = before[at];
        if (n < N) {
          if (!g.accumulate) sum = g.bias ? bias[n] : T(0);
          for (index k = 0; k < K; k++) sum += static_cast<long double>(a(m, k)) * b(k, n);
          if (g.relu && sum < 0) sum = 0;
        }
        const double difference = std::abs(static_cast<double>(sum - C[at])) / std::sqrt(K + 1.0);
        if (!(difference <= worst)) worst = difference;
      }
    }
    return worst;
  }
};

template <class T>
constexpr double kTolerance = 32 * std::numeric_limits<T>::epsilon();  // one term missing is 1e-3

struct Size {
  index M, N, K;
};

const Size kSizes[] = {{1, 1, 1},    {1, 16, 32},   {10, 16, 1},   {10, 32, 16},   {10, 2, 32},   {10, 16, 32},
                       {3, 17, 5},   {2, 40, 9},    {4, 200, 33},  {5, 31, 7},     {14, 32, 16},  {15, 33, 17},
                       {29, 65, 31}, {32, 64, 64},  {13, 1, 100},  {1, 1, 1000},   {2, 130, 600}, {64, 10, 512},
                       {33, 7, 530}, {61, 90, 3},   {128, 48, 45}, {7, 300, 1030}, {40, 3, 70},   {33, 4, 1100},
                       {50, 1, 17},  {3, 40, 1100}, {70, 300, 1}};

}  // namespace

TEST_CASE_TEMPLATE("gemm agrees with long double for every size, layout and start", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (const Size& s : kSizes) {
      for (Layout a : {kPlain, kTransposed}) {
        for (Layout b : {kPlain, kTransposed}) {
          for (index gap : {0, 3}) {
            for (int start : {0, 1, 2}) {
              Product<T> p(s.M, s.N, s.K, a, b, gap);
              p.g.bias = start == 1 ? p.bias.data() : nullptr;
              p.g.relu = start == 1;
              p.g.accumulate = start == 2;
              const auto before = p.C;
              p.run(k);
              INFO("(M, N, K) = (", s.M, ", ", s.N, ", ", s.K, "), layouts ", a, b, ", gap ", gap, ", start ", start);
              CHECK(p.error(before) < kTolerance<T>);
            }
          }
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("gemm is right where A and B are packed", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (const Size& s : {Size{64, 1030, 1024}, Size{37, 2100, 512}, Size{2100, 150, 300}}) {
      for (Layout a : {kPlain, kTransposed}) {
        for (Layout b : {kPlain, kTransposed}) {
          Product<T> p(s.M, s.N, s.K, a, b);
          const auto before = p.C;
          p.run(k, 3);
          INFO("(M, N, K) = (", s.M, ", ", s.N, ", ", s.K, "), layouts ", a, b);
          CHECK(p.error(before) < kTolerance<T>);
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("gemm of a B packed before, in parts, has the bits of one that is not", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (const Size& s : {Size{16, 256, 80}, Size{3, 100, 37}, Size{40, 33, 700}, Size{29, 600, 530}, Size{1, 5, 2}}) {
      for (Layout b : {kPlain, kTransposed}) {
        Product<T> p(s.M, s.N, s.K, kPlain, b, 3);
        p.g.bias = p.bias.data();
        p.run(k);
        const auto expected = p.C;

        // One row more than the product takes; rows in two parts, columns in as many as there are tiles.
        const index rows = s.K + 1, lanes = k.lanes, first = s.K / 3;
        std::vector<T> packed(rows * ((s.N + lanes - 1) / lanes * lanes), std::numeric_limits<T>::quiet_NaN());
        for (index n = 0; n < s.N; n += k.tile_columns) {
          const index width = std::min(k.tile_columns, s.N - n);
          const auto pack = [&](index row, index count) {
            k.gemm_pack(p.g.B + row * p.g.b_row + n * p.g.b_col, p.g.b_row, p.g.b_col, count, width,
                        packed.data() + n * rows, rows, row);
          };
          pack(first, s.K - first);
          pack(0, first);
        }
        p.g.B = packed.data();
        p.g.packed = rows;
        for (index wanted : {1, 3}) {
          p.C.assign(p.C.size(), T(-7));
          p.run(k, wanted);
          for (index m = 0; m < s.M; m++) {
            const auto row = [&](const std::vector<T>& C) {
              return std::vector<T>(C.begin() + m * p.g.c_row, C.begin() + m * p.g.c_row + s.N);
            };
            INFO("(M, N, K) = (", s.M, ", ", s.N, ", ", s.K, "), layout ", b);
            CHECK(same_bits(row(p.C), row(expected)));
          }
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("gemm of windows where they lie has the bits of gathered ones", T, float, double) {
  constexpr index kHeight = 9, kWidth = 20, kGap = 2, kLines = 5;
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index C : {1, 3, 40, 200}) {
      for (index window : {1, 6, 16}) {  // in a line; a window is 3 x 3
        const index piece = 3 * C, columns = 3 * piece, rows = kLines * window, line = kWidth * C;
        const auto image = random_vector<T>(kHeight * line, 5);
        const index jump[] = {0, kGap * line, 2 * kGap * line};
        index lines[kLines];
        for (index j = 0; j < kLines; j++) lines[j] = j * line;
        Product<T> gathered(rows, 33, columns);
        for (index m = 0; m < rows; m++) {
          for (index c = 0; c < columns; c++) {
            const index at = m / window * line + m % window * C + c / piece * kGap * line + c % piece;
            gathered.A[m * columns + c] = image[at];
          }
        }
        Product<T> in_place(rows, 33, columns);
        gathered.g.bias = in_place.g.bias = in_place.bias.data();
        in_place.g.A = image.data();
        in_place.g.a_row = C;
        in_place.g.line = window;
        in_place.g.line_step = line;
        in_place.g.jump = jump;
        in_place.g.piece = piece;
        gathered.run(k);
        in_place.run(k, 3);
        INFO(C, " channels, ", window, " windows in a line");
        CHECK(in_place.C == gathered.C);

        Product<T> transposed(columns, 33, rows), weighed(columns, 33, rows, kTransposed);
        transposed.g.A = gathered.A.data();
        transposed.g.a_row = 1;
        transposed.g.a_col = columns;
        weighed.g.A = image.data();
        weighed.g.a_col = C;
        weighed.g.line = piece;
        weighed.g.line_step = kGap * line;
        weighed.g.jump = lines;
        weighed.g.piece = window;
        transposed.run(k);
        weighed.run(k, 3);
        CHECK(weighed.C == transposed.C);
      }
    }
  });
}

TEST_CASE_TEMPLATE("gemm scratch is enough for every smaller product", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (bool streamed : {false, true}) {
      for (index N : {10, 64, 1024}) {
        for (bool a_transposed : {false, true}) {
          for (bool b_transposed : {false, true}) {
            index before = 0;
            for (index K = 1; K < 9000; K += K < 4200 ? 1 : 7) {
              Gemm<T> g{};
              g.M = 2048, g.N = N, g.K = K;
              g.a_row = a_transposed ? 1 : 9216, g.a_col = a_transposed ? 2048 : 1;
              g.b_row = b_transposed ? 1 : N, g.b_col = b_transposed ? 9216 : 1;
              if (streamed) g.finish = [](const void*, T*, index, index, index, index, index) {};
              const index scratch = k.gemm_scratch(g);
              if (scratch < before) CHECK(scratch >= before);
              before = scratch;
            }
          }
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("gemm of nothing", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    Product<T> no_depth(5, 20, 0), no_rows(0, 20, 7), no_columns(5, 0, 7);
    no_depth.g.bias = no_depth.bias.data();
    no_depth.run(k);
    for (index m = 0; m < 5; m++) {
      for (index n = 0; n < 20; n++) CHECK(no_depth.C[m * 20 + n] == no_depth.bias[n]);
    }
    no_depth.g.bias = nullptr;
    no_depth.run(k);
    CHECK(no_depth.C == std::vector<T>(100, T(0)));
    no_rows.run(k, 4);
    no_columns.run(k, 4);
  });
}

TEST_CASE_TEMPLATE("gemm gives the same bits for every cut into blocks", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (const Size& s : {Size{100, 150, 700}, Size{3, 500, 90}, Size{40, 33, 20}, Size{70, 3, 90}, Size{2, 100, 1100},
                          Size{60, 90, 1}}) {
      for (Layout b : {kPlain, kTransposed}) {
        Product<T> p(s.M, s.N, s.K, kPlain, b);
        p.g.bias = p.bias.data();
        p.run(k);
        const auto whole = p.C;
        for (index wanted : {2, 3, 4, 7, 16, 64}) {
          p.C.assign(p.C.size(), T(-7));
          p.run(k, wanted);
          CHECK(same_bits(p.C, whole));
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("a row of gemm has the same bits alone and in any batch", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index N : {2, 10, 33, 300, 2000}) {
      for (Layout b : {kPlain, kTransposed}) {
        const index K = 77;
        Product<T> p(70, N, K, kPlain, b);
        p.g.bias = p.bias.data();
        p.run(k);
        const auto whole = p.C;
        for (index rows : {1, 2, 3, 4, 5, 6, 13, 14, 29}) {
          Product<T> part(rows, N, K, kPlain, b);
          part.B = p.B;
          part.g.B = part.B.data();
          part.g.bias = p.bias.data();
          part.A.assign(p.A.begin() + 31 * K, p.A.begin() + (31 + rows) * K);
          part.g.A = part.A.data();
          part.run(k);
          CHECK(same_bits(part.C, std::vector<T>(whole.begin() + 31 * N, whole.begin() + (31 + rows) * N)));
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("instruction sets with fused multiply-add agree bit for bit", T, float, double) {
  for (const Size& s : {Size{61, 90, 700}, Size{2, 333, 50}, Size{128, 10, 31}, Size{70, 3, 50}, Size{50, 40, 1}}) {
    for (Layout b : {kPlain, kTransposed}) {
      std::vector<T> expected;
      for_each_isa<T>([&](const Kernels<T>& k, const std::string& isa) {
        if (isa == "baseline") return;
        Product<T> p(s.M, s.N, s.K, kPlain, b);
        p.run(k);
        if (expected.empty()) expected = p.C;
        CHECK(same_bits(p.C, expected));
      });
    }
  }
}

namespace {

/// An optimizer step that keeps what it was given: the gradient reaches it once, whole, tile by tile.
template <class T>
struct Collected {
  std::vector<T> gradient;
  std::vector<int> times;
  index columns;

  static void take(const void* context, T* tile, index stride, index row, index column, index rows, index columns) {
    auto& self = *const_cast<Collected*>(static_cast<const Collected*>(context));
    for (index i = 0; i < rows; i++) {
      for (index j = 0; j < columns; j++) {
        self.gradient[(row + i) * self.columns + column + j] = tile[i * stride + j];
        self.times[(row + i) * self.columns + column + j]++;
      }
    }
  }
};

}  // namespace

TEST_CASE_TEMPLATE("gemm hands every finished tile over once", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (const Size& s : {Size{50, 70, 32}, Size{3, 40, 9}, Size{784, 30, 700}, Size{20, 300, 1100}, Size{6, 5, 0},
                          Size{50, 70, 1}, Size{9, 4000, 1}}) {
      for (Layout a : {kPlain, kTransposed}) {
        Product<T> p(s.M, s.N, s.K, a);
        p.run(k);
        const auto expected = p.C;
        const auto touched = random_vector<T>(s.M * s.N, 5);
        for (bool keep : {true, false}) {
          for (index wanted : {1, 5}) {
            Collected<T> collected{std::vector<T>(s.M * s.N), std::vector<int>(s.M * s.N), s.N};
            p.C.assign(p.C.size(), T(-7));
            p.g.finish = Collected<T>::take;
            p.g.context = &collected;
            p.g.keep = keep;
            p.g.touched[0] = p.g.touched[2] = touched.data();
            p.run(k, wanted);
            CHECK(same_bits(collected.gradient, expected));
            CHECK(collected.times == std::vector<int>(s.M * s.N, 1));
            CHECK(same_bits(p.C, keep ? expected : std::vector<T>(s.M * s.N, T(-7))));
          }
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("gemm spreads NaN and infinity to their rows and columns only", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    Product<T> p(20, 37, 50);
    p.A[3 * 50 + 7] = NAN;
    p.B[9 * 37 + 36] = INFINITY;
    p.g.relu = true;
    p.run(k);
    for (index m = 0; m < 20; m++) {
      for (index n = 0; n < 37; n++) {
        INFO("row ", m, ", column ", n);
        const T c = p.C[m * 37 + n];
        if (m == 3) {
          CHECK(std::isnan(c));
        } else if (n == 36) {
          CHECK((c == INFINITY || c == 0));
        } else {
          CHECK(std::isfinite(c));
        }
      }
    }
  });
}

}  // namespace testing
