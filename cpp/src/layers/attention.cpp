// attention: y = dropout(softmax(scale q k^T + mask)) v for each head (Vaswani et al., 2017).
// q (O, Q, H, D), k (O, S, G, D), v (O, S, G, E), y (O, Q, H, E): O is the product of the axes before the time, H and G
// are missing where `heads` is false. Each of the G heads of k and v serves H / G heads of q, as in Ainslie et al.,
// 2023.
//
// Inputs: query, value, key unless it is the value, and with `mask` one that is 0 where no attention may go: (Q, S) or
// (H, Q, S), any of them 1. `causal`: query i sees keys 0 .. i; `window`: only keys less than that away. Products skip
// what no row of a block may see. The probabilities (Q, S) of each head are kept for the backward pass.

#include <algorithm>
#include <limits>

#include "layers/activation_choice.hpp"
#include "layers/layer.hpp"
#include "layers/product.hpp"

namespace ranvier {
namespace {

constexpr index kBlockRows = 32;  // of q that are multiplied at once: half of a causal product is skipped

template <class T>
class Attention final : public Layer<T> {
  using typename Layer<T>::Parameters;

 public:
  Attention(Config& config, const std::string& name)
      : Layer<T>("attention", name),
        heads_(config.boolean("heads", false)),
        mask_(config.boolean("mask", false)),
        causal_(config.boolean("causal", false)),
        use_scale_(config.boolean("use_scale", false)),
        scores_(config.boolean("scores", false)),
        dropped_scores_(config.boolean("dropped_scores", false)),
        scale_(config.number("scale", 1)),
        rate_(config.number("dropout", 0)),
        window_(config.integer("window", 0)),
        seed_(config.integer("seed", 0)),
        softmax_("softmax", {}) {
    if (!(rate_ >= 0 && rate_ < 1)) throw std::invalid_argument(text("dropout must be in [0, 1), got ", rate_));
    if (window_ < 0) throw std::invalid_argument(text("the window must be at least 1, or 0 for none, got ", window_));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    const std::size_t given = x.size() - (mask_ && !x.empty() ? 1 : 0);
    if (given < 2 || given > 3)
      fail(this->name(), "expected query and value, or query, value and key, got ", given, " inputs");
    const Shape &q = x[0], &v = x[1], &k = x[given == 3 ? 2 : 1];
    const std::size_t least = heads_ ? 3 : 2;
    const auto bad = [&](const char* what) {
      fail(this->name(), "expected ", what, ", got query ", to_string_batched(q), ", value ", to_string_batched(v),
           " and key ", to_string_batched(k));
    };
    if (q.size() < least || v.size() != q.size() || k.size() != q.size())
      bad(heads_ ? "query, value and key (*, time, heads, features)" : "query, value and key (*, time, features)");
    const Sizes s = sizes(x);
    if (k.back() != q.back()) bad("query and key of the same number of features");
    if (!std::equal(k.begin(), k.end() - 1, v.begin())) bad("value and key that differ in their features only");
    if (!std::equal(q.begin(), q.end() - static_cast<std::ptrdiff_t>(least), k.begin()))
      bad("query and key whose axes before the time are the same");
    if (s.H % s.G != 0) bad("a number of query heads that the key heads divide");
    if (mask_) check_mask(x.back(), s);
    Shape y = q;
    y.back() = s.E;
    if (!scores_) return {y};
    Shape scores(q.begin(), q.end() - static_cast<std::ptrdiff_t>(least));
    if (heads_) scores.push_back(s.H);
    scores.push_back(s.Q);
    scores.push_back(s.S);
    return {y, scores};
  }

  bool makes_single(const std::vector<char>& x) const override {
    return Layer<T>::makes_single(std::vector<char>(x.begin(), x.end() - (mask_ ? 1 : 0)));
  }

  double flops(const std::vector<Shape>& x) const override {
    const Sizes s = sizes(x);
    return (causal_ ? 1.0 : 2.0) * static_cast<double>(s.O * s.H * s.Q * s.S) * static_cast<double>(s.D + s.E);
  }

