// The register tile: C (m, v vectors) = start + A B over K steps, every element one k-ordered chain of fma.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

template <class T>
struct TileCall {
  index K;
  index whole;  // the first `whole` rows of B may be read past column `tail` of the last vector
  const T* A;   // A(i, k) at i * a_step + k, or at i + k * a_step if A is m-contiguous
  index a_step;
  const index* jump;  // for each `piece` of k: how far from there it begins
  index piece;
  const T* B;  // B(k, j) at k * b_row + j
  index b_row;
  T* C;
  index c_row;
  index tail;      // columns in the last vector: 1 .. lanes
  const T* start;  // what each chain starts from: C, the bias, or zeros
  index start_row;
  bool relu;
  const T* touched[4];  // arrays to prefetch while computing, rows `touched_row` apart, or null
  index touched_row;    // 0: none
};

// Prefetches one row of a tile in each of the arrays that `finish` is going to touch, and of the next tile of C. All
// rows at once would fill the miss buffers: spread over the k loop it takes 25 % off a product with a fused optimizer.
template <class T, int v>
inline void prefetch_touched(const TileCall<T>& t, index i) {
  for (int q = 0; q < 4; q++) {
    if (!t.touched[q]) continue;
    const T* p = t.touched[q] + i * t.touched_row;
    for (index j = 0; j < v * Vec<T>::kLanes; j += 64 / index(sizeof(T))) __builtin_prefetch(p + j, 1);
  }
}

template <class T, bool kRowsOfA>
struct PanelOfA;

/// Where the rows of a tile of A are: two addresses and three distances, of which an addressing mode makes 14 rows.
/// Left alone, a compiler keeps an address or a distance for each row, most of them on the stack.
template <class T>
struct PanelOfA<T, true> {
  const char *first, *eighth;  // rows 0 and 7
  index step, step_3, step_5;  // bytes

  PanelOfA(const T* A, index a_step) : step(a_step * index(sizeof(T))), step_3(3 * step), step_5(5 * step) {
    asm("" : "+r"(step_3), "+r"(step_5));  // they are no multiples of anything
    first = reinterpret_cast<const char*>(A);
    eighth = first + 7 * step;
    asm("" : "+r"(eighth));
  }

  [[gnu::always_inline]] inline const char* row(int i) const {
    const char* const base = i < 7 ? first : eighth;
    switch (i % 7) {
      case 0:
        return base;
      case 1:
        return base + step;
      case 2:
        return base + 2 * step;
      case 3:
        return base + step_3;
      case 4:
        return base + 4 * step;
      case 5:
        return base + step_5;
      default:
        return base + 2 * step_3;
    }
  }
  [[gnu::always_inline]] inline T operator()(int i, int k) const {
    return *reinterpret_cast<const T*>(row(i) + k * int(sizeof(T)));
  }
  void advance(int columns) {
    first += columns * int(sizeof(T));
    eighth += columns * int(sizeof(T));
  }
};

/// The same for an A whose columns lie in memory order.
template <class T>
struct PanelOfA<T, false> {
  const T* column;
  index step;

  PanelOfA(const T* A, index a_step) : column(A), step(a_step) {}
  [[gnu::always_inline]] inline T operator()(int i, int k) const { return column[k * step + i]; }
  void advance(int columns) { column += columns * step; }
};

template <class T, int m, int v, bool kRowsOfA>
[[gnu::flatten]] void tile(const TileCall<T>& t) {
  constexpr index W = Vec<T>::kLanes;
  const index K = t.K, a_step = t.a_step, b_row = t.b_row, tail = t.tail;
  const T* B = t.B;
  T* const C = t.C;
  const index c_row = t.c_row;
  Vec<T> c[m][v];

  UNROLL for (int i = 0; i < m; i++) {
    const T* row = t.start + i * t.start_row;
    UNROLL for (int j = 0; j < v; j++) c[i][j] = j < v - 1 ? load(row + j * W) : load_n(row + j * W, tail);
  }

  auto step = [&](const auto& a, int u, auto last_vector) {  // column u of a
    Vec<T> b[v];
    UNROLL for (int j = 0; j < v; j++) b[j] = j < v - 1 ? load(B + j * W) : last_vector(B + j * W);
    UNROLL for (int i = 0; i < m; i++) {
      const Vec<T> x = a(i, u);
      UNROLL for (int j = 0; j < v; j++) c[i][j] = fma(x, b[j], c[i][j]);
    }
    B += b_row;
  };
  auto read_whole = [](const T* p) { return load(p); };
  auto read_tail = [tail](const T* p) { return load_n(p, tail); };

  const index segment = t.touched_row ? most(t.whole / m & ~index(3), 4) : K;
  index k = 0;
  int row = 0;
  for (const index* jump = t.jump; k < K;) {
    const index end = k + t.piece;
    const index whole = k + (most(least(end, t.whole) - k, 0) & ~index(3));
    PanelOfA<T, kRowsOfA> A(t.A + *jump++, a_step);
    for (; k < whole; row++) {
      if (t.touched_row && row < m) prefetch_touched<T, v>(t, row);
      const index next = t.touched_row && row < m - 1 ? least(k + segment, whole) : whole;
      for (; k < next; k += 4) {
        UNROLL for (int u = 0; u < 4; u++) {
          UNROLL for (int j = 0; j < v; j++) __builtin_prefetch(B + 8 * b_row + j * W);
          step(A, u, read_whole);
        }
        A.advance(4);
      }
    }
    for (; k < end; k++, A.advance(1)) step(A, 0, read_tail);
  }

  if (t.relu) {
    UNROLL for (int i = 0; i < m; i++) {
      UNROLL for (int j = 0; j < v; j++) c[i][j] = select(c[i][j] <= 0, Vec<T>(0), c[i][j]);
    }
  }
  UNROLL for (int i = 0; i < m; i++) {
    T* row = C + i * c_row;
    UNROLL for (int j = 0; j < v - 1; j++) store(row + j * W, c[i][j]);
    store_n(row + (v - 1) * W, c[i][v - 1], tail);
  }
}

template <class T>
using TileFunction = void (*)(const TileCall<T>&);

/// Every size of tile: [A by rows][vectors - 1][rows - 1].
template <class T>
struct Tiles {
  TileFunction<T> function[2][kTileVectors][kTileRows];

  template <bool kRowsOfA, int v, int m>
  constexpr void fill_rows() {
    function[kRowsOfA][v - 1][m - 1] = tile<T, m, v, kRowsOfA>;
    if constexpr (m > 1) fill_rows<kRowsOfA, v, m - 1>();
  }
  template <int v>
  constexpr void fill() {
    fill_rows<false, v, kTileRows>();
    fill_rows<true, v, kTileRows>();
    if constexpr (v > 1) fill<v - 1>();
  }
  constexpr Tiles() : function{} { fill<kTileVectors>(); }
};

template <class T>
constexpr Tiles<T> kTiles;

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
