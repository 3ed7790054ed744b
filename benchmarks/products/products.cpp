// The three products of a dense layer on one thread: float32 against bfloat16, and what rounding and packing B, which
// is the weights in Y and dX, takes of the latter. Times are processor time of this thread, the least of all
// repetitions, so that a busy machine matters little.
//
// Usage: products [isa]

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <functional>
#include <limits>
#include <utility>

#include "kernels.hpp"
#include "runtime/buffer.hpp"

namespace {

using namespace ranvier::kernels;
using ranvier::Buffer;
using ranvier::index;

constexpr double kSeconds = 0.5;  // for each product

double processor_seconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double least_seconds(const std::function<void()>& work) {
  double least = std::numeric_limits<double>::infinity();
  for (double all = 0; all < kSeconds;) {
    const double start = processor_seconds();
    work();
    const double seconds = processor_seconds() - start;
    all += seconds;
    least = std::min(least, seconds);
  }
  return least;
}

Buffer<float> numbers(index n) {
  Buffer<float> x(n);
  for (index i = 0; i < n; i++) x[i] = static_cast<float>(i * 7919 % 1000) / 1000 - 0.5f;
  return x;
}

void measure(const char* name, Gemm<float> g, const Kernels<float>& k) {
  const Bf16Kernels& bf16 = *k.bf16;
  Buffer<float> packed(bf16.packed(g.M, g.K)), scratch(std::max(bf16.scratch(g), k.gemm_scratch(g)));
  const double single = least_seconds([&] { k.gemm(g, k.gemm_blocks(g, 1), 0, scratch.data()); });
  const double mixed = least_seconds([&] {
    bf16.pack(g.A, g.a_row, g.a_col, g.K, 0, g.M, packed.data());
    bf16.gemm(g, packed.data(), bf16.blocks(g, 1), 0, scratch.data());
  });
  Gemm<float> row = g;  // a product of one row does little more than pack B; finished, since others never pack it
  row.M = 1;
  row.finish = [](const void*, float*, index, index, index, index, index) {};
  const double packing = least_seconds([&] { bf16.gemm(row, packed.data(), bf16.blocks(row, 1), 0, scratch.data()); });
  const double giga = 2e-9 * static_cast<double>(g.M) * static_cast<double>(g.N) * static_cast<double>(g.K);
  std::printf("| %-2s | %10.1f | %4.0f | %10.1f | %4.0f | %4.2f | %3.0f %% |\n", name, 1e6 * single, giga / single,
              1e6 * mixed, giga / mixed, single / mixed, 100 * packing / mixed);
}

void measure(index M, index K, index N, const Kernels<float>& k) {
  Buffer<float> x = numbers(M * K), weight = numbers(K * N), y = numbers(M * N);
  Gemm<float> g{};
  g.M = M, g.N = N, g.K = K, g.keep = true;
  g.A = x.data(), g.a_row = K, g.a_col = 1;
  g.B = weight.data(), g.b_row = N, g.b_col = 1;
  g.C = y.data(), g.c_row = N;

  Gemm<float> dx = g;
  dx.N = K, dx.K = N;
  dx.A = y.data(), dx.a_row = N;
  dx.b_row = 1, dx.b_col = N;
  dx.C = x.data(), dx.c_row = K;

  Gemm<float> dweight = g;
  dweight.M = K, dweight.K = M;
  dweight.a_row = 1, dweight.a_col = K;
  dweight.B = y.data();
  dweight.C = weight.data();

  std::printf("| (%td, %td, %td) |\n", M, K, N);
  Buffer<float> result(std::max({M * N, M * K, K * N}));
  for (auto [name, product] : {std::pair{"Y", g}, std::pair{"dX", dx}, std::pair{"dW", dweight}}) {
    product.C = result.data();
    measure(name, product, k);
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1 && !select(arguments[1])) {
    std::printf("this machine does not have %s\n", arguments[1]);
    return 1;
  }
  std::printf("%s; M rows, K inputs, N units\n\n", active().isa);
  std::printf("| product | float32, us | GF/s | bfloat16, us | GF/s | gain | of which packing B |\n");
  for (const auto& [M, K, N] : {std::array<ranvier::index, 3>{512, 4096, 4096},
                                {512, 1024, 4096},
                                {128, 784, 512},
                                {128, 512, 512},
                                {32, 64, 64}})
    measure(M, K, N, active().f32);
}
