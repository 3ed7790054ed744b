// What a trainer keeps for one output of its network. Only trainer.cpp needs it.
#pragma once

#include <memory>
#include <utility>

#include "training/trainer.hpp"

namespace ranvier {

/// One output's part of a batch: R rows of C columns for each row of the batch.
template <class T>
struct Trainer<T>::Output {
  explicit Output(Objective<T> wanted) : objective(std::move(wanted)), loss(objective.loss) {}

  Objective<T> objective;
  Loss<T> loss;  // the one that runs: of the logits, if the network ended in the activation that makes them
  std::unique_ptr<BatchLoss<T>> batch_loss;  // what runs instead, if its rows depend on each other
  bool of_logits = false;
  index R = 1, C = 1, target_columns = 1;
  bool weighted = false, masked = false;
  const T* mask = nullptr;  // of this batch: the positions that count in the loss, or null for all
  Buffer<T> target, weights, masked_weights, scale, value, metric_value, kept;
  double loss_total = 0;

  void reserve(index batch, bool keep) {
    if (batch_loss) batch_loss->reserve(batch);
    if (keep && kept.size() < batch * R * C) kept = Buffer<T>(batch * R * C);
    if (target.size() < batch * R * target_columns) target = Buffer<T>(batch * R * target_columns);
    if (value.size() >= batch * R) return;
    weights = Buffer<T>(batch * R);
    masked_weights = Buffer<T>(masked ? batch * R : 0);
    scale = Buffer<T>(batch * R);
    value = Buffer<T>(batch * R);
    const auto metrics = static_cast<index>(objective.metrics.size() + objective.weighted_metrics.size());
    metric_value = Buffer<T>(batch * R * metrics);
  }

  // As in Keras, a mask takes positions out of the loss, and out of metrics that are weighted.
  void see_mask(const T* of_batch, Range part) {
    mask = of_batch;
    if (!weighted) return;
    for (index j = part.begin; j < part.end; ++j) masked_weights[j] = mask[j] != 0 ? weights[j] : T{0};
  }

  bool counts(index j) const { return !mask || mask[j] != 0; }
  double weight(index j) const { return !counts(j) ? 0.0 : weighted ? static_cast<double>(weights[j]) : 1.0; }

  // What the sum of the weighted values of `count` rows is divided by.
  double divisor(index count) const {
    const Reduction reduction = loss.reduction();
    if (reduction == Reduction::sum) return 1;
    if (reduction == Reduction::mean && !loss.ignores() && !mask) return static_cast<double>(count);
    double sum = 0;
    for (index j = 0; j < count; ++j)
      if (counts(j) && loss.counts(target[j * target_columns])) sum += reduction == Reduction::mean ? 1.0 : weight(j);
    return sum;
  }

  // The batch loss's view of a batch; gradient may be null.
  BatchLossCall<T> batch_call(index rows, const T* prediction, T* gradient) const {
    return {target.data(),    prediction, weighted ? weights.data() : nullptr, gradient, rows, loss.reduction(),
            objective.weight, R};
  }

  // Calls f(metric, its position, its weights or null).
  template <class F>
  void for_metrics(const F& f) {
    index position = 0;
    for (const auto& metric : objective.metrics) f(*metric, position++, static_cast<const T*>(nullptr));
    for (const auto& metric : objective.weighted_metrics)
      f(*metric, position++, !weighted ? static_cast<const T*>(nullptr) : (mask ? masked_weights : weights).data());
  }
};

}  // namespace ranvier
