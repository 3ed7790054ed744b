// Copies of parts of A and B into scratch, made only where their strides would make the tiles slow.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

/// One k row of a panel: to (w) = from (columns) and zeros up to a whole vector.
template <class T>
inline void copy_padded(const T* from, T* to, index columns) {
  constexpr index W = Vec<T>::kLanes;
  for (index j = 0; j < columns; j += W) store(to + j, load_n(from + j, least(W, columns - j)));
}

constexpr index kShallow = 4;  // k rows that are sooner moved one by one than turned in registers
constexpr index kStrip = 16;   // k rows of B^T packed at a time: a cache line of floats from each of its columns

template <class T>
constexpr index kPiece = 16 / sizeof(T);  // elements in 16 bytes, within which rows are interleaved

/// column = the transpose of from (W, kPiece), rows from_row apart.
template <class T>
inline void transpose_piece(const T* from, index from_row, Vec<T> (&column)[kPiece<T>]) {
  constexpr index P = kPiece<T>;
  Vec<T> r[P];
  UNROLL for (index i = 0; i < P; i++) r[i] = raw_load_pieces(from + i * from_row, P * from_row);
  if constexpr (P == 4) {
    const Vec<T> a = raw_zip_low(r[0].raw, r[2].raw), b = raw_zip_low(r[1].raw, r[3].raw);
    const Vec<T> c = raw_zip_high(r[0].raw, r[2].raw), d = raw_zip_high(r[1].raw, r[3].raw);
    column[0] = raw_zip_low(a.raw, b.raw);
    column[1] = raw_zip_high(a.raw, b.raw);
    column[2] = raw_zip_low(c.raw, d.raw);
    column[3] = raw_zip_high(c.raw, d.raw);
  } else {
    column[0] = raw_zip_low(r[0].raw, r[1].raw);
    column[1] = raw_zip_high(r[0].raw, r[1].raw);
  }
}

/// to (kStrip, W), rows to_row apart = the transpose of from (W, kStrip), rows from_row apart; `depth` rows of it.
template <class T>
inline void transpose_strip(const T* from, index from_row, T* to, index to_row, index depth) {
  constexpr index P = kPiece<T>;
  for (index k = 0; k < depth; k += P) {
    Vec<T> column[P];
    transpose_piece(from + k, from_row, column);
    UNROLL for (index i = 0; i < P; i++) {
      if (k + i < depth) store(to + (k + i) * to_row, column[i]);
    }
  }
}

/// Rows k .. k + depth - 1 of one panel of W columns from a transposed B: from (columns, depth), columns <= W.
template <class T>
inline void pack_transposed(const T* from, index from_row, T* to, index to_row, index depth, index columns) {
  constexpr index W = Vec<T>::kLanes;
  if (columns == W && depth == kStrip) return transpose_strip(from, from_row, to, to_row, depth);
  if (depth <= kShallow) {
    for (index k = 0; k < depth; k++) store(to + k * to_row, Vec<T>(0));
    for (index j = 0; j < columns; j++) {
      for (index k = 0; k < depth; k++) to[k * to_row + j] = from[j * from_row + k];
    }
    return;
  }
  alignas(64) T whole[W * kStrip];  // nothing may be read beyond the edge: transpose a copy
  for (index j = 0; j < columns; j++) copy_padded(from + j * from_row, whole + j * kStrip, depth);
  for (index j = columns; j < W; j++) {
    UNROLL for (index k = 0; k < kStrip; k += W) store(whole + j * kStrip + k, Vec<T>(0));
  }
  transpose_strip(whole, kStrip, to, to_row, depth);
}

/// Columns [0, columns) of B (K, ...) as rows `first` .. first + K - 1 of panels of tile width, each (height, its width
/// rounded up to whole vectors).
template <class T>
inline void pack_columns(const T* B, index b_row, index b_col, index K, index columns, T* to, index height,
                         index first = 0) {
  constexpr index W = Vec<T>::kLanes, NR = kTileVectors * W;
  const index strip = b_col == 1 ? K : kStrip;  // every line and page of a transposed B is visited once
  for (index k = 0; k < K; k += strip) {
    const index depth = least(strip, K - k);
    for (index j = 0; j < columns; j += NR) {
      const index n = least(NR, columns - j), w = round_up(n, W);
      T* panel = to + j * height + (first + k) * w;
      if (b_col == 1) {
        for (index q = 0; q < depth; q++) copy_padded(B + (k + q) * b_row + j, panel + q * w, n);
      } else {
        for (index q = 0; q < n; q += W) {
          if (k + kStrip < K) {  // the next strip: 2 to 3 % of a whole product
            for (index i = q; i < least(q + W, n); i++) __builtin_prefetch(B + k + kStrip + (j + i) * b_col);
          }
          pack_transposed(B + k + (j + q) * b_col, b_col, panel + q, w, depth, least(W, n - q));
        }
      }
    }
  }
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
