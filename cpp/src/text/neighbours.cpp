#include "text/neighbours.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "kernels/kernels.hpp"

namespace ranvier::words {

namespace {

constexpr index kBlockRows = 512;      // rows of a block, which stays in the second-level cache
constexpr index kQueries = 256;        // queries in one pass over the vectors
constexpr index kFewQueries = 4;       // so few that a product by tiles does not pay
constexpr double kWorthThreads = 2e6;  // multiply-adds: 0.1 ms

index blocks_of(Range rows) { return (rows.size() + kBlockRows - 1) / kBlockRows; }

// The first row, if rows are contiguous floats that may stand apart; else null.
const float* rows_in_place(const ArrayView& x) {
  const index step = x.rows() > 1 ? x.strides[0] : x.row_elements() * static_cast<index>(sizeof(float));
  const bool aligned = reinterpret_cast<std::uintptr_t>(x.data) % alignof(float) == 0 &&
                       step % static_cast<index>(sizeof(float)) == 0 &&
                       step >= x.row_elements() * static_cast<index>(sizeof(float));
  return x.type == ElementType::float32 && aligned && x.rows_contiguous() ? static_cast<const float*>(x.data) : nullptr;
}

int threads_for(const Comparison& c) {
  const double work =
      static_cast<double>(c.rows.size()) * static_cast<double>(c.vectors.row_elements()) * static_cast<double>(c.Q);
  return work < kWorthThreads ? 1 : num_threads();
}

// The queries with length 1, where they have one.
Buffer<float> directions(const Comparison& c) {
  const index n = c.vectors.row_elements();
  Buffer<float> y(c.Q * n);
  for (index q = 0; q < c.Q; ++q) {
    const double* const x = c.queries + q * n;
    const double squares = kernels::table<double>().sum_of_squares(x, n);
    const double length = squares == 0 ? 1 : std::sqrt(squares);
    std::transform(x, x + n, y.data() + q * n, [length](double v) { return static_cast<float>(v / length); });
  }
  return y;
}

// What one thread needs to compare queries with a block of rows.
class Comparer {
 public:
  Comparer(const Comparison& c, const float* directions)
      : c_(c),
        directions_(directions),
        n_(c.vectors.row_elements()),
        direct_(rows_in_place(c.vectors)),
        step_(direct_ && c.vectors.rows() > 1 ? c.vectors.strides[0] / static_cast<index>(sizeof(float)) : n_),
        rows_(direct_ ? 0 : kBlockRows * n_),
        dot_(kBlockRows),
        squares_(kBlockRows),
        most_queries_(std::min(c.Q, kQueries)),
        y_(most_queries_ * kBlockRows),
        scratch_(most_queries_ > kFewQueries ? kernels::table<float>().gemm_scratch(product(most_queries_, kBlockRows))
                                             : 0) {}

  /// y (queries, kBlockRows) for the queries from q0 on and the rows from `first` on: their similarities.
  const float* compare(index q0, index queries, index first, index count) {
    const auto& k = kernels::table<float>();
    const float* x = direct_ ? direct_ + first * step_ : rows_.data();
    if (!direct_) gather(c_.vectors, nullptr, first, count, rows_.data());
    const float* const query = directions_ + q0 * n_;
    if (queries <= kFewQueries) {
      for (index q = 0; q < queries; ++q)
        k.row_products(x, count, step_, n_, query + q * n_, y_.data() + q * kBlockRows, squares_.data());
    } else {
      k.row_products(x, count, step_, n_, query, dot_.data(), squares_.data());
      kernels::Gemm<float> g = product(queries, count);
      g.A = query, g.B = x, g.C = y_.data();
      const kernels::Blocks blocks = k.gemm_blocks(g, 1);
      for (index block = 0; block < blocks.count_m * blocks.count_n; ++block) k.gemm(g, blocks, block, scratch_.data());
    }
    invert_lengths(x, count);
    for (index q = 0; q < queries; ++q) {
      float* const row = y_.data() + q * kBlockRows;
      for (index i = 0; i < count; ++i) row[i] *= squares_[i];
    }
    return y_.data();
  }

