// category_encoding: integers 0 .. num_tokens - 1 along the last axis as one vector: which occur (multi_hot), how often
// (count), or each as a vector of its own (one_hot). What is no such integer counts as none.

#include <algorithm>

#include "layers/layer.hpp"

namespace ranvier {
namespace {

template <class T>
class CategoryEncoding final : public Layer<T> {
 public:
  CategoryEncoding(Config& config, const std::string& name)
      : Layer<T>("category_encoding", name),
        tokens_(config.integer("num_tokens")),
        mode_(config.word("output_mode", "multi_hot")) {
    if (tokens_ < 1) throw std::invalid_argument(text("num_tokens must be at least 1, got ", tokens_));
    if (mode_ != "multi_hot" && mode_ != "one_hot" && mode_ != "count")
      throw std::invalid_argument("output_mode must be 'multi_hot', 'one_hot' or 'count', got '" + mode_ + "'");
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    Shape y = x[0];
    const bool each = mode_ == "one_hot" && (y.empty() || y.back() != 1);
    if (each || y.empty())
      y.push_back(tokens_);
    else
      y.back() = tokens_;
    return {y};
  }

  void forward(const Pass<T>& pass) const override {
    const Shape& x = (*pass.x_shapes)[0];
    const index n = mode_ == "one_hot" || x.empty() ? 1 : x.back();
    const Range vectors = pass.team->share(pass.batch * size(x) / n);
    for (index v = vectors.begin; v < vectors.end; ++v) {
      T* const y = pass.y[0] + v * tokens_;
      std::fill_n(y, tokens_, T{0});
      for (index i = v * n; i < (v + 1) * n; ++i) {
        const T token = pass.x[0][i];
        if (!(token >= 0 && token < static_cast<T>(tokens_))) continue;
        T& place = y[static_cast<index>(token)];
        place = mode_ == "count" ? place + 1 : T{1};
      }
    }
  }

  // Steps have no slope.
  void backward(const Pass<T>& pass) const override {
    if (!pass.dx[0]) return;
    const Range part = pass.team->share(pass.batch * pass.x_size(0));
    pass.kernels->fill(pass.dx[0] + part.begin, 0, part.size());
  }

 private:
  index tokens_;
  std::string mode_;
};

RANVIER_REGISTER_LAYER("category_encoding", CategoryEncoding)

}  // namespace
}  // namespace ranvier
