// Optimizers: how a gradient changes a parameter. Formulas and defaults are Keras 3's. This is what all of them share;
// each formula is a file in optimizers/, which registers itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "layers/layer.hpp"
#include "training/schedule.hpp"

namespace ranvier {

/// What every optimizer has besides its formula. At most one of the three clips is not 0.
struct OptimizerOptions {
  double learning_rate;
  double weight_decay;     // w -= learning_rate * weight_decay * w before each update (Loshchilov and Hutter 2019)
  double clipnorm;         // gradient of each parameter scaled to at most this Euclidean norm
  double clipvalue;        // each element of the gradient cut to [-clipvalue, clipvalue]
  double global_clipnorm;  // all gradients scaled together to at most this norm
  bool use_ema;            // keep a running average of the parameters
  double ema_momentum;
  std::int64_t ema_overwrite_frequency;      // the average takes the parameters' place every so many updates; 0: never
  std::int64_t gradient_accumulation_steps;  // batches whose mean gradient makes an update; 0 or 1: each makes one

  explicit OptimizerOptions(Config& config, double default_rate);
};

template <class T>
class Optimizer;

/// A parameter and its state, where an optimizer finds them.
template <class T>
struct UpdateTarget {
  const Optimizer<T>* optimizer;
  const kernels::Kernels<T>* kernels;
  const Parameter<T>* owner;
  T* parameter;
  T* slots[3];     // of the formula; those that it does not use are the parameter
  T* average;      // or null
  T* accumulator;  // or null
  index columns;   // of the parameter as a matrix
  int slot_count;
  bool decays;
  bool plain;  // a gradient makes an update as it is, and nothing follows
};

/// One kind of state that belongs to a parameter, such as Adam's moments.
struct SlotKind {
  std::string name;
  Shape shape;
  double initial = 0;
};

template <class T>
class Optimizer {
 public:
  using Parameters = typename Layer<T>::Parameters;

  struct Slot {
    SlotKind kind;
    Buffer<T> values;
  };
  /// The state that belongs to one parameter: the slots of the formula, the average, the accumulated gradient.
  struct State {
    std::shared_ptr<Parameter<T>> parameter;
    std::vector<Slot> own, average, accumulator;
    bool decays = true;
  };

  explicit Optimizer(OptimizerOptions options) : options_(options), learning_rate_(options.learning_rate) {}
  virtual ~Optimizer() = default;

  /// Of the next step.
  double learning_rate() const;
  /// Replaces a schedule, too. Takes effect with the next step.
  void set_learning_rate(double rate);
  void set_schedule(std::shared_ptr<Schedule> schedule) { schedule_ = std::move(schedule); }

  /// Batches so far; with gradient accumulation there are fewer updates.
  std::int64_t iterations() const { return iterations_; }
  void set_iterations(std::int64_t iterations) { iterations_ = iterations; }

  /// Makes state for parameters that have none yet, and asks a schedule for the next `steps` steps. Before step, with
  /// the same parameters.
  void prepare(const Parameters& parameters, std::int64_t steps);
  /// Makes state alone.
  void build(const Parameters& parameters);

  /// Parameters whose weights do not decay; those that are not in the network do no harm.
  void exclude_from_weight_decay(const Parameters& parameters);

  /// Puts the running averages in the place of the parameters.
  void overwrite_with_average();

  /// The state of every trained parameter, in the order in which they were first prepared.
  const std::vector<State>& state() const { return states_; }
  std::vector<State>& state() { return states_; }

  /// Where prepared parameter p can be updated from, tile by tile; empty if the update needs the whole gradient first.
  std::optional<UpdateTarget<T>> target(std::size_t p, const kernels::Kernels<T>& k) const;
  /// A sink that updates `target`, which must outlive it.
  static GradientSink<T> sink(const UpdateTarget<T>& target);

  /// Takes notice of a new learning rate. Before a series of steps.
  void refresh();

  /// One update of parameters[i] by gradients[i] (null: not trained, or updated by a sink), run by all threads of a
  /// team together; ends with a barrier. The gradients are overwritten.
  void step(Team& team, const kernels::Kernels<T>& k, const Parameters& parameters, T* const* gradients);