 private:
  // y (queries, rows) = queries times the rows turned.
  kernels::Gemm<float> product(index queries, index rows) const {
    kernels::Gemm<float> g{};
    g.M = queries, g.N = rows, g.K = n_;
    g.a_row = n_, g.a_col = 1;
    g.b_row = 1, g.b_col = step_;
    g.c_row = kBlockRows;
    g.keep = true;
    return g;
  }

  // Turns the squares of rows into inverse lengths, which are 0 for zeros.
  void invert_lengths(const float* x, index count) {
    // Squares of very small or large numbers leave the range of float; sums in double do not.
    const auto usual = [](float squares) { return squares > 1e-30F && squares < 1e30F; };
    float* const y = squares_.data();
    if (std::all_of(y, y + count, usual)) return kernels::table<float>().inverse_roots(y, y, count);
    for (index i = 0; i < count; ++i) {
      if (usual(y[i])) {
        y[i] = 1 / std::sqrt(y[i]);
        continue;
      }
      const double exact = kernels::table<float>().sum_of_squares(x + i * step_, n_);
      y[i] = static_cast<float>(exact == 0 ? 0 : 1 / std::sqrt(exact));
    }
  }

  const Comparison& c_;
  const float* directions_;  // (Q, n)
  index n_;
  const float* direct_;  // the rows where they lie, or null where they have to be converted first
  index step_;           // from a row to the next
  Buffer<float> rows_, dot_, squares_;
  index most_queries_;
  Buffer<float> y_, scratch_;
};

// Hands out blocks: to each thread first those of its own part, the same for every question, so that a core finds in
// its caches what it has read the last time; then what others have left.
class Parts {
 public:
  Parts(std::size_t parts, index blocks) : parts_(parts) {
    const auto count = static_cast<index>(parts);
    for (index i = 0; i < count; ++i) {
      parts_[static_cast<std::size_t>(i)].next = blocks * i / count;
      parts_[static_cast<std::size_t>(i)].end = blocks * (i + 1) / count;
    }
  }

  template <class F>
  void for_each(int worker, const F& f) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      Part& part = parts_[(static_cast<std::size_t>(worker) + i) % parts_.size()];
      for (index block; (block = part.next.fetch_add(1, std::memory_order_relaxed)) < part.end;) f(block);
    }
  }

 private:
  struct alignas(kCacheLine) Part {
    std::atomic<index> next{0};
    index end = 0;
  };
  std::vector<Part> parts_;
};

// On so many threads, calls f(similarities, worker, queries, rows) for all blocks of rows, each with up to kQueries
// queries.
template <class F>
void compare_all(const Comparison& c, int threads, const F& f) {
  const Buffer<float> queries = directions(c);
  std::vector<Comparer> comparers;  // made before threads start: a thread may not throw
  for (int i = 0; i < threads; ++i) comparers.emplace_back(c, queries.data());
  std::vector<Parts> passes;
  for (index q0 = 0; q0 < c.Q; q0 += kQueries) passes.emplace_back(comparers.size(), blocks_of(c.rows));
  // A helper that does not come leaves its blocks to the others.
  share_parts(threads, threads, [&](index, int worker) {
    Comparer& comparer = comparers[static_cast<std::size_t>(worker)];
    for (index q0 = 0; q0 < c.Q; q0 += kQueries) {
      const index count = std::min(kQueries, c.Q - q0);
      passes[static_cast<std::size_t>(q0 / kQueries)].for_each(worker, [&](index block) {
        const index first = c.rows.begin + block * kBlockRows, rows = std::min(kBlockRows, c.rows.end - first);
        f(comparer.compare(q0, count, first, rows), worker, Range{q0, q0 + count}, Range{first, first + rows});
      });
    }
  });
}

struct Neighbour {
  float similarity;
  std::int64_t row;
};

bool better(const Neighbour& a, const Neighbour& b) {
  return a.similarity > b.similarity || (a.similarity == b.similarity && a.row < b.row);
}

// The best `most` neighbours that have been offered, the worst of them on top.
class Best {
 public:
  explicit Best(index most) : most_(static_cast<std::size_t>(most)) { heap_.reserve(most_); }

  float bar() const { return heap_.size() < most_ ? -INFINITY : heap_.front().similarity; }

