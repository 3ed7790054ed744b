// dense: y = activation(x W + b) on the last axis, or on the last `contracted` ones, which become those of
// `units_shape`. M rows (batch times the leading axes), K inputs, N units: x (M, K), W (K, N), b (N), y (M, N). With
// dtype_policy "mixed_bfloat16" the operands of all three products are rounded; everything else stays as it is. Weights
// are rounded where a product reads them, so there is no second copy that could be out of date.

#include <algorithm>
#include <functional>
#include <numeric>
#include <type_traits>

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
        units_shape_(read_units(config)),
        units_(size(units_shape_)),
        contracted_(static_cast<std::size_t>(std::max<std::int64_t>(1, config.integer("contracted", 1)))),
        use_bias_(config.boolean("use_bias", true)),
        activation_(config.word("activation", "linear"), config.numbers("activation_parameters")),
        rounded_(is_rounded(config.word("dtype_policy", "float32"))) {
    if (activation_.along_axis() && activation_.axis_row(kernels::table<T>()).halves)
      throw std::invalid_argument("activation '" + activation_.name() +
                                  "' changes the shape: give it a layer of its own");
  }

  std::vector<Shape> output_shapes(const std::vector<Shape>& x) const override {
    this->require_inputs(x, 1);
    if (x[0].size() < contracted_)
      fail(this->name(), "expected input (*, ", contracted_ == 1 ? "features" : "features, ...", "), got ",
           to_string_batched(x[0]));
    if (this->built() && kernel_shape(x[0]) != this->parameters()[0]->shape) {
      const Shape& kernel = this->parameters()[0]->shape;
      const Shape inputs(kernel.begin(), kernel.begin() + static_cast<std::ptrdiff_t>(contracted_));
      fail(this->name(), "expected input ", to_string_batched(inputs), ", got ", to_string_batched(x[0]));
    }
    Shape y = leading(x[0]);
    y.insert(y.end(), units_shape_.begin(), units_shape_.end());
    return {y};
  }

  index workspace(const std::vector<Shape>& x, index batch) const override {
    const index M = batch * rows(x[0]), K = inputs(x[0]);
    if (!rounded_) return kept_elements(M);
    return kept_elements(M) + std::max(packed_size(forward_product(M, K)),
                                       packed_size(dx_product(M, K)) + packed_size(dweight_product(M, K)));
  }

  index scratch(const std::vector<Shape>& x, index batch) const override {
    const index M = batch * rows(x[0]), K = inputs(x[0]);
    kernels::Gemm<T> streamed = dweight_product(M, K);
    streamed.keep = false;
    streamed.finish = &Epilogue::apply;  // any: only whether there is one counts
    index most = 0;
    for (const kernels::Gemm<T>& g : {forward_product(M, K), dweight_product(M, K), streamed, dx_product(M, K)})
      most = std::max(most, rounded_ ? rounded_scratch(g) : kernels::table<T>().gemm_scratch(g));
    return most;
  }

  double flops(const std::vector<Shape>& x) const override {
    const double gain = rounded_ ? kernels::table<float>().bf16->gain : 1;
    return 2.0 * static_cast<double>(rows(x[0]) * inputs(x[0])) * static_cast<double>(units_) / gain;
  }

  void forward(const Pass<T>& pass) const override {
    const index M = pass.batch * rows((*pass.x_shapes)[0]), K = inputs((*pass.x_shapes)[0]), N = units_;
    const bool keep_z = pass.keep && keeps_preactivation();
    T* const y = pass.y[0];
    T* const z = keep_z ? pass.workspace : y;

    kernels::Gemm<T> g = forward_product(M, K, pass.x[0], this->parameters()[0]->value.data(), z);
    g.bias = use_bias_ ? this->parameters()[1]->value.data() : nullptr;
    Epilogue epilogue{};
    if (activation_.plain_relu()) {
      g.relu = true;
    } else if (!activation_.along_axis() && !activation_.linear()) {
      epilogue = {&activation_.row(*pass.kernels), activation_.parameters(), y, N};
      g.finish = &Epilogue::apply;
      g.context = &epilogue;
    }
    if (rounded_) {
      T* const packed = pass.workspace + kept_elements(M);
      pack_rounded(pass, g, packed);
      pass.team->barrier();
      multiply_rounded(pass, g, packed);
    } else {
      multiply(pass, g);
    }

    if (activation_.along_axis()) {
      pass.team->barrier();
      const Range part = pass.team->share(M);
      activation_.axis_row(*pass.kernels).forward(z + part.begin * N, y + part.begin * N, part.size(), N, 1);
    }
  }

  void backward(const Pass<T>& pass) const override {
    const index M = pass.batch * rows((*pass.x_shapes)[0]), K = inputs((*pass.x_shapes)[0]), N = units_;
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
    kernels::Gemm<T> gx = dx_product(M, K, dz, this->parameters()[0]->value.data(), pass.dx[0]);
    kernels::Gemm<T> gw = dweight_product(M, K, pass.x[0], dz, pass.dparameters[0]);
    const GradientSink<T>* const sink = pass.sinks[0];
    const bool wants_dweight = sink || pass.dparameters[0];
    if (sink) {
      gw.keep = false;
      gw.finish = sink->take;
      gw.context = sink->context;
      std::copy_n(sink->touched, 3, gw.touched);
    }
    T* const packed_dz = pass.workspace + kept_elements(M);
    T* const packed_x = packed_dz + (rounded_ ? packed_size(gx) : 0);
    if (rounded_) {
      if (pass.dx[0]) pack_rounded(pass, gx, packed_dz);
      if (wants_dweight) pack_rounded(pass, gw, packed_x);
      pass.team->barrier();
    }
    const auto run = [&](const kernels::Gemm<T>& g, const T* packed) {
      rounded_ ? multiply_rounded(pass, g, packed) : multiply(pass, g);
    };
    if (pass.dx[0]) run(gx, packed_dz);
    if (pass.dx[0] && sink) pass.team->barrier();  // the weights are about to change
    if (wants_dweight) run(gw, packed_x);
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
    Parameters made{std::make_shared<Parameter<T>>("kernel", kernel_shape(x[0]), Initial::glorot_uniform)};
    if (use_bias_) made.push_back(std::make_shared<Parameter<T>>("bias", units_shape_, Initial::zeros));
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

  static bool is_rounded(const std::string& policy) {
    if (policy != "float32" && policy != "mixed_bfloat16")
      throw std::invalid_argument(unknown_name("dtype_policy", policy, {"float32", "mixed_bfloat16"}));
    if (policy == "mixed_bfloat16" && !std::is_same_v<T, float>)
      throw std::invalid_argument("dtype_policy 'mixed_bfloat16' needs weights of float32, but these are of float64");
    return policy == "mixed_bfloat16";
  }

  // The three products of a layer; without operands where only sizes count.
  kernels::Gemm<T> forward_product(index M, index K, const T* x = nullptr, const T* weight = nullptr,
                                   T* y = nullptr) const {
    return product<T>(M, units_, K, x, weight, y);
  }
  kernels::Gemm<T> dx_product(index M, index K, const T* dz = nullptr, const T* weight = nullptr,
                              T* dx = nullptr) const {
    return product_transposed_b<T>(M, K, units_, dz, weight, dx);
  }
  kernels::Gemm<T> dweight_product(index M, index K, const T* x = nullptr, const T* dz = nullptr,
                                   T* dweight = nullptr) const {
    return product_transposed_a<T>(K, units_, M, x, dz, dweight);
  }

  // Of M rows of z, at the beginning of the workspace; packed operands come after it.
  index kept_elements(index M) const {
    return keeps_preactivation() ? round_up(M * units_, static_cast<index>(kCacheLine / sizeof(T))) : 0;
  }

  static Shape read_units(Config& config) {
    Shape units;
    if (config.has("units_shape"))
      for (std::int64_t axis : config.integers("units_shape")) units.push_back(static_cast<index>(axis));
    else
      units.push_back(static_cast<index>(config.integer("units")));
    for (index axis : units)
      if (axis <= 0) throw std::invalid_argument(text("units must be at least 1, got ", axis));
    return units;
  }

  Shape leading(const Shape& x) const { return Shape(x.begin(), x.end() - static_cast<std::ptrdiff_t>(contracted_)); }
  Shape kernel_shape(const Shape& x) const {
    Shape kernel(x.end() - static_cast<std::ptrdiff_t>(contracted_), x.end());
    kernel.insert(kernel.end(), units_shape_.begin(), units_shape_.end());
    return kernel;
  }
  index rows(const Shape& x) const {
    return std::accumulate(x.begin(), x.end() - static_cast<std::ptrdiff_t>(contracted_), index{1},
                           std::multiplies<>());
  }
  index inputs(const Shape& x) const {
    return std::accumulate(x.end() - static_cast<std::ptrdiff_t>(contracted_), x.end(), index{1}, std::multiplies<>());
  }

  bool keeps_preactivation() const {
    const auto& k = kernels::table<T>();
    return !(activation_.along_axis() ? activation_.axis_row(k).from_output
                                      : activation_.linear() || activation_.row(k).from_output);
  }

  Shape units_shape_;
  index units_;  // all of them
  std::size_t contracted_;
  bool use_bias_;
  ActivationChoice<T> activation_;
  bool rounded_;  // operands of products, to bfloat16
};

RANVIER_REGISTER_LAYER("dense", Dense)

}  // namespace
}  // namespace ranvier