  index workspace(const std::vector<Shape>& x, index batch) const override {
    const Sizes s = sizes(x);
    return batch * s.O * s.H * padded(s) + batch * s.O * s.H;
  }

  index scratch(const std::vector<Shape>& x, index) const override {
    const Sizes s = sizes(x);
    index most = 0;
    for (const kernels::Gemm<T>& g :
         {product_transposed_b<T>(s.Q, s.S, s.D, nullptr, nullptr, nullptr),
          product_transposed_b<T>(s.Q, s.S, s.E, nullptr, nullptr, nullptr),
          product<T>(s.Q, s.E, s.S, nullptr, nullptr, nullptr), product<T>(s.Q, s.D, s.S, nullptr, nullptr, nullptr),
          product_transposed_a<T>(s.S, s.E, s.Q, nullptr, nullptr, nullptr),
          product_transposed_a<T>(s.S, s.D, s.Q, nullptr, nullptr, nullptr)})
      most = std::max(most, kernels::table<T>().gemm_scratch(g));
    return round_up(most, kLine) + 2 * padded(s) + round_up(s.Q * s.D, kLine);
  }

  void forward(const Pass<T>& pass) const override {
    const Sizes s = sizes(*pass.x_shapes);
    const Range part = pass.team->share(pass.batch * s.O * s.H);
    for (index p = part.begin; p < part.end; ++p) {
      const Head head(pass, s, p, key_input(pass));
      T* const P = pass.workspace + p * padded(s);
      T* const q = place(pass, s).q;
      for (index i = 0; i < s.Q; ++i) pass.kernels->scale(head.q + i * s.H * s.D, scale(), q + i * s.D, s.D);
      blocks(s, [&](Range rows, Range columns) {
        kernels::Gemm<T> g =
            product_transposed_b<T>(rows.size(), columns.size(), s.D, q + rows.begin * s.D,
                                    head.k + columns.begin * s.G * s.D, P + rows.begin * s.S + columns.begin);
        g.b_col = s.G * s.D, g.c_row = s.S;
        run(pass, g);
        for (index i = rows.begin; i < rows.end; ++i) probabilities(pass, s, p, i, P + i * s.S);
      });
      const T* const dropped = drop(pass, s, p, P);
      blocks(s, [&](Range rows, Range columns) {
        kernels::Gemm<T> g =
            product<T>(rows.size(), s.E, columns.size(), dropped + rows.begin * s.S + columns.begin,
                       head.v + columns.begin * s.G * s.E, head.y(pass, s, pass.y[0]) + rows.begin * s.H * s.E);
        g.a_row = s.S, g.b_row = s.G * s.E, g.c_row = s.H * s.E;
        run(pass, g);
      });
      if (scores_) std::copy_n(dropped_scores_ ? dropped : P, s.Q * s.S, pass.y[1] + p * s.Q * s.S);
    }
  }

  void backward(const Pass<T>& pass) const override {
    const Sizes s = sizes(*pass.x_shapes);
    if (mask_) {
      const std::size_t last = pass.x_shapes->size() - 1;
      if (pass.dx[last] && pass.team->rank() == 0)
        pass.kernels->fill(pass.dx[last], T{0}, (pass.x_single[last] ? 1 : pass.batch) * pass.x_size(last));
    }
    T *const dq = pass.dx[0], *const dv = pass.dx[1], *const dk = pass.dx[key_input(pass)];
    // Heads that share keys are one piece of work: their gradients are summed in order.
    const Range part = pass.team->share(pass.batch * s.O * s.G);
    for (index group = part.begin; group < part.end; ++group) {
      const index shared = s.H / s.G, first = group / s.G * s.H + group % s.G * shared;
      const Head zero(pass, s, first, key_input(pass));
      T* const dK = dk ? dk + (zero.k - pass.x[key_input(pass)]) : nullptr;
      T* const dV = dv ? dv + (zero.v - pass.x[1]) : nullptr;
      for (index j = 0; j < s.S; ++j) {
        if (dV) pass.kernels->fill(dV + j * s.G * s.E, T{0}, s.E);
        if (dK) pass.kernels->fill(dK + j * s.G * s.D, T{0}, s.D);
      }
      for (index h = 0; h < shared; ++h) head_backward(pass, s, first + h, dq, dK, dV);
    }
    T* const dscale = use_scale_ ? pass.dparameters[0] : nullptr;
    if (!dscale) return;
    pass.team->barrier();
    if (pass.team->rank() == 0) {
      const index heads = pass.batch * s.O * s.H;
      *dscale = static_cast<T>(pass.kernels->sum(pass.workspace + heads * padded(s), heads));
    }
  }

