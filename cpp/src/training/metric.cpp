#include "training/metric.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/error.hpp"
#include "training/loss.hpp"

namespace ranvier {

template <class T>
void Metric<T>::add(const T* values, const T* weights, index rows) {
  for (index i = 0; i < rows; ++i) {
    const double weight = weights ? static_cast<double>(weights[i]) : 1.0;
    total_ += weight * static_cast<double>(values[i]);
    weight_ += weight;
  }
}

namespace {

// The class of a row: its greatest element, the first of equals.
template <class T>
index argmax(const T* row, index columns) {
  return std::max_element(row, row + columns) - row;
}

// Keras's in_top_k: whether fewer than k elements of a row are greater than that of its class.
template <class T>
bool in_top(const T* row, index columns, index label, index k) {
  return std::count_if(row, row + columns, [&](T p) { return p > row[label]; }) < k;
}

/// The share of columns where target and prediction are equal.
template <class T>
class Accuracy final : public Metric<T> {
 public:
  explicit Accuracy(Config&) {}
  index target_columns(index columns) const override { return columns; }
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
class BinaryAccuracy final : public Metric<T> {
 public:
  explicit BinaryAccuracy(Config& config) : threshold_(static_cast<T>(config.number("threshold", 0.5))) {}
  index target_columns(index columns) const override { return columns; }
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
class CategoricalAccuracy final : public Metric<T> {
 public:
  explicit CategoricalAccuracy(Config&) {}
  index target_columns(index columns) const override { return columns; }
  void values(const MetricCall<T>& call) const override {
    const index C = call.columns;
    for (index i = 0; i < call.rows; ++i)
      call.value[i] = argmax(call.target + i * C, C) == argmax(call.prediction + i * C, C);
  }
};

template <class T>
class SparseCategoricalAccuracy final : public Metric<T> {
 public:
  explicit SparseCategoricalAccuracy(Config&) {}
  index target_columns(index) const override { return 1; }
  void values(const MetricCall<T>& call) const override {
    const index C = call.columns;
    for (index i = 0; i < call.rows; ++i)
      call.value[i] = static_cast<index>(call.target[i]) == argmax(call.prediction + i * C, C);
  }
};

template <class T>
index read_k(Config& config) {
  const index k = config.integer("k", 5);
  if (k < 1) throw std::invalid_argument(text("k must be at least 1, got ", k));
  return k;
}

template <class T>
class TopKCategoricalAccuracy final : public Metric<T> {
 public:
  explicit TopKCategoricalAccuracy(Config& config) : k_(read_k<T>(config)) {}
  index target_columns(index columns) const override { return columns; }
  void values(const MetricCall<T>& call) const override {
    const index C = call.columns;
    for (index i = 0; i < call.rows; ++i)
      call.value[i] = in_top(call.prediction + i * C, C, argmax(call.target + i * C, C), k_);
  }

 private:
  index k_;
};

template <class T>
class SparseTopKCategoricalAccuracy final : public Metric<T> {
 public:
  explicit SparseTopKCategoricalAccuracy(Config& config) : k_(read_k<T>(config)) {}
  index target_columns(index) const override { return 1; }
  void values(const MetricCall<T>& call) const override {
    const index C = call.columns;
    for (index i = 0; i < call.rows; ++i)
      call.value[i] = in_top(call.prediction + i * C, C, static_cast<index>(call.target[i]), k_);
  }

 private:
  index k_;
};

/// A loss as a metric: its rows' values.
template <class T>
class MeanLoss final : public Metric<T> {
 public:
  explicit MeanLoss(Config& config) : loss_(config.word("loss"), loss_parameters(config), "mean") {}
  index target_columns(index columns) const override { return loss_.target_columns(columns); }
  void values(const MetricCall<T>& call) const override {
    kernels::LossCall<T> loss{};
    loss.target = call.target, loss.prediction = call.prediction, loss.value = call.value;
    loss.rows = call.rows, loss.columns = call.columns;
    loss_.run(loss);
  }

 private:
  // Those of the loss's own parameters that the metric's configuration gives.
  static Config loss_parameters(Config& config) {
    Config own;
    const auto& k = kernels::table<T>();
    const std::string kind = config.word("loss");
    for (index i = 0; i < k.loss_count; ++i)
      for (const auto& parameter : k.losses[i].parameters) {
        if (kind != k.losses[i].name || !parameter.name) continue;
        own.set(parameter.name, config.number(parameter.name, parameter.value));
      }
    return own;
  }

  Loss<T> loss_;
};

struct MetricKind {
  const char* name;
  MetricFactory<float> single;
  MetricFactory<double> twice;
};

template <template <class> class M>
constexpr MetricKind kind(const char* name) {
  return {name, [](Config& config) -> std::shared_ptr<Metric<float>> { return std::make_shared<M<float>>(config); },
          [](Config& config) -> std::shared_ptr<Metric<double>> { return std::make_shared<M<double>>(config); }};
}

constexpr MetricKind kKinds[] = {
    kind<Accuracy>("accuracy"),
    kind<BinaryAccuracy>("binary_accuracy"),
    kind<CategoricalAccuracy>("categorical_accuracy"),
    kind<MeanLoss>("mean_loss"),
    kind<SparseCategoricalAccuracy>("sparse_categorical_accuracy"),
    kind<SparseTopKCategoricalAccuracy>("sparse_top_k_categorical_accuracy"),
    kind<TopKCategoricalAccuracy>("top_k_categorical_accuracy"),
};

template <class T>
MetricFactory<T> factory(const MetricKind& kind);
template <>
MetricFactory<float> factory(const MetricKind& kind) { return kind.single; }
template <>
MetricFactory<double> factory(const MetricKind& kind) { return kind.twice; }

}  // namespace

std::vector<std::string> metric_kinds() {
  std::vector<std::string> names;
  for (const MetricKind& kind : kKinds) names.push_back(kind.name);
  return names;
}

template <class T>
std::shared_ptr<Metric<T>> make_metric(const std::string& name, Config config) {
  for (const MetricKind& kind : kKinds) {
    if (name != kind.name) continue;
    auto metric = factory<T>(kind)(config);
    config.finish(name);
    return metric;
  }
  throw std::invalid_argument(unknown_name("metric", name, metric_kinds()));
}

template class Metric<float>;
template class Metric<double>;
template std::shared_ptr<Metric<float>> make_metric(const std::string&, Config);
template std::shared_ptr<Metric<double>> make_metric(const std::string&, Config);

}  // namespace ranvier
