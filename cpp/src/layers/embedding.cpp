// embedding: the row of a table for each index: x (M) indices, table (V, D), y (M, D).
//
// The gradient of the table has a row for each index that occurs; all others are zero. It is made for a few rows of the
// table at a time, from lists of the positions at which an index occurs, so that an optimizer can take it while it is
// in L1 and no table of zeros is ever written.

#include <algorithm>
#include <cmath>
#include <limits>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Embedding final : public Layer<T> {
  using typename Layer<T>::Parameters;

 public:
  Embedding(Config& config, const std::string& name)
      : Layer<T>("embedding", name), V_(config.integer("input_dim")), D_(config.integer("output_dim")) {
    if (V_ < 1 || D_ < 1)
      throw std::invalid_argument(text("input_dim and output_dim must be at least 1, got ", V_, " and ", D_));
    if (V_ > kMostIndices)
      throw std::invalid_argument(
          text("input_dim must be at most ", kMostIndices, ", got ", V_,
               sizeof(T) == 4 ? ": float32 holds no greater integers, use dtype='float64'" : ""));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    Shape y = x[0];
    y.push_back(D_);
    return {y};
  }

  index indices() const override { return V_; }

  index workspace(const std::vector<Shape>& x, index batch) const override {
    const index positions = V_ + batch * size(x[0]);
    return (positions * static_cast<index>(sizeof(std::int32_t)) + static_cast<index>(sizeof(T)) - 1) /
           static_cast<index>(sizeof(T));
  }
  index forward_workspace(const std::vector<Shape>&, index) const override { return 0; }
  index scratch(const std::vector<Shape>&, index) const override { return block_rows() * D_; }

  void forward(const Pass<T>& pass) const override {
    const T* const table = this->parameters()[0]->value.data();
    const Range part = pass.team->share(pass.batch * pass.x_size(0));
    for (index i = part.begin; i < part.end; ++i) {
      const index row = row_of(pass.x[0][i]);
      if (row >= 0)
        std::copy_n(table + row * D_, D_, pass.y[0] + i * D_);
      else
        std::fill_n(pass.y[0] + i * D_, D_, std::numeric_limits<T>::quiet_NaN());
    }
  }

  void backward(const Pass<T>& pass) const override {
    const index M = pass.batch * pass.x_size(0);
    if (pass.dx[0]) {
      const Range part = pass.team->share(M);
      pass.kernels->fill(pass.dx[0] + part.begin, T{0}, part.size());
    }
    const GradientSink<T>* const sink = pass.sinks[0];
    T* const dtable = pass.dparameters[0];
    if (!sink && !dtable) return;

    const Range rows = pass.team->share(V_, block_rows());
    const Positions positions(pass, rows, M, V_);
    for (index begin = rows.begin; begin < rows.end;) {
      const index end = std::min(begin + block_rows(), rows.end);
      if (sink && sink->rests && !positions.any(begin, end) && sink->rests(sink->context, begin, end - begin)) {
        begin = end;
        continue;
      }
      T* const block = sink ? pass.scratch : dtable + begin * D_;
      pass.kernels->fill(block, T{0}, (end - begin) * D_);
      for (index row = begin; row < end; ++row)
        positions.each(row, [&](index i) {
          T* const to = block + (row - begin) * D_;
          pass.kernels->add(to, pass.dy[0] + i * D_, to, D_);
        });
      if (sink) sink->take(sink->context, block, D_, begin, 0, end - begin, D_);
      begin = end;
    }
  }

  bool streams_gradient(std::size_t, const std::vector<Shape>&, index) const override { return true; }

 protected:
  Parameters make_parameters(const std::vector<Shape>&) const override {
    return {std::make_shared<Parameter<T>>("embeddings", Shape{V_, D_}, Initial::glorot_uniform)};
  }

 private:
  static constexpr index kMostIndices =
      sizeof(T) == 4 ? index{1} << 24 : static_cast<index>(std::numeric_limits<std::int32_t>::max());
  static constexpr index kBlock = 1024;  // elements: a gradient's block and the optimizer's arrays fit in L1

  // For each of some rows of the table, the positions at which its index occurs, in their order: lists that are linked
  // by two arrays, of which each thread writes the parts that belong to its rows.
  class Positions {
   public:
    Positions(const Pass<T>& pass, Range rows, index M, index V)
        : first_(reinterpret_cast<std::int32_t*>(pass.workspace)), next_(first_ + V) {
      std::fill_n(first_ + rows.begin, rows.size(), std::int32_t{-1});
      for (index i = M; i-- > 0;) {
        const T x = pass.x[0][i];
        if (!(x >= static_cast<T>(rows.begin) && x < static_cast<T>(rows.end))) continue;
        const auto row = static_cast<index>(x);
        next_[i] = first_[row];
        first_[row] = static_cast<std::int32_t>(i);
      }
    }

    bool any(index begin, index end) const {
      return std::any_of(first_ + begin, first_ + end, [](std::int32_t i) { return i >= 0; });
    }

    template <class F>
    void each(index row, const F& f) const {
      for (std::int32_t i = first_[row]; i >= 0; i = next_[i]) f(i);
    }

   private:
    std::int32_t *first_, *next_;
  };

  index block_rows() const { return std::max<index>(1, kBlock / D_); }

  // -1 for what is no index: it can only come from another layer, and makes NaN.
  index row_of(T x) const { return x >= 0 && x < static_cast<T>(V_) ? static_cast<index>(x) : -1; }

  index V_, D_;
};

RANVIER_REGISTER_LAYER("embedding", Embedding)

}  // namespace
}  // namespace ranvier
