// A node kind: everything differentiable, from `dense` to `add`, is one class derived from Layer in one .cpp file of
// this folder, which registers itself. Sizes and shapes are per row: the batch is the leading axis of every tensor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kernels/kernels.hpp"
#include "layers/constraint.hpp"
#include "layers/regularizer.hpp"
#include "ranvier/config.hpp"
#include "ranvier/shape.hpp"
#include "runtime/buffer.hpp"
#include "runtime/error.hpp"
#include "runtime/threads.hpp"

namespace ranvier {

template <class T>
class ActivationChoice;

/// How the C++ API fills a new parameter; Python has its own initializers.
enum class Initial { zeros, ones, glorot_uniform };

/// While it lives, the parameters that this thread makes may hold so many elements together: a layer that a file
/// describes must not take memory that the file's weights cannot fill.
class ParameterLimit {
 public:
  explicit ParameterLimit(index elements);
  ~ParameterLimit();
  ParameterLimit(const ParameterLimit&) = delete;
  ParameterLimit& operator=(const ParameterLimit&) = delete;

  /// The size of a parameter that is about to be made; throws std::invalid_argument past the limit.
  static index take(const std::string& name, const Shape& shape);

 private:
  index outer_;
};

/// An array that layers and networks share.
template <class T>
struct Parameter {
  Parameter(std::string name, Shape shape, Initial initial)
      : name(std::move(name)),
        shape(std::move(shape)),
        initial(initial),
        value(ParameterLimit::take(this->name, this->shape)) {}

  std::string name;
  Shape shape;
  Initial initial;
  Buffer<T> value;
  bool trainable = true;
  std::shared_ptr<Regularizer<T>> regularizer;  // or null
  std::shared_ptr<Constraint<T>> constraint;    // or null
};

/// Takes the gradient of a parameter tile by tile, while it is in L1, in place of memory: see kernels::Gemm::finish.
template <class T>
struct GradientSink {
  void (*take)(const void* context, T* tile, index stride, index row, index column, index rows, index columns);
  const void* context;
  const T* touched[3];  // arrays shaped as the parameter that `take` will touch
  // Whether a gradient of zero would change nothing in some rows of a matrix, or null where it always may.
  bool (*rests)(const void* context, index row, index rows);
};

/// What a node is given when it runs. All threads of the team call the layer together, and each does its share; the
/// caller puts a barrier after the call. Tensor i of x has batch * size(x_shapes[i]) elements, or size(x_shapes[i]) if
/// it is single: one for the whole batch.
template <class T>
struct Pass {
  Team* team;
  const kernels::Kernels<T>* kernels;
  index batch;
  index first;             // number of the first row among those that are predicted or evaluated, in training 0
  bool training;           // layers behave as in training: dropout drops
  bool keep;               // a backward pass follows: what it reads must be kept
  kernels::RandomKey key;  // this node's random stream in this step
  const std::vector<Shape>* x_shapes;
  const std::vector<Shape>* y_shapes;
  const char* x_single;  // of each input
  T* const* x;
  T* const* y;
  T* const* dy;           // backward: gradient of y, which the layer may overwrite
  T* const* dx;           // backward: to be overwritten with the gradient of x; null where nobody needs it
  T* const* dparameters;  // backward: to be overwritten, in the order of parameters(); null where nobody needs it
  const GradientSink<T>* const*
      sinks;              // backward: where not null, it takes the gradient; the parameter changes at once
  T* workspace;           // Layer::workspace elements, kept from forward to backward
  T* scratch;             // Layer::scratch elements of this thread's own
  const T* const* masks;  // of each x: 0 at positions that do not count, or null where all do

  index x_size(std::size_t i) const { return size((*x_shapes)[i]); }
  index y_size(std::size_t i) const { return size((*y_shapes)[i]); }
};

/// Rows of a matrix product at full speed.
constexpr index kRowsWanted = 256;

template <class T>
class Layer {
 public:
  using Parameters = std::vector<std::shared_ptr<Parameter<T>>>;

  Layer(std::string kind, std::string name) : kind_(std::move(kind)), name_(std::move(name)) {}
  virtual ~Layer() = default;

  const std::string& kind() const { return kind_; }
  const std::string& name() const { return name_; }
  const Parameters& parameters() const { return parameters_; }
  bool built() const { return built_; }

  /// Whether it behaves as in training when a pass is one: a layer with statistics leaves them alone otherwise.
  bool trainable = true;
  /// A penalty on each of its outputs, divided by the rows of the batch; or null.
  std::shared_ptr<Regularizer<T>> activity_regularizer;

  /// Creates the parameters for inputs of these shapes, once; later calls only check that the shapes still fit.
  void build(const std::vector<Shape>& x);

