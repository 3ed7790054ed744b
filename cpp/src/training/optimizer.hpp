// Optimizers: how a gradient changes a parameter. Formulas and defaults are Keras 3's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "layers/layer.hpp"

namespace ranvier {

/// What every optimizer has besides its formula. At most one of the three clips is not 0.
struct OptimizerOptions {
  double learning_rate;
  double weight_decay;     // w -= learning_rate * weight_decay * w before each update (Loshchilov and Hutter 2019)
  double clipnorm;         // gradient of each parameter scaled to at most this Euclidean norm
  double clipvalue;        // each element of the gradient cut to [-clipvalue, clipvalue]
  double global_clipnorm;  // all gradients scaled together to at most this norm

  explicit OptimizerOptions(Config& config, double default_rate);
};

template <class T>
class Optimizer;

/// Where an optimizer finds parameter and state when it takes a gradient from a sink.
template <class T>
struct UpdateTarget {
  const Optimizer<T>* optimizer;
  const kernels::Kernels<T>* kernels;
  T* parameter;
  std::vector<T*> slots;
  index columns;  // of the parameter as a matrix
};

template <class T>
class Optimizer {
 public:
  /// State that belongs to one parameter, such as Adam's moments.
  struct Slots {
    std::shared_ptr<Parameter<T>> parameter;
    std::vector<Buffer<T>> values;
  };

  explicit Optimizer(OptimizerOptions options) : options_(options) {}
  virtual ~Optimizer() = default;

  double learning_rate() const { return options_.learning_rate; }
  void set_learning_rate(double rate);
  std::int64_t iterations() const { return iterations_; }
  void set_iterations(std::int64_t iterations) { iterations_ = iterations; }

  /// Makes state for parameters that have none yet. Before step, with the same parameters.
  void prepare(const typename Layer<T>::Parameters& parameters);

  /// Names of the slots, and the state of every parameter in the order they were first prepared.
  virtual std::vector<std::string> slot_names() const = 0;
  const std::vector<Slots>& state() const { return slots_; }
  std::vector<Slots>& state() { return slots_; }

  /// Where prepared parameter p can be updated from, tile by tile; empty if the update needs the whole gradient first.
  std::optional<UpdateTarget<T>> target(std::size_t p, const kernels::Kernels<T>& k) const;
  /// A sink that updates `target`, which must outlive it.
  static GradientSink<T> sink(const UpdateTarget<T>& target);

  /// One update of parameters[i] by gradients[i] (null: not trained, or updated by a sink), run by all threads of a team together; ends with
  /// a barrier. The gradients are overwritten.
  void step(Team& team, const kernels::Kernels<T>& k, const typename Layer<T>::Parameters& parameters,
            T* const* gradients);

 protected:
  const OptimizerOptions& options() const { return options_; }
  /// Number of this update, from 1.
  double time() const { return static_cast<double>(iterations_) + 1; }

  /// Computes what all updates of one step have in common. Called when the learning rate or the time has changed.
  virtual void begin_step() = 0;

  /// Updates n elements w by gradient g; slots[s] is their part of slot s.
  virtual void update(const kernels::Kernels<T>& k, T* w, T* const* slots, const T* g, index n) const = 0;

 private:
  bool clips() const {
    return options_.clipvalue > 0 || options_.clipnorm > 0 || options_.global_clipnorm > 0;
  }
  void clip(Team& team, const kernels::Kernels<T>& k, const typename Layer<T>::Parameters& parameters,
            T* const* gradients);

  OptimizerOptions options_;
  std::int64_t iterations_ = 0;
  std::vector<Slots> slots_;
  std::vector<std::size_t> positions_;  // in slots_, of each prepared parameter that is trained
  std::vector<double> partial_sums_;  // of squares, for the norms
};

template <class T>
using OptimizerFactory = std::shared_ptr<Optimizer<T>> (*)(Config& config);

/// Makes an optimizer of a registered kind. Throws std::invalid_argument for unknown kinds, keys and bad values.
template <class T>
std::shared_ptr<Optimizer<T>> make_optimizer(const std::string& kind, Config config);

/// Registered kinds, sorted.
std::vector<std::string> optimizer_kinds();

}  // namespace ranvier