 protected:
  const OptimizerOptions& options() const { return options_; }
  double rate() const { return rate_; }  // of this step
  /// Number of this update, from 1.
  double time() const;

  /// The state that the formula needs for a parameter.
  virtual std::vector<SlotKind> slots(const Parameter<T>& parameter) const = 0;

  /// Computes what all updates of one step have in common. Called when the learning rate or the time has changed.
  virtual void begin_step() = 0;

  /// Whether an update by a gradient of zero leaves w as it is, and the state too, while all of that is still zero.
  virtual bool rests_on_zeros() const { return false; }

  /// Updates a part of a parameter.
  virtual void update(const kernels::Kernels<T>&, const kernels::Update<T>&) const {}

  /// Whether elements are updated one by one. Otherwise update_whole does it: all threads of the team call it together,
  /// and it ends with a barrier.
  virtual bool elementwise() const { return true; }
  virtual void update_whole(Team&, const kernels::Kernels<T>&, const Shape&, const kernels::Update<T>&) {}

  /// The sum of squares, the same for any team: all its threads call this together.
  double sum_of_squares(Team& team, const kernels::Kernels<T>& k, const T* x, index n);

 private:
  bool clips() const { return options_.clipvalue > 0 || options_.clipnorm > 0 || options_.global_clipnorm > 0; }
  bool accumulates() const { return options_.gradient_accumulation_steps > 1; }
  void begin();
  void collect(const kernels::Kernels<T>& k, const UpdateTarget<T>& to, index offset, T* g, index n) const;
  void take(const kernels::Kernels<T>& k, const UpdateTarget<T>& to, index offset, T* g, index n) const;
  bool rests(const UpdateTarget<T>& to, index offset, index n) const;
  void average(const kernels::Kernels<T>& k, const UpdateTarget<T>& to, index offset, index n) const;
  kernels::Update<T> part(const UpdateTarget<T>& to, index offset, T* g, index n) const;
  void clip(Team& team, const kernels::Kernels<T>& k, const Parameters& parameters, T* const* gradients);

  OptimizerOptions options_;
  std::atomic<double> learning_rate_;  // what was set last, possibly by another thread
  std::shared_ptr<Schedule> schedule_;
  double rate_ = 0, decay_ = 0;
  bool plain_ = true, constrained_ = false;  // all prepared parameters; any
  bool updates_ = true;                      // this step ends an accumulation
  T ema_momentum_ = 0;                       // of this step: 0 in the first
  bool overwrites_ = false;                  // the averages are taken over in this step
  std::int64_t iterations_ = 0;
  std::vector<State> states_;
  Parameters excluded_;
  std::vector<std::size_t> positions_;    // in states_, of each prepared parameter that is trained
  std::vector<UpdateTarget<T>> targets_;  // of each prepared parameter
  std::vector<double> partial_sums_;      // of squares, for the norms
};

template <class T>
using OptimizerFactory = std::shared_ptr<Optimizer<T>> (*)(Config& config);

/// Makes an optimizer of a registered kind. Throws std::invalid_argument for unknown kinds, keys and bad values.
template <class T>
std::shared_ptr<Optimizer<T>> make_optimizer(const std::string& kind, Config config);

/// Registered kinds, sorted.
std::vector<std::string> optimizer_kinds();

bool register_optimizer(const char* kind, OptimizerFactory<float> single, OptimizerFactory<double> twice);

/// Reads a number of at least 0, or from 0 to below 1. Throws std::invalid_argument.
double nonnegative(Config& config, const char* name, double fallback);
double fraction(Config& config, const char* name, double fallback);

/// The last line of an optimizer's file.
#define RANVIER_REGISTER_OPTIMIZER(kind, Class)                                                                   \
  [[maybe_unused]] const bool registered = register_optimizer(                                                    \
      kind,                                                                                                       \
      [](Config& config) -> std::shared_ptr<Optimizer<float>> { return std::make_shared<Class<float>>(config); }, \
      [](Config& config) -> std::shared_ptr<Optimizer<double>> { return std::make_shared<Class<double>>(config); });

}  // namespace ranvier