  /// Takes the parameters of a layer of the same kind.
  void share_parameters(const Layer& other) {
    parameters_ = other.parameters_;
    built_ = other.built_;
  }

  /// Shapes of the outputs; throws std::invalid_argument if the layer cannot take such inputs.
  virtual std::vector<Shape> output_shapes(const std::vector<Shape>& x) const = 0;

  /// Whether the outputs are single, one for the whole batch, given which inputs are. A layer that says nothing runs
  /// once, as for a batch of one, where all inputs are single, and takes no mixture.
  virtual bool makes_single(const std::vector<char>& x) const;

  /// Elements kept from forward to backward, and elements each thread needs while it runs.
  virtual index workspace(const std::vector<Shape>&, index /*batch*/) const { return 0; }
  virtual index scratch(const std::vector<Shape>&, index /*batch*/) const { return 0; }
  /// The same as workspace where no backward pass follows.
  virtual index forward_workspace(const std::vector<Shape>& x, index batch) const { return workspace(x, batch); }

  /// Multiplications and additions of forward for one row: decides when threads pay.
  virtual double flops(const std::vector<Shape>& x) const;

  /// Rows of a batch that bring it to full speed: a weight that is used once for each row wants many.
  virtual index rows_wanted(const std::vector<Shape>& /*x*/) const { return kRowsWanted; }

  virtual void forward(const Pass<T>& pass) const = 0;
  virtual void backward(const Pass<T>& pass) const = 0;

  /// Whether gradients pass through it; a mask, for example, has none.
  virtual bool differentiable() const { return true; }

  /// If its input holds indices: how many there are. Those of a network's input are checked at the door.
  virtual index indices() const { return 0; }

  /// What it carries from batch to batch (batch, ...), and the rows that a batch must have for it; or nothing and 0.
  virtual const Parameters& states() const {
    static const Parameters none;
    return none;
  }
  virtual index fixed_batch() const { return 0; }

  /// Whether it draws numbers in inference as well, so that every pass makes others.
  virtual bool draws() const { return false; }

  /// The output is the first input, and the second is a number that is added to the loss: see Graph::added_losses.
  virtual bool adds_loss() const { return false; }

  /// Its first input is the output in training, its second in inference: a plan needs only one of them.
  virtual bool branches_by_mode() const { return false; }

  /// The output is the input, seen in another shape: no memory, no work.
  virtual bool is_view(bool /*training*/) const { return false; }

  /// Backward over `batch` rows can give the gradient of parameter i to a sink, when it no longer reads the parameter.
  virtual bool streams_gradient(std::size_t /*i*/, const std::vector<Shape>& /*x*/, index /*batch*/) const {
    return false;
  }

  /// The activation, if applying it is all this layer does and it can be done row by row of the last axis; or null.
  virtual const ActivationChoice<T>* only_activation() const { return nullptr; }

  /// A layer that does this one's work and then `next`'s in one pass over memory, sharing this one's parameters; or
  /// null.
  virtual std::shared_ptr<Layer> fused_with(const Layer& /*next*/) const { return nullptr; }

  /// If the last thing this layer does is the activation called `activation` on the last axis: a layer that leaves it
  /// out, sharing the parameters. Otherwise null.
  virtual std::shared_ptr<Layer> without_activation(const std::string& /*activation*/) const { return nullptr; }

 protected:
  /// The parameters for inputs of these shapes.
  virtual Parameters make_parameters(const std::vector<Shape>& /*x*/) const { return {}; }

  void require_inputs(const std::vector<Shape>& x, std::size_t count) const;

 private:
  std::string kind_, name_;
  Parameters parameters_;
  bool built_ = false;
};

template <class T>
using LayerFactory = std::shared_ptr<Layer<T>> (*)(Config& config, const std::string& name);

/// Makes a layer of a registered kind. Throws std::invalid_argument for an unknown kind, and for keys and values the
/// kind does not take.
template <class T>
std::shared_ptr<Layer<T>> make_layer(const std::string& kind, Config config, const std::string& name);

/// Registered kinds, sorted.
std::vector<std::string> layer_kinds();

bool register_layer(const char* kind, LayerFactory<float> single, LayerFactory<double> twice);

/// The last line of a layer's file.
#define RANVIER_REGISTER_LAYER(kind, Class)                                           \
  [[maybe_unused]] const bool registered = register_layer(                            \
      kind,                                                                           \
      [](Config& config, const std::string& name) -> std::shared_ptr<Layer<float>> {  \
        return std::make_shared<Class<float>>(config, name);                          \
      },                                                                              \
      [](Config& config, const std::string& name) -> std::shared_ptr<Layer<double>> { \
        return std::make_shared<Class<double>>(config, name);                         \
      });

}  // namespace ranvier