 protected:
  Parameters make_parameters(const std::vector<Shape>&) const override {
    if (!use_scale_) return {};
    return {std::make_shared<Parameter<T>>("scale", Shape{}, Initial::ones)};
  }

 private:
  static constexpr index kLine = static_cast<index>(kCacheLine / sizeof(T));

  struct Sizes {
    index O, Q, S, H, G, D, E;
  };

  // Where head p of q and its head of k and v begin.
  struct Head {
    const T *q, *k, *v;
    index p;

    Head(const Pass<T>& pass, const Sizes& s, index p, std::size_t key) : p(p) {
      const index o = p / s.H, h = p % s.H, g = h / (s.H / s.G);
      q = pass.x[0] + (o * s.Q * s.H + h) * s.D;
      k = pass.x[key] + (o * s.S * s.G + g) * s.D;
      v = pass.x[1] + (o * s.S * s.G + g) * s.E;
    }
    T* y(const Pass<T>&, const Sizes& s, T* all) const { return all + (p / s.H * s.Q * s.H + p % s.H) * s.E; }
  };

  struct Place {
    T *gemm, *first, *second, *q;
  };

  Sizes sizes(const std::vector<Shape>& x) const {
    const Shape &q = x[0], &v = x[1];
    const std::size_t time = q.size() - (heads_ ? 3 : 2);
    Sizes s{};
    s.O = size(Shape(q.begin(), q.begin() + static_cast<std::ptrdiff_t>(time)));
    s.Q = q[time];
    s.S = v[time];
    s.H = heads_ ? q[time + 1] : 1;
    s.G = heads_ ? v[time + 1] : 1;
    s.D = q.back();
    s.E = v.back();
    return s;
  }

  static index padded(const Sizes& s) { return round_up(s.Q * s.S, kLine); }
  T scale() const { return static_cast<T>(scale_) * (use_scale_ ? this->parameters()[0]->value[0] : T{1}); }
  std::size_t key_input(const Pass<T>& pass) const { return pass.x_shapes->size() - (mask_ ? 1 : 0) == 3 ? 2 : 1; }

  Place place(const Pass<T>& pass, const Sizes& s) const {
    const index big = padded(s), small = round_up(s.Q * s.D, kLine);
    return {pass.scratch + 2 * big + small, pass.scratch, pass.scratch + big, pass.scratch + 2 * big};
  }

  void run(const Pass<T>& pass, const kernels::Gemm<T>& g) const {
    const kernels::Blocks all{g.M, g.N, 1, 1};
    pass.kernels->gemm(g, all, 0, place(pass, sizes(*pass.x_shapes)).gemm);
  }

  void check_mask(const Shape& mask, const Sizes& s) const {
    const std::size_t axes = mask.size();
    const auto fits = [](index axis, index size) { return axis == size || axis == 1; };
    if (axes < 2 || axes > 3 || !fits(mask[axes - 1], s.S) || !fits(mask[axes - 2], s.Q) ||
        (axes == 3 && !fits(mask[0], s.H)))
      fail(this->name(), "expected an attention mask of ", s.Q, " queries and ", s.S, " keys, ",
           to_string_batched(Shape{s.Q, s.S}), ", got ", to_string_batched(mask));
  }

  // Keys that query i may see.
  Range seen(const Sizes& s, index i) const {
    const index begin = window_ ? std::max<index>(0, i - window_ + 1) : 0;
    const index end = std::min(s.S, causal_ ? i + 1 : window_ ? i + window_ : s.S);
    return {std::min(begin, end), end};
  }