  void offer(Neighbour neighbour) {
    if (heap_.size() == most_) {
      if (!better(neighbour, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.pop_back();
    }
    heap_.push_back(neighbour);
    std::push_heap(heap_.begin(), heap_.end(), better);
  }

  const std::vector<Neighbour>& all() const { return heap_; }
  void sort() { std::sort(heap_.begin(), heap_.end(), better); }

 private:
  std::size_t most_;
  std::vector<Neighbour> heap_;
};

// Offers y[0 .. count), the similarities of rows first on, leaving out what does not reach the bar: most do not, so
// that is found for sixteen of them at once.
void offer_block(const float* y, index count, index first, const std::vector<std::int64_t>& skipped, Best& best) {
  constexpr index kStep = 16;
  for (index i = 0; i < count; i += kStep) {
    const index stop = std::min(i + kStep, count);
    const float bar = best.bar();
    int reached = 0;
    for (index j = i; j < stop; ++j) reached |= y[j] >= bar;
    if (!reached) continue;
    for (index j = i; j < stop; ++j) {
      if (!(y[j] >= best.bar()) || std::find(skipped.begin(), skipped.end(), first + j) != skipped.end()) continue;
      best.offer({y[j], first + j});
    }
  }
}

}  // namespace

void similarities(const Comparison& c, float* y) {
  compare_all(c, threads_for(c), [&](const float* found, int, Range queries, Range rows) {
    for (index q = queries.begin; q < queries.end; ++q, found += kBlockRows)
      std::copy_n(found, rows.size(), y + q * c.rows.size() + rows.begin - c.rows.begin);
  });
}

void nearest(const Comparison& c, index count, const std::vector<std::vector<std::int64_t>>& skipped, std::int64_t* row,
             float* similarity) {
  if (count <= 0) return;
  const int threads = threads_for(c);
  std::vector<std::vector<Best>> best(static_cast<std::size_t>(threads));
  for (std::vector<Best>& of_thread : best)
    for (index q = 0; q < c.Q; ++q) of_thread.emplace_back(std::min(count, c.rows.size()));
  compare_all(c, threads, [&](const float* found, int worker, Range queries, Range rows) {
    std::vector<Best>& mine = best[static_cast<std::size_t>(worker)];
    for (index q = queries.begin; q < queries.end; ++q, found += kBlockRows)
      offer_block(found, rows.size(), rows.begin, skipped[static_cast<std::size_t>(q)],
                  mine[static_cast<std::size_t>(q)]);
  });
  for (index q = 0; q < c.Q; ++q) {
    Best& all = best[0][static_cast<std::size_t>(q)];
    for (std::size_t thread = 1; thread < best.size(); ++thread)
      for (const Neighbour& neighbour : best[thread][static_cast<std::size_t>(q)].all()) all.offer(neighbour);
    all.sort();
    std::fill_n(row + q * count, count, -1);
    std::fill_n(similarity + q * count, count, 0.0F);
    for (std::size_t i = 0; i < all.all().size(); ++i) {
      row[q * count + static_cast<index>(i)] = all.all()[i].row;
      similarity[q * count + static_cast<index>(i)] = all.all()[i].similarity;
    }
  }
}

void row_norms(const ArrayView& vectors, float* y) {
  const index n = vectors.row_elements(), blocks = blocks_of({0, vectors.rows()});
  const float* const direct = contiguous<float>(vectors);
  const int threads = static_cast<double>(vectors.rows()) * static_cast<double>(n) < kWorthThreads ? 1 : num_threads();
  Buffer<float> gathered(direct ? 0 : threads * kBlockRows * n);
  share_parts(threads, blocks, [&](index block, int worker) {
    const index first = block * kBlockRows, count = std::min(kBlockRows, vectors.rows() - first);
    float* const own = gathered.data() + (direct ? 0 : worker * kBlockRows * n);
    if (!direct) gather(vectors, nullptr, first, count, own);
    const float* const x = direct ? direct + first * n : own;
    for (index i = 0; i < count; ++i)
      y[first + i] = static_cast<float>(std::sqrt(kernels::table<float>().sum_of_squares(x + i * n, n)));
  });
}

}  // namespace ranvier::words
