// Areas under curves of two rates, each point of which belongs to a threshold.
// Sources: Davis and Goadrich, ICML 2006 (interpolation between points of precision and recall); Flach and Kull,
// NeurIPS 2015 (precision-recall-gain).

#include <algorithm>
#include <cmath>

#include "runtime/error.hpp"
#include "training/metrics/thresholds.hpp"

namespace ranvier {

namespace {

struct Point {
  double x, y;
};

Point roc(const Confusion& c) { return {ratio(c.false_positives, c.false_positives + c.true_negatives), c.recall()}; }
Point precision_recall(const Confusion& c) { return {c.recall(), c.precision()}; }

// Without true positives recall gain counts as 0 and precision gain as 1; below 0 recall gain counts as 0.
Point precision_recall_gain(const Confusion& c) {
  if (c.true_positives == 0) return {0, 1};
  const double odds = ratio(c.true_positives + c.false_negatives, c.true_negatives + c.false_positives);
  return {std::max(1 - odds * c.false_negatives / c.true_positives, 0.0),
          1 - odds * c.false_positives / c.true_positives};
}

double mean(double a, double b) { return (a + b) / 2; }
double least(double a, double b) { return std::min(a, b); }
double greatest(double a, double b) { return std::max(a, b); }

/// The area under steps between points whose heights are made of both ends.
double stepped_area(const std::vector<Confusion>& counts, Point (*point)(const Confusion&),
                    double (*height)(double, double)) {
  double area = 0;
  for (std::size_t k = 0; k + 1 < counts.size(); ++k) {
    const Point left = point(counts[k]), right = point(counts[k + 1]);
    area += (left.x - right.x) * height(left.y, right.y);
  }
  return area;
}

/// Between two thresholds true positives grow in proportion to positives p: precision is (intercept + slope p) / p.
double interpolated_precision_recall(const std::vector<Confusion>& counts) {
  double area = 0;
  for (std::size_t k = 0; k + 1 < counts.size(); ++k) {
    const Confusion &more = counts[k], &fewer = counts[k + 1];
    const double p_more = more.true_positives + more.false_positives, p = fewer.true_positives + fewer.false_positives;
    const double rise = more.true_positives - fewer.true_positives, slope = ratio(rise, std::max(p_more - p, 0.0));
    const double intercept = fewer.true_positives - slope * p;
    const double log_growth = p_more > 0 && p > 0 ? std::log(p_more / p) : 0;
    area += ratio(slope * (rise + intercept * log_growth), fewer.true_positives + fewer.false_negatives);
  }
  return area;
}

template <class T>
class Auc final : public ThresholdMetric<T> {
 public:
  explicit Auc(Config& config)
      : ThresholdMetric<T>(
            config, thresholds(config), config.boolean("from_logits", false),
            config.boolean("multi_label", false) ? ThresholdMetric<T>::kApart : ThresholdMetric<T>::kTogether, true),
        apart_(config.boolean("multi_label", false)),
        curve_(config.word("curve", "ROC")),
        method_(config.word("summation_method", "interpolation")),
        labels_(config.integer("num_labels", 0)) {
    if (curve_ != "ROC" && curve_ != "PR" && curve_ != "PRGAIN")
      throw std::invalid_argument(unknown_name("curve", curve_, {"ROC", "PR", "PRGAIN"}));
    if (method_ != "interpolation" && method_ != "minoring" && method_ != "majoring")
      throw std::invalid_argument(unknown_name("summation_method", method_, {"interpolation", "minoring", "majoring"}));
    this->column_weights = config.numbers("label_weights");
  }

  void prepare(index columns) override {
    if (labels_ && labels_ != columns)
      throw std::invalid_argument(text("num_labels is ", labels_, ", but the predictions have ", columns, " columns"));
    ThresholdMetric<T>::prepare(columns);
  }

  std::vector<double> result() const override {
    if (!apart_) return {area(0)};
    double sum = 0, weights = 0;
    for (index g = 0; g < this->groups(); ++g) {
      const double weight = this->column_weights.empty() ? 1 : this->column_weights[static_cast<std::size_t>(g)];
      sum += weight * area(g);
      weights += weight;
    }
    return {ratio(sum, weights)};
  }

 private:
  // One below all predictions and one above all, so that the curve has both its ends.
  static std::vector<double> thresholds(Config& config) {
    constexpr double kEpsilon = 1e-7;
    std::vector<double> thresholds = config.numbers("thresholds");
    if (thresholds.empty()) {
      thresholds = ThresholdMetric<T>::even_thresholds(config);
      if (thresholds.size() < 2) throw std::invalid_argument("num_thresholds must be at least 2, got 1");
      thresholds.front() = -kEpsilon;
      thresholds.back() = 1 + kEpsilon;
    } else {
      thresholds.push_back(-kEpsilon);
      thresholds.push_back(1 + kEpsilon);
    }
    return thresholds;
  }

  double area(index group) const {
    const std::vector<Confusion> counts = this->counts(group);
    if (curve_ == "PR" && method_ == "interpolation") return interpolated_precision_recall(counts);
    const auto point = curve_ == "ROC" ? roc : curve_ == "PR" ? precision_recall : precision_recall_gain;
    return stepped_area(counts, point, method_ == "interpolation" ? mean : method_ == "minoring" ? least : greatest);
  }

  bool apart_;
  std::string curve_, method_;
  index labels_;
};

RANVIER_REGISTER_METRIC("auc", Auc)

}  // namespace
}  // namespace ranvier
