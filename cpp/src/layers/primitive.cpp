// primitive: y = f(...f(f(x_0, x_1), x_2)...) element by element, or y = f(x) for a function of one operand; shapes are
// broadcast. Functions are the rows of the kernel table. With `mean`, sums are divided by the number of operands.
//
// Of several operands what comes after each but the last is kept for the backward pass, unless the function is linear.

#include "layers/broadcast.hpp"

namespace ranvier {
namespace {

constexpr index kBlock = 1024;  // elements of a gradient that is summed while in L1

template <class T>
class PrimitiveLayer final : public Layer<T> {
 public:
  PrimitiveLayer(Config& config, const std::string& name)
      : Layer<T>("primitive", name),
        function_(config.word("function")),
        mean_(config.boolean("mean", false)),
        operands_(config.integer("operands", 0)) {
    const auto& k = kernels::table<T>();
    std::vector<std::string> valid;
    for (index i = 0; i < k.primitive_count; ++i) {
      valid.emplace_back(k.primitives[i].name);
      if (function_ == k.primitives[i].name) position_ = i;
    }
    if (position_ < 0) throw std::invalid_argument(unknown_name("function", function_, valid));
    if (mean_ && function_ != "add") throw std::invalid_argument("only the function 'add' has a mean");
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    const bool one = row(kernels::table<T>()).operands == 1;
    if (one) this->require_inputs(x, 1);
    if (!one && x.size() < 2) fail(this->name(), "expected at least 2 inputs, got ", x.size());
    if (operands_) this->require_inputs(x, static_cast<std::size_t>(operands_));
    Shape y = x[0];
    for (std::size_t i = 1; i < x.size(); ++i) y = broadcast(this->name(), y, x[i]);
    return {y};
  }

  bool makes_single(const std::vector<char>& x) const override {
    return std::all_of(x.begin(), x.end(), [](char single) { return single != 0; });
  }

  index workspace(const std::vector<Shape>& x, index batch) const override {
    return linear() || x.size() < 3 ? 0 : static_cast<index>(x.size() - 2) * batch * size(output_shapes(x)[0]);
  }
  index scratch(const std::vector<Shape>&, index) const override { return 2 * kBlock; }

  void forward(const Pass<T>& pass) const override {
    const Range rows = pass.team->share(pass.batch);
    if (rows.size() == 0) return;
    const auto& f = row(*pass.kernels);
    const Shape& shape = (*pass.y_shapes)[0];
    T* const y = pass.y[0] + rows.begin * size(shape);
    if (f.operands == 1) {
      f.forward(pass.x[0] + rows.begin * size(shape), 1, nullptr, 0, y, rows.size() * size(shape));
      return;
    }
    const std::size_t count = pass.x_shapes->size();
    const T* a = x(pass, 0, rows);
    Runs::Operand left = operand(pass, 0);
    for (std::size_t i = 1; i < count; ++i) {
      T* const to = i + 1 == count || linear() ? y : partial(pass, i, rows);
      const Runs runs(rows.size(), shape, {left, operand(pass, i)});
      const T* const b = x(pass, i, rows);
      runs.each([&](index at, const auto& from) {
        f.forward(a + from[0], runs.step(0), b + from[1], runs.step(1), to + at, runs.length());
      });
      a = to;
      left = {&shape, false};
    }
    if (mean_) pass.kernels->scale(y, part(pass), y, rows.size() * size(shape));
  }

  void backward(const Pass<T>& pass) const override {
    const auto& f = row(*pass.kernels);
    if (!f.smooth) return clear(pass);
    const Range mine = pass.team->share(pass.batch);
    const Shape& shape = (*pass.y_shapes)[0];
    T* const dy = pass.dy[0] + mine.begin * size(shape);
    if (mean_) pass.kernels->scale(dy, part(pass), dy, mine.size() * size(shape));
    const std::size_t count = pass.x_shapes->size();
    for (std::size_t i = count - 1; f.operands == 2 && i > 1; --i) {
      // dy becomes the gradient of what came before operand i.
      if (differentiates_single(pass, {i})) {
        pass.team->barrier();
        if (pass.team->rank() == 0) pair(pass, i, {0, pass.batch}, nullptr, pass.dx[i]);
        pass.team->barrier();
        if (mine.size()) pair(pass, i, mine, pass.dy[0], nullptr);
      } else if (mine.size()) {
        pair(pass, i, mine, pass.dy[0], pass.dx[i]);
      }
    }
    if (f.operands == 1) {
      const index first = mine.begin * size(shape);
      if (pass.dx[0])
        f.backward(pass.x[0] + first, 1, nullptr, 0, pass.y[0] + first, dy, pass.dx[0] + first, nullptr,
                   mine.size() * size(shape));
      return;
    }
    const bool single_a = differentiates_single(pass, {0}), single_b = differentiates_single(pass, {1});
    if (mine.size()) pair(pass, 1, mine, single_a ? nullptr : pass.dx[0], single_b ? nullptr : pass.dx[1]);
    if (!single_a && !single_b) return;
    pass.team->barrier();
    if (pass.team->rank() == 0)
      pair(pass, 1, {0, pass.batch}, single_a ? pass.dx[0] : nullptr, single_b ? pass.dx[1] : nullptr);
  }

