// up_sampling: each spatial axis grows by a whole factor: elements are repeated, or new ones are interpolated from the
// old ones around their centers, with the weights of a kernel of their distance. Weights that would fall outside are
// shared out among the others.

#include <algorithm>
#include <cmath>

#include "layers/channels_first.hpp"
#include "layers/window_axes.hpp"

namespace ranvier {
namespace {

constexpr index kMostTerms = 10;
constexpr double kPi = 3.14159265358979323846;

double linear(double distance) { return 1 - distance; }

// Keys, Cubic convolution interpolation for digital image processing (1981), with a = -1/2.
double cubic(double d) { return d < 1 ? (1.5 * d - 2.5) * d * d + 1 : ((-0.5 * d + 2.5) * d - 4) * d + 2; }

// Lanczos's window of a sinc.
template <int kRadius>
double lanczos(double d) {
  return d == 0 ? 1 : kRadius * std::sin(kPi * d) * std::sin(kPi * d / kRadius) / (kPi * kPi * d * d);
}

struct Interpolation {
  const char* name;
  int radius;                         // in old elements; 0: the nearest one
  double (*weight)(double distance);  // below the radius
};

constexpr Interpolation kInterpolations[] = {{"nearest", 0, nullptr},
                                             {"bilinear", 1, linear},
                                             {"bicubic", 2, cubic},
                                             {"lanczos3", 3, lanczos<3>},
                                             {"lanczos5", 5, lanczos<5>}};

template <class T>
class UpSampling final : public Layer<T> {
 public:
  UpSampling(Config& config, const std::string& name)
      : Layer<T>("up_sampling", name), size_(spatial_numbers(config, "size")) {
    const std::string name_given = config.word("interpolation", "nearest");
    std::vector<std::string> valid;
    for (const Interpolation& each : kInterpolations) {
      if (name_given == each.name) interpolation_ = each;
      valid.emplace_back(each.name);
    }
    if (!interpolation_.name) throw std::invalid_argument(unknown_name("interpolation", name_given, valid));
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
  // Along one axis y is a sum of these x.
  struct Terms {
    index place[kMostTerms];
    double weight[kMostTerms];
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
    if (interpolation_.radius == 0 || size == 1) return {{j / size}, {1}, 1};
    const double center = (static_cast<double>(j) + 0.5) / static_cast<double>(size) - 0.5;
    const auto first = static_cast<index>(std::floor(center)) - interpolation_.radius + 1;
    Terms found{};
    double sum = 0;
    for (index i = std::max<index>(first, 0); i < std::min(first + 2 * interpolation_.radius, grid.x[axis]); ++i) {
      const double weight = interpolation_.weight(std::abs(center - static_cast<double>(i)));
      sum += weight;
      found.place[found.count] = i;
      found.weight[found.count++] = weight;
    }
    for (index i = 0; i < found.count; ++i) found.weight[i] /= sum;
    return found;
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
  Interpolation interpolation_{};
};

RANVIER_REGISTER_SPATIAL_LAYER("up_sampling", UpSampling)

}  // namespace
}  // namespace ranvier
