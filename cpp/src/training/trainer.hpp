// Runs epochs: gather, forward, loss, backward, update and metrics of batch after batch, without returning in between.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "network/network.hpp"
#include "runtime/thread_choice.hpp"
#include "training/feed.hpp"
#include "training/loss.hpp"
#include "training/metric.hpp"
#include "training/optimizer.hpp"
#include "training/penalties.hpp"

namespace ranvier {

/// What is asked of one output of the network.
template <class T>
struct Objective {
  Loss<T> loss;
  double weight;  // of this loss in the total
  std::vector<std::shared_ptr<Metric<T>>> metrics, weighted_metrics;
};

/// One pass over a feed.
struct PassOptions {
  index batch_size;
  bool training;  // update the parameters, or only evaluate
  bool shuffle;
  std::uint64_t epoch;  // with the seed decides the order of rows
  index batches;        // at most, or -1
};

template <class T>
class Trainer {
 public:
  /// Without objectives the loss is what layers add to it.
  Trainer(std::shared_ptr<Network<T>> network, std::vector<Objective<T>> objectives,
          std::shared_ptr<Optimizer<T>> optimizer);
  ~Trainer();

  /// Starts a pass and resets losses and metrics. Shapes and lengths are checked first; the values of labels are the
  /// caller's to check.
  void begin(Feed feed, PassOptions options);

  /// Goes on in the same pass with another feed, whose rows are one more batch.
  void extend(Feed feed);

  /// Runs batches until `seconds` have passed or `batches` (-1: any number) are done; false once the pass is complete.
  /// Throws NonFiniteLoss before the update that a batch with such a loss would have made.
  bool run(double seconds, index batches);

  index batch() const { return batch_; }
  index batches() const { return batches_; }

  /// Means over the pass so far: the total loss, then each output's loss.
  std::vector<double> results() const;
  /// Results so far of each output's metrics and weighted metrics.
  std::vector<std::vector<double>> metric_results() const;

  /// Keeps what every batch predicts until the next one, for metrics that are not native.
  bool keep_batch = false;

  /// One output's part of the last batch.
  struct BatchPart {
    const T *target, *prediction, *weights;  // weights: null for 1
    index rows;
    Shape target_row, prediction_row, weights_row;
  };
  std::vector<BatchPart> last_batch() const;

  /// What the plans for training and evaluation hold.
  std::vector<PlanMemory> memory() const;

  /// Where the pass is: batches done, losses and metrics so far. After `begin` with the same options, `resume` goes on
  /// from there as if the pass had not been interrupted. The feed may begin after `skipped` batches of the pass.
  std::vector<double> progress() const;
  void resume(const std::vector<double>& progress, index skipped = 0);

  std::uint64_t seed = 0;

 private:
  struct Output;

  void make_plans();
  void check(const Feed& feed, index batch_size);
  void take(Feed feed);
  Step step_of(index rows) const;
  double step(Team& team);
  double run_stretch(index last, double deadline);
  void gather_batch(Team& team, index first, index rows);
  double losses(Team& team, index rows);
  void stream_updates();
  void keep_finite_parameters();
  [[noreturn]] void fail_nonfinite(double loss);

  std::shared_ptr<Network<T>> network_;
  std::vector<Output> outputs_;
  Penalties<T> training_penalties_, evaluation_penalties_;
  Penalties<T>* penalties_ = nullptr;  // of the pass
  std::shared_ptr<Optimizer<T>> optimizer_;
  std::unique_ptr<Plan<T>> training_plan_, evaluation_plan_;
  Plan<T>* plan_ = nullptr;  // of the pass

  Feed feed_;
  PassOptions options_{};
  std::vector<std::int32_t> order_;
  index batch_ = 0, batches_ = 0, batch_rows_ = 0;
  index batches_before_ = 0;  // this feed
  ThreadChoice training_threads_, evaluation_threads_;
  ThreadChoice* threads_ = nullptr;  // of the pass
  std::vector<T*> gradients_;
  std::vector<UpdateTarget<T>> targets_;  // of parameters that are updated tile by tile
  std::vector<GradientSink<T>> sinks_;
  std::vector<char> trainable_;    // of each parameter, when the plans were made
  std::vector<Buffer<T>> finite_;  // the parameters when a pass last began with all of them finite
  index clock_stride_ = 1;
  double loss_total_ = 0, rows_total_ = 0;
  std::atomic<bool> busy_{false};
};

}  // namespace ranvier
