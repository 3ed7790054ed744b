// What layer, group, root mean square and unit normalization share. A row of the input is cut into G lines of N
// elements, each normalized by its own statistics: y = (x - mean) inverse gamma + beta, where an element's gamma and
// beta may be any of a parameter's.
#pragma once

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>

#include "layers/layer.hpp"
#include "layers/row_axes.hpp"

namespace ranvier {

/// How a row of some shape is cut.
struct Lines {
  index G = 1, N = 1;
  std::vector<index> order;  // where each element of the lines lies in the row; empty: where it stands
  std::vector<index> slot;   // which element of the parameters is each one's; empty: its place in the line. Where order
                             // is not empty, neither is this
};

template <class T>
class NormalizedLines : public Layer<T> {
 public:
  using typename Layer<T>::Parameters;

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    const Shape wanted = parameter_shape(x[0]);
    for (const auto& parameter : this->parameters())
      if (parameter->shape != wanted)
        fail(this->name(), "its ", parameter->name, " has shape ", to_string(parameter->shape),
             ", but an input of shape ", to_string_batched(x[0]), " needs ", to_string(wanted));
    return x;
  }

  // Kept: mean and inverse of each line. Besides, for elements of their own parameters, these spread over the row.
  index workspace(const std::vector<Shape>& x, index batch) const override {
    return 2 * batch * find_lines(x[0]).G + (spreads(find_lines(x[0])) ? 2 * size(x[0]) : 0);
  }
  index scratch(const std::vector<Shape>& x, index) const override {
    return find_lines(x[0]).order.empty() ? 0 : 3 * size(x[0]);
  }
  double flops(const std::vector<Shape>& x) const override { return 8 * static_cast<double>(size(x[0])); }

  void forward(const Pass<T>& pass) const override {
    const Lines& cut = find_lines((*pass.x_shapes)[0]);
    const Spread spread = spread_parameters(pass, cut);
    for_lines(pass, cut, spread, nullptr,
              [&](const kernels::NormalizedLine<T>& line, const T*, T*) { pass.kernels->normalize(line); });
  }

  void backward(const Pass<T>& pass) const override {
    const Lines& cut = find_lines((*pass.x_shapes)[0]);
    const Spread spread = spread_parameters(pass, cut);
    if (pass.dx[0])
      for_lines(pass, cut, spread, pass.dx[0], [&](const kernels::NormalizedLine<T>& line, const T* dy, T* dx) {
        pass.kernels->normalize_backward(line, dy, dx);
      });
    T* const dgamma = gamma_ >= 0 ? pass.dparameters[gamma_] : nullptr;
    T* const dbeta = beta_ >= 0 ? pass.dparameters[beta_] : nullptr;
    if (!dgamma && !dbeta) return;
    if (spreads(cut)) {
      pass.team->barrier();  // gamma and beta make room for their gradients
      spread_gradients(pass, cut, dgamma, dbeta);
      return;
    }
    const index lines_of_batch = pass.batch * cut.G;
    const Range part = pass.team->share(cut.N, kGrain);
    const T *const x = pass.x[0] + part.begin, *const dy = pass.dy[0] + part.begin;
    if (dgamma)
      pass.kernels->line_dot(x, statistics(pass, cut), 2, dy, lines_of_batch, part.size(), cut.N, dgamma + part.begin);
    if (dbeta) pass.kernels->column_sum(dy, lines_of_batch, part.size(), cut.N, dbeta + part.begin);
  }

 protected:
  struct Formula {
    double epsilon;
    bool centered = true, total = false;
    double greatest = std::numeric_limits<double>::infinity();
  };

  NormalizedLines(const char* kind, const std::string& name, Formula formula, const char* gamma, const char* beta)
      : Layer<T>(kind, name), formula_(formula), gamma_name_(gamma), beta_name_(beta) {
    if (!(formula.epsilon >= 0)) throw std::invalid_argument(text("epsilon must be at least 0, got ", formula.epsilon));
    if (gamma) gamma_ = 0;
    if (beta) beta_ = gamma ? 1 : 0;
  }

  /// Throws std::invalid_argument if rows of shape x cannot be normalized.
  virtual Lines lines(const Shape& x) const = 0;
  virtual Shape parameter_shape(const Shape& x) const = 0;

  Parameters make_parameters(const std::vector<Shape>& x) const override {
    Parameters parameters;
    const Shape shape = parameter_shape(x[0]);
    if (gamma_name_) parameters.push_back(std::make_shared<Parameter<T>>(gamma_name_, shape, Initial::ones));
    if (beta_name_) parameters.push_back(std::make_shared<Parameter<T>>(beta_name_, shape, Initial::zeros));
    return parameters;
  }

  /// Lines along these axes; an element's parameter is its place in the line.
  static Lines lines_along(const std::vector<index>& axes, const Shape& x) {
    const auto along = [&](std::size_t axis) {
      return std::find(axes.begin(), axes.end(), static_cast<index>(axis)) != axes.end();
    };
    Lines cut;
    bool last = true;  // nothing stays outside the lines after the first of their axes
    for (std::size_t axis = 0; axis < x.size(); ++axis) {
      (along(axis) ? cut.N : cut.G) *= x[axis];
      last = last && (along(axis) || cut.N == 1);
    }
    if (last) return cut;
    cut.order.resize(static_cast<std::size_t>(cut.G * cut.N));
    cut.slot.resize(cut.order.size());
    for (index i = 0; i < cut.G * cut.N; ++i) {
      index group = 0, place = 0, group_step = 1, place_step = 1, rest = i;
      for (std::size_t axis = x.size(); axis-- > 0; rest /= x[axis]) {
        index& position = along(axis) ? place : group;
        index& step = along(axis) ? place_step : group_step;
        position += rest % x[axis] * step;
        step *= x[axis];
      }
      cut.order[static_cast<std::size_t>(group * cut.N + place)] = i;
      cut.slot[static_cast<std::size_t>(group * cut.N + place)] = place;
    }
    return cut;
  }

