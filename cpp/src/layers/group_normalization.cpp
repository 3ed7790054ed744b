// group_normalization: the channels of each row are normalized in groups, together with all other axes; gamma and beta
// belong to channels (Wu and He 2018).

#include "layers/normalized_lines.hpp"

namespace ranvier {
namespace {

template <class T>
class GroupNormalization final : public NormalizedLines<T> {
 public:
  GroupNormalization(Config& config, const std::string& name)
      : NormalizedLines<T>("group_normalization", name, {config.number("epsilon", 1e-3)},
                           config.boolean("scale", true) ? "gamma" : nullptr,
                           config.boolean("center", true) ? "beta" : nullptr),
        groups_(config.integer("groups", 32)),
        axis_(config.integer("axis", -1)) {
    if (groups_ < 1 && groups_ != -1)
      throw std::invalid_argument(text("groups must be at least 1, or -1 for one for each channel, got ", groups_));
  }

 protected:
  Lines lines(const Shape& x) const override {
    const std::size_t axis = channel_axis(x);
    const index C = x[axis], groups = groups_ == -1 ? C : groups_;
    if (C % groups)
      fail(this->name(), "expected a number of channels that ", groups, " groups divide, got ", to_string_batched(x));
    const Shape after(x.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.end());
    const index inner = size(after), outer = size(x) / (C * inner), n = C / groups;
    Lines cut;
    cut.G = groups;
    cut.N = outer * n * inner;
    cut.slot.resize(static_cast<std::size_t>(size(x)));
    const bool moves = outer > 1 && groups > 1;
    if (moves) cut.order.resize(cut.slot.size());
    std::size_t i = 0;
    for (index g = 0; g < groups; ++g)
      for (index o = 0; o < outer; ++o)
        for (index c = g * n; c < (g + 1) * n; ++c)
          for (index k = 0; k < inner; ++k, ++i) {
            cut.slot[i] = c;
            if (moves) cut.order[i] = (o * C + c) * inner + k;
          }
    return cut;
  }

  Shape parameter_shape(const Shape& x) const override {
    lines(x);
    return {x[channel_axis(x)]};
  }

 private:
  std::size_t channel_axis(const Shape& x) const {
    return static_cast<std::size_t>(row_axes(this->name(), {axis_}, x)[0]);
  }

  index groups_, axis_;
};

RANVIER_REGISTER_LAYER("group_normalization", GroupNormalization)

}  // namespace
}  // namespace ranvier
