// Products of one k, C (M, N) = a (M) b (N): a gradient of one row, or a layer of one input. They only write, so they
// go along whole rows, where tiles would write small parts of many: 42 GB/s to memory instead of 19 (Zen 5). Each
// element of C is the same fma as in a tile.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

constexpr index kOuterRows = 17;  // at least: fewer are one tile or a few, which cost a small network less (seed 0.91)

/// One row: C (N) = start (N, or 0 where that is null) + a b.
template <class T>
inline void outer_row(T a, const T* b, const T* start, T* C, index N, bool relu) {
  const Vec<T> x = a;
  for_vectors<T>(N, [=](index j, index n) {
    const Vec<T> c = fma(x, load_n(b + j, n), start ? load_n(start + j, n) : Vec<T>(0));
    store_n(C + j, relu ? select(c <= 0, Vec<T>(0), c) : c, n);
  });
}

/// Columns n0 .. n1 - 1 of rows m0 .. m1 - 1, about `room` elements of them between two calls of g.finish.
template <class T>
[[gnu::flatten]] void outer_product(const Gemm<T>& g, index m0, index m1, index n0, index n1, T* scratch, index room) {
  const bool in_scratch = g.finish && !g.keep;
  const index group = in_scratch ? least(n1 - n0, room) : n1 - n0;
  const index at_once = g.finish ? most(room / group, 1) : m1 - m0;
  for (index n = n0; n < n1; n += group) {
    const index columns = least(group, n1 - n), c_row = in_scratch ? columns : g.c_row;
    for (index m = m0; m < m1; m += at_once) {
      const index rows = least(at_once, m1 - m);
      T* const C = in_scratch ? scratch : g.C + m * g.c_row + n;
      for (index i = 0; i < rows; i++) {
        T* const row = C + i * c_row;
        outer_row(g.A[(m + i) * g.a_row], g.B + n,
                  g.accumulate ? row
                  : g.bias     ? g.bias + n
                               : nullptr,
                  row, columns, g.relu);
      }
      if (g.finish) g.finish(g.context, C, c_row, m, n, rows, columns);
    }
  }
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
