// Accuracies: how often predictions are right.

#include <algorithm>

#include "runtime/error.hpp"
#include "training/metric.hpp"

namespace ranvier {

namespace {

// Neither which class is the greatest nor whether it is the right one can be predicted: no branches on them, each of
// which costs 2 ns where it is mispredicted.
template <class T>
constexpr T kRight[] = {0, 1};

// The class of a row: its greatest element, the first of equals.
template <class T>
index argmax(const T* row, index columns) {
  T greatest = row[0];
  index at = 0;
  for (index j = 1; j < columns; ++j) {
    const bool greater = row[j] > greatest;
    greatest = greater ? row[j] : greatest;
    at = greater ? j : at;
  }
  return at;
}

// Keras's in_top_k: whether fewer than k elements of a row are greater than that of its class.
template <class T>
bool in_top(const T* row, index columns, index label, index k) {
  if (label < 0 || label >= columns) return false;
  return std::count_if(row, row + columns, [&](T p) { return p > row[label]; }) < k;
}

/// The share of columns where target and prediction are equal.
template <class T>
class Accuracy final : public MeanMetric<T> {
 public:
  explicit Accuracy(Config&) {}
  void values(const MetricCall<T>& call) const override {
    for (index i = 0; i < call.rows; ++i) {
      index equal = 0;
      for (index j = i * call.columns; j < (i + 1) * call.columns; ++j) equal += call.target[j] == call.prediction[j];
      call.value[i] = static_cast<T>(equal) / static_cast<T>(call.columns);
    }
  }
};

/// The share of columns where the prediction is on the target's side of the threshold.
template <class T>
class BinaryAccuracy final : public MeanMetric<T> {
 public:
  explicit BinaryAccuracy(Config& config) : threshold_(static_cast<T>(config.number("threshold", 0.5))) {}
  void values(const MetricCall<T>& call) const override {
    for (index i = 0; i < call.rows; ++i) {
      index equal = 0;
      for (index j = i * call.columns; j < (i + 1) * call.columns; ++j)
        equal += call.target[j] == static_cast<T>(call.prediction[j] > threshold_);
      call.value[i] = static_cast<T>(equal) / static_cast<T>(call.columns);
    }
  }

 private:
  T threshold_;
};

template <class T>
class CategoricalAccuracy final : public MeanMetric<T> {
 public:
  explicit CategoricalAccuracy(Config&) {}
  void values(const MetricCall<T>& call) const override {
    const index C = call.columns;
    for (index i = 0; i < call.rows; ++i)
      call.value[i] = kRight<T>[argmax(call.target + i * C, C) == argmax(call.prediction + i * C, C)];
  }
};

template <class T>
class SparseCategoricalAccuracy final : public MeanMetric<T> {
 public:
  explicit SparseCategoricalAccuracy(Config&) {}
  index target_columns(index) const override { return 1; }
  void values(const MetricCall<T>& call) const override {
    const index C = call.columns;
    for (index i = 0; i < call.rows; ++i)
      call.value[i] = kRight<T>[static_cast<index>(call.target[i]) == argmax(call.prediction + i * C, C)];
  }
};

index read_k(Config& config) {
  const index k = config.integer("k", 5);
  if (k < 1) throw std::invalid_argument(text("k must be at least 1, got ", k));
  return k;
}

template <class T>
class TopKCategoricalAccuracy final : public MeanMetric<T> {
 public:
  explicit TopKCategoricalAccuracy(Config& config) : k_(read_k(config)) {}
  void values(const MetricCall<T>& call) const override {
    const index C = call.columns;
    for (index i = 0; i < call.rows; ++i)
      call.value[i] = in_top(call.prediction + i * C, C, argmax(call.target + i * C, C), k_);
  }

 private:
  index k_;
};

/// `from_sorted_ids`: predictions are classes, the likeliest first, instead of a score for each class.
template <class T>
class SparseTopKCategoricalAccuracy final : public MeanMetric<T> {
 public:
  explicit SparseTopKCategoricalAccuracy(Config& config)
      : k_(read_k(config)), sorted_ids_(config.boolean("from_sorted_ids", false)) {}
  index target_columns(index) const override { return 1; }
  void values(const MetricCall<T>& call) const override {
    const index C = call.columns;
    for (index i = 0; i < call.rows; ++i) {
      const T* row = call.prediction + i * C;
      if (sorted_ids_)
        call.value[i] = std::count(row, row + std::min(k_, C), call.target[i]) > 0;
      else
        call.value[i] = in_top(row, C, static_cast<index>(call.target[i]), k_);
    }
  }

 private:
  index k_;
  bool sorted_ids_;
};

RANVIER_REGISTER_METRIC("accuracy", Accuracy)
RANVIER_REGISTER_METRIC("binary_accuracy", BinaryAccuracy)
RANVIER_REGISTER_METRIC("categorical_accuracy", CategoricalAccuracy)
RANVIER_REGISTER_METRIC("sparse_categorical_accuracy", SparseCategoricalAccuracy)
RANVIER_REGISTER_METRIC("sparse_top_k_categorical_accuracy", SparseTopKCategoricalAccuracy)
RANVIER_REGISTER_METRIC("top_k_categorical_accuracy", TopKCategoricalAccuracy)

}  // namespace
}  // namespace ranvier
