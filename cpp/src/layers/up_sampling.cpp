// up_sampling: each spatial axis grows by a whole factor: elements are repeated, or on images interpolated linearly
// between the centers of the old ones.

#include <algorithm>
#include <cmath>

#include "layers/channels_first.hpp"
#include "layers/window_axes.hpp"

namespace ranvier {
namespace {

template <class T>
class UpSampling final : public Layer<T> {
 public:
  UpSampling(Config& config, const std::string& name)
      : Layer<T>("up_sampling", name), size_(spatial_numbers(config, "size")) {
    const std::string interpolation = config.word("interpolation", "nearest");
    if (interpolation != "nearest" && interpolation != "bilinear")
      throw std::invalid_argument(unknown_name("interpolation", interpolation, {"nearest", "bilinear"}));
    linear_ = interpolation == "bilinear";
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    require_rank(this->name(), x[0], size_.size());
    Shape y = x[0];
    for (std::size_t i = 0; i < size_.size(); ++i) y[i] *= size_[i];
    return {y};
  }

  void forward(const Pass<T>& pass) const override {
    const Grid grid = see(pass);
    const Range lines = pass.team->share(pass.batch * grid.y[0] * grid.y[1]);
    for_terms(grid, lines, [&](index to, index from, T weight, bool first) {
      if (first)
        pass.kernels->scale(pass.x[0] + from, weight, pass.y[0] + to, grid.C);
      else
        pass.kernels->axpy(weight, pass.x[0] + from, pass.y[0] + to, grid.C);
    });
  }

  // A thread takes whole images: several y add to one dx.
  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const Grid grid = see(pass);
    const index image = pass.x_size(0), lines = grid.y[0] * grid.y[1];
    const Range rows = pass.team->share(pass.batch);
    pass.kernels->fill(pass.dx[0] + rows.begin * image, T{0}, rows.size() * image);
    for_terms(grid, {rows.begin * lines, rows.end * lines}, [&](index from, index to, T weight, bool) {
      pass.kernels->axpy(weight, pass.dy[0] + from, pass.dx[0] + to, grid.C);
    });
  }

 private:
  struct Grid {
    std::array<index, 3> x{1, 1, 1}, y{1, 1, 1}, size{1, 1, 1};
    index C;
  };
  // y is the sum of two x, or of one with weight 1.
  struct Terms {
    index place[2];
    double weight[2];
    index count;
  };

  Grid see(const Pass<T>& pass) const {
    Grid grid{};
    grid.x = grid.y = grid.size = {1, 1, 1};
    for (std::size_t i = 0; i < size_.size(); ++i) {
      const std::size_t axis = 3 - size_.size() + i;
      grid.x[axis] = (*pass.x_shapes)[0][i];
      grid.y[axis] = (*pass.y_shapes)[0][i];
      grid.size[axis] = size_[i];
    }
    grid.C = (*pass.x_shapes)[0].back();
    return grid;
  }

  Terms terms(const Grid& grid, std::size_t axis, index j) const {
    const index size = grid.size[axis];
    if (!linear_ || size == 1) return {{j / size, 0}, {1, 0}, 1};
    const double center = (static_cast<double>(j) + 0.5) / static_cast<double>(size) - 0.5, below = std::floor(center);
    const auto place = [&](index i) { return std::clamp<index>(i, 0, grid.x[axis] - 1); };
    const auto i = static_cast<index>(below);
    return {{place(i), place(i + 1)}, {1 - (center - below), center - below}, 2};
  }

  // Calls f(offset in y, offset in x, weight, whether it is the first of this y) for lines of y of a batch.
  template <class F>
  void for_terms(const Grid& grid, Range lines, F f) const {
    for (index line = lines.begin; line < lines.end; ++line) {
      const index image = line / grid.y[1] / grid.y[0];
      const Terms t0 = terms(grid, 0, line / grid.y[1] % grid.y[0]), t1 = terms(grid, 1, line % grid.y[1]);
      for (index j = 0; j < grid.y[2]; ++j) {
        const Terms t2 = terms(grid, 2, j);
        for (index a = 0; a < t0.count; ++a)
          for (index b = 0; b < t1.count; ++b)
            for (index c = 0; c < t2.count; ++c) {
              const index from =
                  ((image * grid.x[0] + t0.place[a]) * grid.x[1] + t1.place[b]) * grid.x[2] + t2.place[c];
              f((line * grid.y[2] + j) * grid.C, from * grid.C,
                static_cast<T>(t0.weight[a] * t1.weight[b] * t2.weight[c]), a + b + c == 0);
            }
      }
    }
  }

  std::vector<index> size_;
  bool linear_;
};

RANVIER_REGISTER_SPATIAL_LAYER("up_sampling", UpSampling)

}  // namespace
}  // namespace ranvier
