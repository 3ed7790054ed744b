// Losses whose values join several rows of a batch: overlaps of regions (Dice, Tversky) and pairs of rows (circle).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ranvier/config.hpp"
#include "ranvier/shape.hpp"
#include "runtime/threads.hpp"

namespace ranvier {

enum class Reduction { mean, sum, mean_with_sample_weight };

/// A batch of `rows` rows of R positions of C columns.
template <class T>
struct BatchLossCall {
  const T* target;      // (rows, R, C), or (rows, R) labels of a sparse loss
  const T* prediction;  // (rows, R, C)
  const T* weights;     // (rows, R), or null for 1
  T* gradient;          // (rows, R, C): of factor times the loss; or null
  index rows;
  Reduction reduction;
  double factor;
  index positions = 1;  // R
};

/// One such loss for rows of one shape, with its working memory. Runs in two phases with a barrier in between: in the
/// first each thread looks at its own rows, in the second all threads sum over all rows in the same order.
template <class T>
class BatchLoss {
 public:
  virtual ~BatchLoss() = default;

  /// Makes room for batches of this many rows.
  virtual void reserve(index rows) = 0;
  virtual void gather(const BatchLossCall<T>& call, Range rows) = 0;
  /// The reduced loss, on every thread, and the gradient of these rows.
  virtual double finish(const BatchLossCall<T>& call, Range rows) = 0;

  /// Shape of the values that finish reduces, for a batch of this many rows; and the values, after gather.
  virtual Shape value_shape(index rows) const = 0;
  virtual std::vector<double> values(index rows) const = 0;
};

template <class T>
using BatchLossMaker = std::function<std::unique_ptr<BatchLoss<T>>(const Shape& row)>;

/// What makes a loss of this kind, configured; empty if there is none. Throws std::invalid_argument for bad values.
template <class T>
BatchLossMaker<T> batch_loss_maker(const std::string& kind, Config& config);

/// Their kinds, sorted.
std::vector<std::string> batch_loss_kinds();
/// Whether targets are labels, one for each position.
bool batch_loss_is_sparse(const std::string& kind);

template <class T>
BatchLossMaker<T> overlap_loss(Config& config, bool dice);
template <class T>
BatchLossMaker<T> circle_loss(Config& config);

}  // namespace ranvier
