#include "text/neighbours.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/kernels.hpp"

namespace ranvier::words {

namespace {

constexpr index kBlockRows = 512;      // rows of a block, which stays in the second-level cache
constexpr index kQueries = 256;        // queries in one pass over the vectors
constexpr index kFewQueries = 4;       // so few that a product by tiles does not pay
constexpr double kWorthThreads = 1e6;  // multiply-adds

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

// What one thread needs to compare queries with a block of rows.
class Comparer {
 public:
  explicit Comparer(const Comparison& c)
      : c_(c),
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
    const float* const query = c_.queries + q0 * n_;
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
    for (index i = 0; i < count; ++i) squares_[i] = inverse_length(x + i * step_, squares_[i]);
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

  // Squares of very small or large numbers leave the range of float; sums in double do not.
  float inverse_length(const float* x, float squares) const {
    if (squares > 1e-30F && squares < 1e30F) return 1 / std::sqrt(squares);
    const double exact = kernels::table<float>().sum_of_squares(x, n_);
    return exact > 0 ? static_cast<float>(1 / std::sqrt(exact)) : static_cast<float>(exact);
  }

  const Comparison& c_;
  index n_;
  const float* direct_;  // the rows where they lie, or null where they have to be converted first
  index step_;           // from a row to the next
  Buffer<float> rows_, dot_, squares_;
  index most_queries_;
  Buffer<float> y_, scratch_;
};

// One for each thread, made before they start: a thread may not throw.
std::vector<Comparer> comparers_for(const Comparison& c) {
  std::vector<Comparer> comparers;
  for (int threads = threads_for(c); threads > 0; --threads) comparers.emplace_back(c);
  return comparers;
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
void offer_block(const float* y, index count, index first, const std::int64_t* skip, const std::int64_t* skip_end,
                 Best& best) {
  constexpr index kStep = 16;
  for (index i = 0; i < count; i += kStep) {
    const index stop = std::min(i + kStep, count);
    const float bar = best.bar();
    int reached = 0;
    for (index j = i; j < stop; ++j) reached |= y[j] >= bar;
    if (!reached) continue;
    for (index j = i; j < stop; ++j) {
      if (!(y[j] >= best.bar()) || std::find(skip, skip_end, first + j) != skip_end) continue;
      best.offer({y[j], first + j});
    }
  }
}

}  // namespace

void similarities(const Comparison& c, float* y) {
  const index blocks = blocks_of(c.rows);
  std::vector<Comparer> comparers = comparers_for(c);
  run_team(static_cast<int>(comparers.size()), [&](Team& team) {
    Comparer& comparer = comparers[static_cast<std::size_t>(team.rank())];
    for (index q0 = 0; q0 < c.Q; q0 += kQueries) {
      const index queries = std::min(kQueries, c.Q - q0);
      team.for_each(blocks, [&](index block) {
        const index first = c.rows.begin + block * kBlockRows, count = std::min(kBlockRows, c.rows.end - first);
        const float* const found = comparer.compare(q0, queries, first, count);
        for (index q = 0; q < queries; ++q)
          std::copy_n(found + q * kBlockRows, count, y + (q0 + q) * c.rows.size() + first - c.rows.begin);
      });
    }
  });
}

void nearest(const Comparison& c, index count, const std::int64_t* skipped, const std::int64_t* skip_ends,
             std::int64_t* row, float* similarity) {
  if (count <= 0) return;
  const index blocks = blocks_of(c.rows);
  std::vector<Comparer> comparers = comparers_for(c);
  std::vector<std::vector<Best>> best(comparers.size());
  for (std::vector<Best>& of_thread : best)
    for (index q = 0; q < c.Q; ++q) of_thread.emplace_back(std::min(count, c.rows.size()));
  run_team(static_cast<int>(comparers.size()), [&](Team& team) {
    Comparer& comparer = comparers[static_cast<std::size_t>(team.rank())];
    std::vector<Best>& mine = best[static_cast<std::size_t>(team.rank())];
    for (index q0 = 0; q0 < c.Q; q0 += kQueries) {
      const index queries = std::min(kQueries, c.Q - q0);
      team.for_each(blocks, [&](index block) {
        const index first = c.rows.begin + block * kBlockRows, rows = std::min(kBlockRows, c.rows.end - first);
        const float* const found = comparer.compare(q0, queries, first, rows);
        for (index q = q0; q < q0 + queries; ++q)
          offer_block(found + (q - q0) * kBlockRows, rows, first, skipped + (q ? skip_ends[q - 1] : 0),
                      skipped + skip_ends[q], mine[static_cast<std::size_t>(q)]);
      });
    }
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
  run_team(threads, [&](Team& team) {
    team.for_each(blocks, [&](index block) {
      const index first = block * kBlockRows, count = std::min(kBlockRows, vectors.rows() - first);
      float* const own = gathered.data() + (direct ? 0 : team.rank() * kBlockRows * n);
      if (!direct) gather(vectors, nullptr, first, count, own);
      const float* const x = direct ? direct + first * n : own;
      for (index i = 0; i < count; ++i)
        y[first + i] = static_cast<float>(std::sqrt(kernels::table<float>().sum_of_squares(x + i * n, n)));
    });
  });
}

}  // namespace ranvier::words
