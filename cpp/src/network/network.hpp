// A graph that is complete, and the ways to run it.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "network/plan_pool.hpp"
#include "runtime/array.hpp"
#include "runtime/thread_choice.hpp"

namespace ranvier {

/// The least work, in multiplications and additions, that is worth a second thread: about 150 us of one.
constexpr double kWorthThreads = 20e6;

/// One tensor for each output of a network: rows one after the other.
template <class T>
using Outputs = std::vector<T*>;

template <class T>
class Network {
 public:
  explicit Network(std::string name) : name(std::move(name)) {}

  ValueId add_input(const Shape& shape, const std::string& input_name);
  std::vector<ValueId> add(std::shared_ptr<Layer<T>> layer, const std::vector<ValueId>& x,
                           const std::vector<ValueId>& masks = {});
  /// `masks`: which positions of each output its loss is of, or kNone for all. `single`: an output may be one for the
  /// whole batch, as that of a loss may.
  void set_outputs(const std::vector<ValueId>& values, const std::vector<ValueId>& masks = {}, bool single = false);

  const Graph<T>& graph() const { return graph_; }
  const std::vector<ValueId>& output_masks() const { return output_masks_; }
  /// Rows that every batch must have, since a layer carries its state from one to the next; 0 if none does.
  index fixed_batch() const { return fixed_batch_; }
  /// Whether layers draw numbers in inference too, and whether some add to the loss.
  bool draws() const { return draws_; }
  bool adds_losses() const { return adds_losses_; }
  const Shape& output_shape(std::size_t i) const { return graph_.values[graph_.outputs[i]].shape; }

  /// Rows of a batch of inputs. Throws std::invalid_argument if their number, their shapes or indices do not fit.
  index check_inputs(const std::vector<ArrayView>& x) const;

  /// Inference on any number of rows into y. Many threads may call it at once. A row's result does not depend on the
  /// other rows, but, if the network draws numbers, on its place among them and on the seed.
  void predict(const std::vector<ArrayView>& x, const Outputs<T>& y, std::uint64_t seed = 0) const;

  /// One forward pass over all rows as a single batch, in training mode (dropout) if `training`.
  void run(const std::vector<ArrayView>& x, bool training, std::uint64_t seed, const Outputs<T>& y) const;

  /// Gradients of sum(y * dy) with respect to the inputs, and to the parameters in the order of Graph::parameters.
  void gradients(const std::vector<ArrayView>& x, const std::vector<ArrayView>& dy, bool training, std::uint64_t seed,
                 const Outputs<T>& dx, const Outputs<T>& dparameters) const;

  /// What each plan for inference holds that nobody uses at the moment.
  std::vector<PlanMemory> memory() const { return plans_.memory(); }

  std::string name;

 private:
  void require_batches(index rows, bool one) const;
  void predict_parts(std::unique_ptr<Plan<T>> plan, index threads, index block, const std::vector<ArrayView>& x,
                     index rows, std::uint64_t seed, const Outputs<T>& y) const;
  void predict_rows(Plan<T>& plan, Team& team, const std::vector<ArrayView>& x, index first, index count,
                    std::uint64_t seed, const Outputs<T>& y) const;

  // Indices that an input holds.
  struct Indices {
    std::size_t input;
    index count;
    std::string layer;
  };

  Graph<T> graph_;
  std::vector<ValueId> output_masks_;
  std::vector<Indices> indices_;
  index fixed_batch_ = 0;
  bool draws_ = false, adds_losses_ = false;
  mutable std::mutex state_mutex_;  // held by predictions that carry a state
  mutable PlanPool<T> plans_{kInference};
  mutable std::mutex together_mutex_;
  mutable ThreadChoice together_;  // for predictions of so few rows that threads share each layer
};

}  // namespace ranvier