 private:
  const kernels::Primitive<T>& row(const kernels::Kernels<T>& k) const { return k.primitives[position_]; }
  bool linear() const { return function_ == "add" || function_ == "subtract"; }

  static T part(const Pass<T>& pass) { return T{1} / static_cast<T>(pass.x_shapes->size()); }

  static Runs::Operand operand(const Pass<T>& pass, std::size_t i) {
    return {&(*pass.x_shapes)[i], pass.x_single[i] != 0};
  }
  static T* x(const Pass<T>& pass, std::size_t i, Range rows) {
    return pass.x[i] + (pass.x_single[i] ? 0 : rows.begin * pass.x_size(i));
  }
  static T* partial(const Pass<T>& pass, std::size_t i, Range rows) {
    return pass.workspace + (static_cast<index>(i - 1) * pass.batch + rows.begin) * pass.y_size(0);
  }
  // The gradient of a value that is one for the whole batch sums over rows that other threads have.
  static bool differentiates_single(const Pass<T>& pass, std::initializer_list<std::size_t> operands) {
    return std::any_of(operands.begin(), operands.end(),
                       [&](std::size_t i) { return pass.dx[i] && pass.x_single[i] && (pass.batch > 1); });
  }

  void clear(const Pass<T>& pass) const {
    for (std::size_t i = 0; i < pass.x_shapes->size(); ++i) {
      if (!pass.dx[i]) continue;
      const Range part = pass.team->share((pass.x_single[i] ? 1 : pass.batch) * pass.x_size(i));
      pass.kernels->fill(pass.dx[i] + part.begin, T{0}, part.size());
    }
  }

  // Gradients of f(a, b) for these rows, b being operand i and a what came before it: where not null, whole tensors.
  void pair(const Pass<T>& pass, std::size_t i, Range rows, T* da, T* db) const {
    const auto& f = row(*pass.kernels);
    const Shape& shape = (*pass.y_shapes)[0];
    const index n = size(shape), first = rows.begin * n;
    const Runs::Operand left = i == 1 ? operand(pass, 0) : Runs::Operand{&shape, false};
    const Runs::Operand right = operand(pass, i);
    const bool last = i + 1 == pass.x_shapes->size();
    const T* const a = i == 1 ? x(pass, 0, rows) : linear() ? pass.y[0] + first : partial(pass, i - 1, rows);
    const T* const b = x(pass, i, rows);
    const T* const y = last || linear() ? pass.y[0] + first : partial(pass, i, rows);
    const T* const dy = pass.dy[0] + first;
    const auto whole = [&](const Runs::Operand& o) { return !o.single && size(*o.shape) == n; };
    const bool whole_a = whole(left), whole_b = whole(right);
    const auto begin = [&](T* d, const Runs::Operand& o) {
      return d ? d + (o.single ? 0 : rows.begin * size(*o.shape)) : d;
    };
    T *const to_a = begin(da, left), *const to_b = begin(db, right);
    const auto clear = [&](T* d, const Runs::Operand& o) {
      pass.kernels->fill(d, T{0}, (o.single ? 1 : rows.size()) * size(*o.shape));
    };
    if (to_a && !whole_a) clear(to_a, left);
    if (to_b && !whole_b) clear(to_b, right);
    T *const sum_a = pass.scratch, *const sum_b = sum_a + kBlock;
    const Runs runs(rows.size(), shape, {left, right});
    const auto add = [&](T* to, index step, const T* from, index count) {
      if (step)
        pass.kernels->add(to, from, to, count);
      else
        *to += static_cast<T>(pass.kernels->sum(from, count));
    };
    runs.each([&](index at, const auto& from) {
      for (index j = 0; j < runs.length(); j += kBlock) {
        const index count = std::min(kBlock, runs.length() - j);
        const index ia = from[0] + j * runs.step(0), ib = from[1] + j * runs.step(1);
        f.backward(a + ia, runs.step(0), b + ib, runs.step(1), y + at + j, dy + at + j,
                   !to_a     ? nullptr
                   : whole_a ? to_a + ia
                             : sum_a,
                   !to_b     ? nullptr
                   : whole_b ? to_b + ib
                             : sum_b,
                   count);
        if (to_a && !whole_a) add(to_a + ia, runs.step(0), sum_a, count);
        if (to_b && !whole_b) add(to_b + ib, runs.step(1), sum_b, count);
      }
    });
  }

  std::string function_;
  bool mean_;
  index operands_;       // that it takes, or 0 for any number
  index position_ = -1;  // tables of all instruction sets list the rows in the same order
};

RANVIER_REGISTER_LAYER("primitive", PrimitiveLayer)

}  // namespace
}  // namespace ranvier