  // Calls f(queries, the keys that any of these sees) for blocks of queries.
  template <class F>
  void blocks(const Sizes& s, const F& f) const {
    const index step = causal_ || window_ ? kBlockRows : s.Q;
    for (index begin = 0; begin < s.Q; begin += step) {
      const index end = std::min(s.Q, begin + step);
      const Range columns{seen(s, begin).begin, std::max(seen(s, begin).end, seen(s, end - 1).end)};
      if (columns.size() > 0) f(Range{begin, end}, columns);
    }
  }

  // Whether query i of head p may see each key, or null for all.
  struct Mask {
    const T* values;
    index step;
    bool hides(index j) const { return values && values[j * step] == T{0}; }
  };
  Mask mask(const Pass<T>& pass, const Sizes& s, index p, index i) const {
    if (!mask_) return {nullptr, 0};
    const std::size_t last = pass.x_shapes->size() - 1;
    const Shape& shape = (*pass.x_shapes)[last];
    const std::size_t axes = shape.size();
    const index row = p / s.H / s.O, columns = shape[axes - 1], rows = shape[axes - 2];
    const index h = axes == 3 && shape[0] > 1 ? p % s.H : 0;
    const T* const own = pass.x[last] + (pass.x_single[last] ? 0 : row * pass.x_size(last));
    return {own + (h * rows + (rows > 1 ? i : 0)) * columns, columns > 1 ? 1 : 0};
  }

  // The scores of query i become probabilities; keys that it does not see get 0. A query that sees none of those that
  // the mask hides gives all of them the same.
  void probabilities(const Pass<T>& pass, const Sizes& s, index p, index i, T* row) const {
    const Range range = seen(s, i);
    std::fill(row, row + range.begin, T{0});
    std::fill(row + range.end, row + s.S, T{0});
    const Mask hidden = mask(pass, s, p, i);
    if (hidden.values)
      for (index j = range.begin; j < range.end; ++j)
        if (hidden.hides(j)) row[j] = std::numeric_limits<T>::lowest() / 2;
    if (range.size() > 0)
      softmax_.axis_row(*pass.kernels).forward(row + range.begin, row + range.begin, 1, range.size(), 1);
  }

  bool drops(const Pass<T>& pass) const { return pass.training && rate_ > 0; }

  // The probabilities of head p after dropout, in scratch, or as they are.
  const T* drop(const Pass<T>& pass, const Sizes& s, index p, const T* P) const {
    if (!drops(pass)) return P;
    T* const to = place(pass, s).first;
    pass.kernels->dropout(P, to, p * padded(s), s.Q * s.S, rate_, key(pass));
    return to;
  }
  kernels::RandomKey key(const Pass<T>& pass) const {
    return {pass.key.seed ^ static_cast<std::uint64_t>(seed_), pass.key.stream};
  }

