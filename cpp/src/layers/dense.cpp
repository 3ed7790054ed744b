// dense: y = activation(x W + b) on the last axis.
// M rows (batch times the leading axes), K inputs, N units: x (M, K), W (K, N), b (N), y (M, N).

#include <algorithm>

#include "layers/activation_choice.hpp"
#include "layers/layer.hpp"
#include "layers/product.hpp"

namespace ranvier {
namespace {

template <class T>
class Dense final : public Layer<T> {
  using typename Layer<T>::Parameters;

 public:
  Dense(Config& config, const std::string& name)
      : Layer<T>("dense", name),
        units_(config.integer("units")),
        use_bias_(config.boolean("use_bias", true)),
        activation_(config.word("activation", "linear"), config.numbers("activation_parameters")) {
    if (units_ <= 0) throw std::invalid_argument(text("units must be at least 1, got ", units_));
    if (activation_.along_axis() && activation_.axis_row(kernels::table<T>()).halves)
      throw std::invalid_argument("activation '" + activation_.name() + "' changes the shape: give it a layer of its own");
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    if (x[0].empty()) fail(this->name(), "expected input (*, features), got (*,)");
    if (this->built() && x[0].back() != inputs(*this->parameters()[0]))
      fail(this->name(), "expected input (*, ", inputs(*this->parameters()[0]), "), got ", to_string_batched(x[0]));
    Shape y = x[0];
    y.back() = units_;
    return {y};
  }

  index workspace(const std::vector<Shape>& x, index batch) const override {
    return keeps_preactivation() ? batch * rows(x[0]) * units_ : 0;
  }

  index scratch(const std::vector<Shape>& x, index batch) const override {
    const index M = batch * rows(x[0]), K = x[0].back();
    const auto& k = kernels::table<T>();
    T* none = nullptr;
    kernels::Gemm<T> streamed = product_transposed_a<T>(K, units_, M, none, none, none);
    streamed.keep = false;
    streamed.finish = &Epilogue::apply;  // any: only whether there is one counts
    return std::max({k.gemm_scratch(product<T>(M, units_, K, none, none, none)),
                     k.gemm_scratch(product_transposed_a<T>(K, units_, M, none, none, none)),
                     k.gemm_scratch(streamed),
                     k.gemm_scratch(product_transposed_b<T>(M, K, units_, none, none, none))});
  }

  double flops(const std::vector<Shape>& x) const override {
    return 2.0 * static_cast<double>(rows(x[0])) * static_cast<double>(x[0].back()) * static_cast<double>(units_);
  }

  void forward(const Pass<T>& pass) const override {
    const index M = pass.batch * rows((*pass.x_shapes)[0]), K = (*pass.x_shapes)[0].back(), N = units_;
    const bool keep_z = pass.keep && keeps_preactivation();
    T* const y = pass.y[0];
    T* const z = keep_z ? pass.workspace : y;

    kernels::Gemm<T> g = product<T>(M, N, K, pass.x[0], this->parameters()[0]->value.data(), z);
    g.bias = use_bias_ ? this->parameters()[1]->value.data() : nullptr;
    Epilogue epilogue{};
    if (activation_.plain_relu()) {
      g.relu = true;
    } else if (!activation_.along_axis() && !activation_.linear()) {
      epilogue = {&activation_.row(*pass.kernels), activation_.parameters(), y, N};
      g.finish = &Epilogue::apply;
      g.context = &epilogue;
    }
    multiply(pass, g);

    if (activation_.along_axis()) {
      pass.team->barrier();
      const Range part = pass.team->share(M);
      activation_.axis_row(*pass.kernels).forward(z + part.begin * N, y + part.begin * N, part.size(), N, 1);
    }
  }

