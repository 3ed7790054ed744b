// A loss as the trainer uses it: a row of the kernel table with its parameters, or a loss of whole batches, and how its
// values are weighted.
#pragma once

#include <array>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "kernels/kernels.hpp"
#include "network/network.hpp"
#include "ranvier/config.hpp"
#include "ranvier/shape.hpp"
#include "training/batch_loss.hpp"

namespace ranvier {

template <class T>
class Loss {
 public:
  /// `config` holds the parameters by name. Of sparse categorical cross-entropy, rows whose
  /// target is "ignore_class" do not count; of
  /// categorical focal cross-entropy, "class_weight" is alpha for each class. Reductions: "sum_over_batch_size" or
  /// "mean", "sum" or "none", "mean_with_sample_weight". Throws std::invalid_argument for unknown names.
  Loss(const std::string& kind, Config config, const std::string& reduction);

  /// A loss written with operations, as a network from targets and predictions to values.
  Loss(const Network<T>& network, const std::string& reduction);

  const std::string& kind() const { return kind_; }
  Reduction reduction() const { return reduction_; }
  bool sparse() const { return make_batch_loss_ ? batch_loss_is_sparse(kind_) : row().sparse; }

  /// If the rows of a batch are not independent: this loss for rows of a shape. Otherwise null, and run is to be used.
  std::unique_ptr<BatchLoss<T>> over_batches(const Shape& row) const {
    return make_batch_loss_ ? make_batch_loss_(row) : nullptr;
  }

  /// Whether some rows do not count, and whether this one does.
  bool ignores() const { return ignored_ == ignored_; }
  bool counts(T target) const { return target != ignored_; }

  /// Throws std::invalid_argument if there are weights of classes, but not one for each of the columns.
  void check_columns(index columns) const;

  /// Numbers of y_true for one row of y_pred of this many columns.
  index target_columns(index columns) const {
    return prediction_elements_ ? target_elements_ * columns / prediction_elements_ : sparse() ? 1 : columns;
  }

  /// If this is a cross-entropy of probabilities: which activation makes them from logits ("softmax", "sigmoid"), else
  /// "".
  std::string link() const;
  /// The same loss of the logits. Only where link() is not empty.
  Loss from_logits() const;

  /// Fills value and, where not null, gradient and probability of call; see kernels::LossCall.
  void run(kernels::LossCall<T> call) const;

 private:
  const kernels::Loss<T>& row() const { return kernels::table<T>().losses[position_]; }

  std::string kind_;
  Reduction reduction_;
  std::array<T, kernels::kMaxParameters> parameters_{};
  std::vector<T> class_weight_;
  T ignored_ = std::numeric_limits<T>::quiet_NaN();
  BatchLossMaker<T> make_batch_loss_;
  index target_elements_ = 0, prediction_elements_ = 0;  // of a row, for a loss written with operations
  index position_ = -1;  // tables of all instruction sets list the rows in the same order
};

}  // namespace ranvier
