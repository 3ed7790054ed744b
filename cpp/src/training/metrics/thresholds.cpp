#include "training/metrics/thresholds.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "runtime/error.hpp"

namespace ranvier {

template <class T>
ThresholdMetric<T>::ThresholdMetric(Config& config, std::vector<double> thresholds, bool from_logits, Labels labels,
                                    bool clip)
    : order_(thresholds.size()),
      from_logits_(from_logits),
      clip_(clip),
      labels_(labels),
      top_k_(config.integer("top_k", 0)),
      class_id_(config.integer("class_id", -1)) {
  std::vector<std::size_t> by_size(thresholds.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](std::size_t a, std::size_t b) { return thresholds[a] < thresholds[b]; });
  for (std::size_t place = 0; place < by_size.size(); ++place) {
    order_[by_size[place]] = place;
    thresholds_.push_back(static_cast<T>(thresholds[by_size[place]]));
  }
  reset();
}

template <class T>
std::vector<double> ThresholdMetric<T>::given_thresholds(Config& config) {
  std::vector<double> thresholds = config.numbers("thresholds");
  if (thresholds.empty()) thresholds.push_back(config.has("top_k") ? -std::numeric_limits<double>::infinity() : 0.5);
  return thresholds;
}

template <class T>
std::vector<double> ThresholdMetric<T>::even_thresholds(Config& config) {
  const index count = config.integer("num_thresholds", 200);
  if (count < 1) throw std::invalid_argument(text("num_thresholds must be at least 1, got ", count));
  if (count == 1) return {0.5};
  std::vector<double> thresholds;
  for (index i = 0; i < count; ++i) thresholds.push_back(static_cast<double>(i) / static_cast<double>(count - 1));
  return thresholds;
}

template <class T>
void ThresholdMetric<T>::prepare(index columns) {
  if (class_id_ >= columns)
    throw std::invalid_argument(text("class_id is ", class_id_, ", but the predictions have ", columns, " columns"));
  if (top_k_ > columns)
    throw std::invalid_argument(text("top_k is ", top_k_, ", but the predictions have ", columns, " columns"));
  if (!column_weights.empty() && static_cast<index>(column_weights.size()) != columns)
    throw std::invalid_argument(text("label_weights holds ", column_weights.size(),
                                     " numbers, but the predictions have ", columns, " columns"));
  if (columns == columns_) return;
  columns_ = columns;
  groups_ = labels_ == kApart ? columns : 1;
  reset();
}

template <class T>
void ThresholdMetric<T>::reset() {
  const std::size_t bins = static_cast<std::size_t>(groups_) * (thresholds_.size() + 1);
  positive_.assign(bins, 0);
  negative_.assign(bins, 0);
}

template <class T>
std::vector<double*> ThresholdMetric<T>::numbers() {
  std::vector<double*> all;
  for (auto* counts : {&positive_, &negative_})
    for (double& number : *counts) all.push_back(&number);
  return all;
}

template <class T>
void ThresholdMetric<T>::add_one(T target, T prediction, double weight, index group) {
  if (from_logits_) prediction = 1 / (1 + std::exp(-prediction));
  if (clip_) prediction = std::min(std::max(prediction, T{0}), T{1});
  const auto above = std::lower_bound(thresholds_.begin(), thresholds_.end(), prediction) - thresholds_.begin();
  const auto bin = static_cast<std::size_t>(group) * (thresholds_.size() + 1) + static_cast<std::size_t>(above);
  (target != 0 ? positive_ : negative_)[bin] += weight;
}

// Marks the k greatest of a row; of equal ones, the first.
template <class T>
void ThresholdMetric<T>::find_top(const T* row, index columns) {
  top_.resize(static_cast<std::size_t>(columns));
  std::iota(top_.begin(), top_.end(), index{0});
  std::partial_sort(top_.begin(), top_.begin() + top_k_, top_.end(),
                    [&](index a, index b) { return row[a] != row[b] ? row[a] > row[b] : a < b; });
  in_top_.assign(static_cast<std::size_t>(columns), 0);
  for (index i = 0; i < top_k_; ++i) in_top_[static_cast<std::size_t>(top_[static_cast<std::size_t>(i)])] = 1;
}

template <class T>
void ThresholdMetric<T>::add(const MetricCall<T>& call) {
  const index first = class_id_ >= 0 ? class_id_ : 0, last = class_id_ >= 0 ? class_id_ + 1 : call.columns;
  for (index i = 0; i < call.rows; ++i) {
    const T *target = call.target + i * call.columns, *prediction = call.prediction + i * call.columns;
    const double row_weight = call.weights ? static_cast<double>(call.weights[i]) : 1.0;
    if (top_k_ > 0) find_top(prediction, call.columns);
    for (index j = first; j < last; ++j) {
      const bool out = top_k_ > 0 && !in_top_[static_cast<std::size_t>(j)];
      const bool weighs = labels_ == kTogether && !column_weights.empty();
      add_one(target[j], out ? -std::numeric_limits<T>::infinity() : prediction[j],
              weighs ? row_weight * column_weights[static_cast<std::size_t>(j)] : row_weight,
              labels_ == kApart ? j : 0);
    }
  }
}

template <class T>
std::vector<Confusion> ThresholdMetric<T>::counts(index group) const {
  const std::size_t n = thresholds_.size(), begin = static_cast<std::size_t>(group) * (n + 1);
  std::vector<Confusion> counts(n);
  double positive = 0, negative = 0;
  for (std::size_t k = n; k-- > 0;) {
    counts[k].true_positives = positive += positive_[begin + k + 1];
    counts[k].false_positives = negative += negative_[begin + k + 1];
  }
  positive += positive_[begin];
  negative += negative_[begin];
  for (Confusion& at : counts) {
    at.false_negatives = positive - at.true_positives;
    at.true_negatives = negative - at.false_positives;
  }
  return counts;
}

template <class T>
std::vector<Confusion> ThresholdMetric<T>::counts_as_given() const {
  const std::vector<Confusion> ascending = counts(0);
  std::vector<Confusion> given;
  for (const std::size_t place : order_) given.push_back(ascending[place]);
  return given;
}

template class ThresholdMetric<float>;
template class ThresholdMetric<double>;

}  // namespace ranvier
