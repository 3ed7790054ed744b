// Streaming metrics: what is seen since the last reset, gathered batch by batch. Each family has a file in metrics/.
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
  T* value;  // (rows), of metrics that have one for each row
  index rows, columns;
  const T* weights;  // (rows), or null for 1
};

template <class T>
class Metric {
 public:
  virtual ~Metric() = default;

  /// Numbers of y_true for one row of y_pred of this many columns.
  virtual index target_columns(index columns) const { return columns; }

  /// Gets ready for predictions of this many columns. Throws std::invalid_argument where the metric has no meaning for
  /// them. Before values and add.
  virtual void prepare(index /*columns*/) {}

  /// Whether it is made from a value of each row. Then `values` writes them; threads may share the rows.
  virtual bool has_values() const { return false; }
  virtual void values(const MetricCall<T>& /*call*/) const {}

  /// Takes in rows, after `values`, in their order and on one thread: the result is the same for any number of threads.
  virtual void add(const MetricCall<T>& call) = 0;

  /// One number, or several; zero before anything was seen.
  virtual std::vector<double> result() const = 0;
  virtual void reset() = 0;

  /// Everything seen since the last reset, as numbers that another metric of the same configuration can go on from.
  std::vector<double> state() {
    std::vector<double> values;
    for (const double* number : numbers()) values.push_back(*number);
    return values;
  }
  void set_state(const double* values) {
    for (double* number : numbers()) *number = *values++;
  }

 protected:
  /// Where everything seen is kept.
  virtual std::vector<double*> numbers() = 0;
};

template <class T>
using MetricFactory = std::shared_ptr<Metric<T>> (*)(Config& config);

/// Makes a metric of a registered kind. Throws std::invalid_argument for unknown kinds and keys.
template <class T>
std::shared_ptr<Metric<T>> make_metric(const std::string& kind, Config config);

/// Registered kinds, sorted.
std::vector<std::string> metric_kinds();

bool register_metric(const char* kind, MetricFactory<float> single, MetricFactory<double> twice);

/// In the file of a metric, outside of functions.
#define RANVIER_REGISTER_METRIC(kind, Class)                                                                         \
  [[maybe_unused]] const bool registered_##Class = register_metric(                                                  \
      kind, [](Config& config) -> std::shared_ptr<Metric<float>> { return std::make_shared<Class<float>>(config); }, \
      [](Config& config) -> std::shared_ptr<Metric<double>> { return std::make_shared<Class<double>>(config); });

/// The mean of a value for each row.
template <class T>
class MeanMetric : public Metric<T> {
 public:
  bool has_values() const final { return true; }
  void add(const MetricCall<T>& call) override {
    double total = total_, weight_sum = weight_;  // in registers
    for (index i = 0; i < call.rows; ++i) {
      const double weight = call.weights ? static_cast<double>(call.weights[i]) : 1.0;
      total += weight * static_cast<double>(call.value[i]);
      weight_sum += weight;
    }
    total_ = total, weight_ = weight_sum;
  }
  std::vector<double> result() const override { return {weight_ != 0 ? total_ / weight_ : 0}; }
  void reset() override { total_ = weight_ = 0; }

 protected:
  void add_row(const MetricCall<T>& call, index i) {
    const double weight = call.weights ? static_cast<double>(call.weights[i]) : 1.0;
    total_ += weight * static_cast<double>(call.value[i]);
    weight_ += weight;
  }
  std::vector<double*> numbers() override { return {&total_, &weight_}; }

 private:
  double total_ = 0, weight_ = 0;
};

/// a / b, and 0 for b = 0.
inline double ratio(double a, double b) { return b != 0 ? a / b : 0; }

}  // namespace ranvier
