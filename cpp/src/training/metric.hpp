// Streaming metrics: a value for each row, averaged with weights over everything seen since the last reset.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ranvier/config.hpp"
#include "ranvier/shape.hpp"

namespace ranvier {

/// Rows of targets and predictions. A sparse metric's targets are (rows) class indices, others' are (rows, columns).
template <class T>
struct MetricCall {
  const T* target;
  const T* prediction;
  T* value;  // (rows)
  index rows, columns;
};

template <class T>
class Metric {
 public:
  virtual ~Metric() = default;

  /// Numbers of y_true for one row of y_pred of this many columns.
  virtual index target_columns(index columns) const = 0;

  /// The value of each row. Rows are independent, so threads may share them.
  virtual void values(const MetricCall<T>& call) const = 0;

  /// Takes the values of rows, in order, with their weights or null for 1.
  void add(const T* values, const T* weights, index rows);

  double result() const { return weight_ ? total_ / weight_ : 0; }
  void reset() { total_ = weight_ = 0; }

  /// Everything seen since the last reset, as numbers that another metric of the same configuration can go on from.
  std::vector<double> state() const { return {total_, weight_}; }
  void set_state(const std::vector<double>& state) { total_ = state.at(0), weight_ = state.at(1); }

 private:
  double total_ = 0, weight_ = 0;
};

template <class T>
using MetricFactory = std::shared_ptr<Metric<T>> (*)(Config& config);

/// Makes a metric of a registered kind. Throws std::invalid_argument for unknown kinds and keys.
template <class T>
std::shared_ptr<Metric<T>> make_metric(const std::string& kind, Config config);

/// Registered kinds, sorted.
std::vector<std::string> metric_kinds();

}  // namespace ranvier