 private:
  static constexpr index kGrain = 16;

  struct Spread {
    const T *gamma, *beta;  // of the first line, or null
    index step;             // to those of the next line
  };

  // Cut once for each shape; made when a plan asks for memory, so that passes only look it up.
  const Lines& find_lines(const Shape& x) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = cuts_.find(x);
    return found != cuts_.end() ? found->second : cuts_.emplace(x, lines(x)).first->second;
  }

  bool spreads(const Lines& cut) const { return !cut.slot.empty() && (gamma_ >= 0 || beta_ >= 0); }
  const T* parameter(int i) const {
    return i < 0 ? nullptr : this->parameters()[static_cast<std::size_t>(i)]->value.data();
  }
  T* statistics(const Pass<T>& pass, const Lines& cut) const {
    return pass.workspace + (spreads(cut) ? 2 * cut.G * cut.N : 0);
  }

  Spread spread_parameters(const Pass<T>& pass, const Lines& cut) const {
    if (!spreads(cut)) return {parameter(gamma_), parameter(beta_), 0};
    const index R = cut.G * cut.N;
    const Range part = pass.team->share(R, kGrain);
    for (index i = part.begin; i < part.end; ++i) {
      const index slot = cut.slot[static_cast<std::size_t>(i)];
      pass.workspace[i] = gamma_ >= 0 ? parameter(gamma_)[slot] : T{1};
      pass.workspace[R + i] = beta_ >= 0 ? parameter(beta_)[slot] : T{0};
    }
    pass.team->barrier();
    return {pass.workspace, pass.workspace + R, cut.N};
  }

  // Calls f(line, dy, dx) for this thread's lines; without dx, that is forward, both are null.
  template <class F>
  void for_lines(const Pass<T>& pass, const Lines& cut, const Spread& spread, T* dx, F f) const {
    const index N = cut.N, R = cut.G * N;
    T* const all = statistics(pass, cut);
    const auto run = [&](const T* x, T* y, const T* dy, T* dx, index line) {
      const index offset = line % cut.G * spread.step;
      f({x, y, spread.gamma ? spread.gamma + offset : nullptr, spread.beta ? spread.beta + offset : nullptr,
         all + 2 * line, N, formula_.epsilon, formula_.greatest, formula_.centered, formula_.total},
        dy, dx);
    };
    T* const y = pass.y[0];
    const T* const dy = dx ? pass.dy[0] : nullptr;
    if (cut.order.empty()) {
      const Range part = pass.team->share(pass.batch * cut.G);
      for (index i = part.begin; i < part.end; ++i)
        run(pass.x[0] + i * N, y + i * N, dy ? dy + i * N : nullptr, dx ? dx + i * N : nullptr, i);
      return;
    }
    // Lines are gathered from the row, and put back.
    T *const in = pass.scratch, *const out = in + R, *const slope = out + R;
    const Range rows = pass.team->share(pass.batch);
    for (index row = rows.begin; row < rows.end; ++row) {
      for (index i = 0; i < R; ++i) in[i] = pass.x[0][row * R + cut.order[static_cast<std::size_t>(i)]];
      if (dx)
        for (index i = 0; i < R; ++i) slope[i] = dy[row * R + cut.order[static_cast<std::size_t>(i)]];
      for (index g = 0; g < cut.G; ++g) run(in + g * N, out + g * N, slope + g * N, out + g * N, row * cut.G + g);
      T* const to = (dx ? dx : y) + row * R;
      for (index i = 0; i < R; ++i) to[cut.order[static_cast<std::size_t>(i)]] = out[i];
    }
  }

  // Gradients of the spread parameters, in their place, and their sums for each parameter.
  void spread_gradients(const Pass<T>& pass, const Lines& cut, T* dgamma, T* dbeta) const {
    const index R = cut.G * cut.N;
    T *const g = pass.workspace, *const b = g + R;
    const T* const all = statistics(pass, cut);
    const Range part = pass.team->share(R, kGrain);
    std::fill(g + part.begin, g + part.end, T{0});
    std::fill(b + part.begin, b + part.end, T{0});
    for (index row = 0; row < pass.batch; ++row)
      for (index i = part.begin; i < part.end; ++i) {
        const index at = row * R + (cut.order.empty() ? i : cut.order[static_cast<std::size_t>(i)]);
        const T* const line = all + 2 * (row * cut.G + i / cut.N);
        g[i] += pass.dy[0][at] * ((pass.x[0][at] - line[0]) * line[1]);
        b[i] += pass.dy[0][at];
      }
    pass.team->barrier();
    const index slots = this->parameters()[0]->value.size();
    const Range mine = pass.team->share(slots, kGrain);
    for (T* d : {dgamma, dbeta}) {
      if (!d) continue;
      std::fill(d + mine.begin, d + mine.end, T{0});
      const T* const from = d == dgamma ? g : b;
      for (index i = 0; i < R; ++i) {
        const index slot = cut.slot[static_cast<std::size_t>(i)];
        if (slot >= mine.begin && slot < mine.end) d[slot] += from[i];
      }
    }
  }

  Formula formula_;
  const char *gamma_name_, *beta_name_;
  int gamma_ = -1, beta_ = -1;
  mutable std::mutex mutex_;
  mutable std::map<Shape, Lines> cuts_;
};

}  // namespace ranvier
