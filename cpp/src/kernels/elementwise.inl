// y[i] = something of x[i], for flat arrays of n elements.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

template <class T>
void fill(T* y, T value, index n) {
  const Vec<T> v = value;
  for_vectors<T>(n, [=](index i, index count) { store_n(y + i, v, count); });
}

template <class T>
void add(const T* a, const T* b, T* y, index n) {
  for_vectors<T>(n, [=](index i, index count) { store_n(y + i, load_n(a + i, count) + load_n(b + i, count), count); });
}

template <class T>
void multiply(const T* a, const T* b, T* y, index n) {
  for_vectors<T>(n, [=](index i, index count) { store_n(y + i, load_n(a + i, count) * load_n(b + i, count), count); });
}

template <class T>
void scale(const T* x, T factor, T* y, index n) {
  const Vec<T> f = factor;
  for_vectors<T>(n, [=](index i, index count) { store_n(y + i, f * load_n(x + i, count), count); });
}

template <class T>
void axpy(T a, const T* x, T* y, index n) {
  const Vec<T> f = a;
  for_vectors<T>(
      n, [=](index i, index count) { store_n(y + i, fma(f, load_n(x + i, count), load_n(y + i, count)), count); });
}

/// to (rows, columns), rows to_row apart = from, rows from_row apart.
template <class T>
void copy_rows(const T* from, index from_row, T* to, index to_row, index rows, index columns) {
  for (index i = 0; i < rows; i++, from += from_row, to += to_row) {
    for_vectors<T>(columns, [=](index j, index n) { store_n(to + j, load_n(from + j, n), n); });
  }
}

template <class T>
void clip(const T* x, T low, T high, T* y, index n) {
  const Vec<T> a = low, b = high;
  for_vectors<T>(n, [=](index i, index count) { store_n(y + i, min(max(load_n(x + i, count), a), b), count); });
}

template <class T>
void add_penalty(const T* x, double l1, double l2, T* dx, index n) {
  const Vec<T> absolute = l1, square = 2 * l2;
  for_vectors<T>(n, [=](index i, index count) {
    const Vec<T> X = load_n(x + i, count);
    const Vec<T> slope = fma(square, X, absolute * sign(X));
    store_n(dx + i, load_n(dx + i, count) + slope, count);
  });
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
