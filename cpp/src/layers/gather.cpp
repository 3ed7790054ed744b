// gather: y[i] = table[indices[i]], slices of the first axis of a table that is one for all rows. Indices are cut to
// whole numbers and into the table.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class Gather final : public Layer<T> {
 public:
  Gather(Config&, const std::string& name) : Layer<T>("gather", name) {}

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 2);
    if (x[0].empty()) fail(this->name(), "expected a table of at least one axis, got a single number");
    Shape y = x[1];
    y.insert(y.end(), x[0].begin() + 1, x[0].end());
    return {y};
  }

  bool makes_single(const std::vector<char>& x) const override {
    if (!x[0]) fail(this->name(), "expected a table without a batch axis, such as a weight");
    return x[1] != 0;
  }

  void forward(const Pass<T>& pass) const override {
    const index n = pass.x_size(0) / slices(pass);
    const Range part = pass.team->share(pass.batch * pass.x_size(1));
    for (index i = part.begin; i < part.end; ++i) std::copy_n(pass.x[0] + place(pass, i) * n, n, pass.y[0] + i * n);
  }

  void backward(const Pass<T>& pass) const override {
    if (pass.dx[1]) {
      const Range part = pass.team->share(pass.batch * pass.x_size(1));
      pass.kernels->fill(pass.dx[1] + part.begin, T{0}, part.size());
    }
    if (!pass.dx[0]) return;
    // Each thread has slices of its own and looks for them among all indices.
    const index n = pass.x_size(0) / slices(pass);
    const Range mine = pass.team->share(slices(pass));
    pass.kernels->fill(pass.dx[0] + mine.begin * n, T{0}, mine.size() * n);
    for (index i = 0; i < pass.batch * pass.x_size(1); ++i) {
      const index slice = place(pass, i);
      if (slice < mine.begin || slice >= mine.end) continue;
      pass.kernels->add(pass.dx[0] + slice * n, pass.dy[0] + i * n, pass.dx[0] + slice * n, n);
    }
  }

 private:
  static index slices(const Pass<T>& pass) { return (*pass.x_shapes)[0][0]; }
  static index place(const Pass<T>& pass, index i) {
    const T value = pass.x[1][i];
    return value >= T{0} ? std::min(static_cast<index>(std::min(value, T{1e9})), slices(pass) - 1) : 0;
  }
};

RANVIER_REGISTER_LAYER("gather", Gather)

}  // namespace
}  // namespace ranvier