  void backward(const Pass<T>& pass) const override {
    const index M = pass.batch * rows((*pass.x_shapes)[0]), K = (*pass.x_shapes)[0].back(), N = units_;
    T* const dz = pass.dy[0];  // dy becomes dz in place
    if (!activation_.linear()) {
      const T* const source = (keeps_preactivation() ? pass.workspace : pass.y[0]);
      const Range part = pass.team->share(M);
      const index begin = part.begin * N;
      if (activation_.along_axis())
        activation_.axis_row(*pass.kernels).backward(source + begin, dz + begin, dz + begin, part.size(), N, 1);
      else
        activation_.row(*pass.kernels)
            .backward(source + begin, dz + begin, dz + begin, part.size() * N, activation_.parameters());
      pass.team->barrier();
    }
    if (pass.dx[0]) multiply(pass, product_transposed_b<T>(M, K, N, dz, this->parameters()[0]->value.data(), pass.dx[0]));
    if (const GradientSink<T>* sink = pass.sinks[0]) {
      if (pass.dx[0]) pass.team->barrier();  // the weights are about to change
      kernels::Gemm<T> g = product_transposed_a<T>(K, N, M, pass.x[0], dz, nullptr);
      g.keep = false;
      g.finish = sink->take;
      g.context = sink->context;
      std::copy_n(sink->touched, 3, g.touched);
      multiply(pass, g);
    } else if (T* dweight = pass.dparameters[0]) {
      multiply(pass, product_transposed_a<T>(K, N, M, pass.x[0], dz, dweight));
    }
    if (T* dbias = use_bias_ ? pass.dparameters[1] : nullptr) {
      const Range part = pass.team->share(N, kColumnGrain);
      pass.kernels->column_sum(dz + part.begin, M, part.size(), N, dbias + part.begin);
    }
  }

  bool streams_gradient(std::size_t i, const std::vector<Shape>& x, index batch) const override {
    // A streamed tile is one sum over all rows: beyond a k block of the product its operands leave the cache (1.8
    // times the time at 4096 rows), and the gradient's way through memory no longer counts.
    constexpr index kMostRows = 512;
    return i == 0 && batch * rows(x[0]) <= kMostRows;
  }

  std::shared_ptr<Layer<T>> fused_with(const Layer<T>& next) const override {
    const ActivationChoice<T>* after = next.only_activation();
    if (!activation_.linear() || !after) return nullptr;
    auto fused = std::make_shared<Dense>(*this);
    fused->activation_ = *after;
    return fused;
  }

  std::shared_ptr<Layer<T>> without_activation(const std::string& activation) const override {
    if (activation_.name() != activation) return nullptr;
    auto bare = std::make_shared<Dense>(*this);
    bare->activation_ = ActivationChoice<T>("linear", {});
    return bare;
  }

 protected:
  Parameters make_parameters(const std::vector<Shape>& x) const override {
    Parameters made{std::make_shared<Parameter<T>>("kernel", Shape{x[0].back(), units_}, Initial::glorot_uniform)};
    if (use_bias_) made.push_back(std::make_shared<Parameter<T>>("bias", Shape{units_}, Initial::zeros));
    return made;
  }

 private:
  static constexpr index kColumnGrain = 64;

  // Applies the activation to a tile of z while it is in L1 and writes it to y, which may be z.
  struct Epilogue {
    const kernels::Activation<T>* activation;
    const T* parameters;
    T* y;
    index N;

    static void apply(const void* context, T* tile, index stride, index row, index column, index rows, index columns) {
      const auto& self = *static_cast<const Epilogue*>(context);
      for (index i = 0; i < rows; ++i)
        self.activation->forward(tile + i * stride, self.y + (row + i) * self.N + column, columns, self.parameters);
    }
  };

  static index inputs(const Parameter<T>& kernel) { return kernel.shape[0]; }
  static index rows(const Shape& x) { return size(x) / x.back(); }

  bool keeps_preactivation() const {
    const auto& k = kernels::table<T>();
    return !(activation_.along_axis() ? activation_.axis_row(k).from_output
                                      : activation_.linear() || activation_.row(k).from_output);
  }

  index units_;
  bool use_bias_;
  ActivationChoice<T> activation_;
};

RANVIER_REGISTER_LAYER("dense", Dense)

}  // namespace
}  // namespace ranvier