  void head_backward(const Pass<T>& pass, const Sizes& s, index p, T* dq, T* dK, T* dV) const {
    const Head head(pass, s, p, key_input(pass));
    const T* const P = pass.workspace + p * padded(s);
    const T* const dropped = drop(pass, s, p, P);
    const T* const dy = head.y(pass, s, pass.dy[0]);
    const T* const dscores = scores_ ? pass.dy[1] + p * s.Q * s.S : nullptr;
    T* const dS = place(pass, s).second;
    blocks(s, [&](Range rows, Range columns) {
      if (dV) {  // += P^T dy
        kernels::Gemm<T> g =
            product_transposed_a<T>(columns.size(), s.E, rows.size(), dropped + rows.begin * s.S + columns.begin,
                                    dy + rows.begin * s.H * s.E, dV + columns.begin * s.G * s.E);
        g.a_col = s.S, g.b_row = s.H * s.E, g.c_row = s.G * s.E, g.accumulate = true;
        run(pass, g);
      }
      kernels::Gemm<T> g =
          product_transposed_b<T>(rows.size(), columns.size(), s.E, dy + rows.begin * s.H * s.E,
                                  head.v + columns.begin * s.G * s.E, dS + rows.begin * s.S + columns.begin);
      g.a_row = s.H * s.E, g.b_col = s.G * s.E, g.c_row = s.S;
      run(pass, g);
    });
    for (index i = 0; i < s.Q && (dscores && dropped_scores_); ++i) add_seen(pass, s, i, dscores, dS);
    if (drops(pass)) pass.kernels->dropout(dS, dS, p * padded(s), s.Q * s.S, rate_, key(pass));
    for (index i = 0; i < s.Q && (dscores && !dropped_scores_); ++i) add_seen(pass, s, i, dscores, dS);

    T* const dQ = dq ? dq + (head.q - pass.x[0]) : nullptr;
    T* const dscale =
        use_scale_ && pass.dparameters[0] ? pass.workspace + pass.batch * s.O * s.H * padded(s) + p : nullptr;
    double slope = 0;
    if (dQ)
      for (index i = 0; i < s.Q; ++i)
        if (seen(s, i).size() == 0) pass.kernels->fill(dQ + i * s.H * s.D, T{0}, s.D);
    blocks(s, [&](Range rows, Range columns) {
      for (index i = rows.begin; i < rows.end; ++i) slopes(pass, s, p, i, P, dS, columns);
      T* const dscores_block = dS + rows.begin * s.S + columns.begin;
      if (dQ || dscale) {  // ds k, in place of the scaled q where nobody asks for it
        T* const to = dQ ? dQ + rows.begin * s.H * s.D : place(pass, s).q;
        const index stride = dQ ? s.H * s.D : s.D;
        kernels::Gemm<T> g =
            product<T>(rows.size(), s.D, columns.size(), dscores_block, head.k + columns.begin * s.G * s.D, to);
        g.a_row = s.S, g.b_row = s.G * s.D, g.c_row = stride;
        run(pass, g);
        for (index i = 0; i < rows.size(); ++i) {
          const T* const q = head.q + (rows.begin + i) * s.H * s.D;
          for (index d = 0; dscale && d < s.D; ++d) slope += static_cast<double>(q[d] * to[i * stride + d]);
          pass.kernels->scale(to + i * stride, scale(), to + i * stride, s.D);
        }
      }
      if (dK) {  // += ds^T q
        for (index i = 0; i < rows.size(); ++i)
          pass.kernels->scale(dscores_block + i * s.S, scale(), dscores_block + i * s.S, columns.size());
        kernels::Gemm<T> g = product_transposed_a<T>(columns.size(), s.D, rows.size(), dscores_block,
                                                     head.q + rows.begin * s.H * s.D, dK + columns.begin * s.G * s.D);
        g.a_col = s.S, g.b_row = s.H * s.D, g.c_row = s.G * s.D, g.accumulate = true;
        run(pass, g);
      }
    });
    if (dscale) *dscale = static_cast<T>(slope * scale_);
  }

  void add_seen(const Pass<T>& pass, const Sizes& s, index i, const T* from, T* to) const {
    const Range range = seen(s, i);
    T* const row = to + i * s.S + range.begin;
    pass.kernels->add(row, from + i * s.S + range.begin, row, range.size());
  }

  // dS holds the gradient of the probabilities of query i, and then of its scores: 0 outside what it sees.
  void slopes(const Pass<T>& pass, const Sizes& s, index p, index i, const T* P, T* dS, Range columns) const {
    const Range range = seen(s, i);
    T* const row = dS + i * s.S;
    std::fill(row + columns.begin, row + std::max(columns.begin, range.begin), T{0});
    std::fill(row + range.end, row + std::max(columns.end, range.end), T{0});
    if (range.size() == 0) return;
    softmax_.axis_row(*pass.kernels)
        .backward(P + i * s.S + range.begin, row + range.begin, row + range.begin, 1, range.size(), 1);
    const Mask hidden = mask(pass, s, p, i);
    if (hidden.values)
      for (index j = range.begin; j < range.end; ++j)
        if (hidden.hides(j)) row[j] = 0;
  }

  bool heads_, mask_, causal_, use_scale_, scores_, dropped_scores_;
  double scale_, rate_;
  index window_;
  std::int64_t seed_;
  ActivationChoice<T> softmax_;
};

RANVIER_REGISTER_LAYER("attention", Attention)

}  // namespace
}  // namespace ranvier
