// What regularizers and layers add to the loss of a batch: penalties on trained parameters and on activities, and
// losses of layers.
#pragma once

#include <memory>
#include <vector>

#include "network/plan.hpp"

namespace ranvier {

/// A regularized value of a network, which the trainer's plan has among its outputs.
template <class T>
struct Activity {
  std::shared_ptr<Regularizer<T>> regularizer;
  std::size_t output;
  index columns;
  bool has_loss;             // so its gradient has been written when the penalty's is added
  std::vector<double> rows;  // the penalty of each
};

template <class T>
class Penalties {
 public:
  /// Adds the regularized values of `graph`, and what its layers add to the loss, to its outputs, where `used` are its
  /// nodes that run; the first `objectives` outputs have a loss.
  void find(Graph<T>& graph, const Graph<T>& used, std::size_t objectives);

  /// Makes ready for a pass. Throws std::invalid_argument where a regularizer does not fit what it penalizes.
  void prepare(const typename Layer<T>::Parameters& parameters, index batch, int threads);

  /// This thread's share of the penalties of a batch of `rows` rows, of which it has those of `part`. With `gradients`,
  /// the gradients of activities are added. `weights`: whether the parameters have changed. Then a barrier, and total.
  void compute(Team& team, Plan<T>& plan, Range part, index rows, bool gradients, bool weights);

  /// All of them, on every thread.
  double total(index rows) const;

 private:
  struct Weights {
    std::shared_ptr<Parameter<T>> parameter;
    std::size_t first;  // of its pieces
  };

  std::vector<Activity<T>> activities_;
  std::vector<Weights> weights_;
  std::vector<double> pieces_;       // of elementwise penalties, each computed by one thread
  double whole_ = 0;                 // of penalties of matrices
  std::vector<std::size_t> losses_;  // outputs that are one number each
  double added_ = 0;                 // their sum
};

}  // namespace ranvier
