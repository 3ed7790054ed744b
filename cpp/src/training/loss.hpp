// A loss as the trainer uses it: a row of the kernel table, its parameters, and how rows are weighted.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "kernels/kernels.hpp"
#include "ranvier/config.hpp"
#include "ranvier/shape.hpp"

namespace ranvier {

enum class Reduction { mean, sum, mean_with_sample_weight };

template <class T>
class Loss {
 public:
  /// `config` holds the row's parameters by name. Reductions: "sum_over_batch_size" or "mean", "sum" or "none",
  /// "mean_with_sample_weight". Throws std::invalid_argument for unknown names.
  Loss(const std::string& kind, Config config, const std::string& reduction);

  const std::string& kind() const { return kind_; }
  Reduction reduction() const { return reduction_; }
  bool sparse() const { return row().sparse; }

  /// Numbers of y_true for one row of y_pred of this many columns.
  index target_columns(index columns) const { return sparse() ? 1 : columns; }

  /// If this is a cross-entropy of probabilities: which activation makes them from logits ("softmax", "sigmoid"), else
  /// "".
  std::string link() const;
  /// The same loss of the logits. Only where link() is not empty.
  Loss from_logits() const;

  /// Fills value and, where not null, gradient and probability of call; see kernels::LossCall.
  void run(kernels::LossCall<T> call) const {
    call.parameters = parameters_.data();
    row().run(call);
  }

 private:
  const kernels::Loss<T>& row() const { return kernels::table<T>().losses[position_]; }

  std::string kind_;
  Reduction reduction_;
  std::array<T, kernels::kMaxParameters> parameters_{};
  index position_ = -1;  // tables of all instruction sets list the rows in the same order
};

}  // namespace ranvier
