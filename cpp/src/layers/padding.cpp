// padding: zeros around the spatial axes of an image, or, where a number is negative, elements cut off them.

#include <algorithm>

#include "layers/channels_first.hpp"
#include "layers/window_axes.hpp"

namespace ranvier {
namespace {

template <class T>
class Padding final : public Layer<T> {
 public:
  Padding(Config& config, const std::string& name) : Layer<T>("padding", name) {
    constexpr index kLeast = -(index{1} << 24);
    before_ = spatial_numbers(config, "before", kLeast);
    after_ = spatial_numbers(config, "after", kLeast);
    if (before_.size() != after_.size())
      throw std::invalid_argument(
          text("before ", to_string(before_), " and after ", to_string(after_), " differ in length"));
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    require_rank(this->name(), x[0], before_.size());
    Shape y = x[0];
    for (std::size_t i = 0; i < before_.size(); ++i) {
      y[i] += before_[i] + after_[i];
      if (y[i] < 1)
        fail(this->name(), "cropping ", -before_[i], " and ", -after_[i], " along axis ", i + 1,
             " leaves nothing of the input ", to_string_batched(x[0]));
    }
    return {y};
  }

  void forward(const Pass<T>& pass) const override {
    shift(pass, pass.x[0], (*pass.x_shapes)[0], pass.y[0], (*pass.y_shapes)[0], 1);
  }

  void backward(const Pass<T>& pass) const override {
    if (pass.dx[0]) shift(pass, pass.dy[0], (*pass.y_shapes)[0], pass.dx[0], (*pass.x_shapes)[0], -1);
  }

 private:
  // to[j] = from[j - sign * before], or 0 where there is none: line by line.
  void shift(const Pass<T>& pass, const T* from, const Shape& from_shape, T* to, const Shape& to_shape,
             index sign) const {
    const std::size_t rank = before_.size();
    const auto at = [&](const Shape& shape, std::size_t i) { return i + rank < 3 ? 1 : shape[i + rank - 3]; };
    const auto move = [&](std::size_t i) { return i + rank < 3 ? 0 : sign * before_[i + rank - 3]; };
    const index C = to_shape.back(), n0 = at(to_shape, 0), n1 = at(to_shape, 1), n2 = at(to_shape, 2);
    const index m0 = at(from_shape, 0), m1 = at(from_shape, 1), m2 = at(from_shape, 2);
    // Elements [begin, end) of a line come from elsewhere.
    const index begin = std::clamp<index>(move(2), 0, n2) * C, end = std::clamp<index>(m2 + move(2), 0, n2) * C;
    const Range lines = pass.team->share(pass.batch * n0 * n1);
    for (index line = lines.begin; line < lines.end; ++line) {
      const index i1 = line % n1 - move(1), i0 = line / n1 % n0 - move(0), image = line / n1 / n0;
      T* const y = to + line * n2 * C;
      if (i0 < 0 || i0 >= m0 || i1 < 0 || i1 >= m1 || begin >= end) {
        std::fill_n(y, n2 * C, T{0});
        continue;
      }
      const T* const x = from + ((image * m0 + i0) * m1 + i1) * m2 * C - move(2) * C;
      std::fill(y, y + begin, T{0});
      std::copy(x + begin, x + end, y + begin);
      std::fill(y + end, y + n2 * C, T{0});
    }
  }

  std::vector<index> before_, after_;
};

RANVIER_REGISTER_SPATIAL_LAYER("padding", Padding)

}  // namespace
}  // namespace ranvier
