// Counts, precision and recall at thresholds; and the best of one where another has at least a given value.

#include <algorithm>

#include "runtime/error.hpp"
#include "training/metrics/thresholds.hpp"

namespace ranvier {

namespace {

/// A number of each threshold's counts, in the order in which thresholds were given.
template <class T>
class AtThresholds : public ThresholdMetric<T> {
 public:
  AtThresholds(Config& config, double (*number)(const Confusion&))
      : ThresholdMetric<T>(config, ThresholdMetric<T>::given_thresholds(config), false, ThresholdMetric<T>::kTogether,
                           false),
        number_(number) {}

  std::vector<double> result() const override {
    std::vector<double> numbers;
    for (const Confusion& counts : this->counts_as_given()) numbers.push_back(number_(counts));
    return numbers;
  }

 private:
  double (*number_)(const Confusion&);
};

#define AT_THRESHOLDS(kind, Class, number)                                                                 \
  template <class T>                                                                                       \
  class Class final : public AtThresholds<T> {                                                             \
   public:                                                                                                 \
    explicit Class(Config& config) : AtThresholds<T>(config, [](const Confusion& c) { return number; }) {} \
  };                                                                                                       \
  RANVIER_REGISTER_METRIC(kind, Class)

AT_THRESHOLDS("false_negatives", FalseNegatives, c.false_negatives)
AT_THRESHOLDS("false_positives", FalsePositives, c.false_positives)
AT_THRESHOLDS("precision", Precision, c.precision())
AT_THRESHOLDS("recall", Recall, c.recall())
AT_THRESHOLDS("true_negatives", TrueNegatives, c.true_negatives)
AT_THRESHOLDS("true_positives", TruePositives, c.true_positives)

/// The greatest `wanted` among thresholds where `bound` is at least the setting called `bound_name`.
template <class T>
class BestUnder : public ThresholdMetric<T> {
 public:
  BestUnder(Config& config, const char* bound_name, double (*wanted)(const Confusion&),
            double (*bound)(const Confusion&))
      : ThresholdMetric<T>(config, ThresholdMetric<T>::even_thresholds(config), false, ThresholdMetric<T>::kTogether,
                           true),
        wanted_(wanted),
        bound_(bound),
        least_(config.number(bound_name)) {
    if (!(least_ >= 0 && least_ <= 1))
      throw std::invalid_argument(text(bound_name, " must be from 0 to 1, got ", least_));
  }

  std::vector<double> result() const override {
    double best = 0;
    for (const Confusion& counts : this->counts(0))
      if (bound_(counts) >= least_) best = std::max(best, wanted_(counts));
    return {best};
  }

 private:
  double (*wanted_)(const Confusion&);
  double (*bound_)(const Confusion&);
  double least_;
};

#define BEST_UNDER(kind, Class, bound_name, wanted, bound)                       \
  template <class T>                                                             \
  class Class final : public BestUnder<T> {                                      \
   public:                                                                       \
    explicit Class(Config& config)                                               \
        : BestUnder<T>(                                                          \
              config, bound_name, [](const Confusion& c) { return c.wanted(); }, \
              [](const Confusion& c) { return c.bound(); }) {}                   \
  };                                                                             \
  RANVIER_REGISTER_METRIC(kind, Class)

BEST_UNDER("precision_at_recall", PrecisionAtRecall, "recall", precision, recall)
BEST_UNDER("recall_at_precision", RecallAtPrecision, "precision", recall, precision)
BEST_UNDER("sensitivity_at_specificity", SensitivityAtSpecificity, "specificity", recall, specificity)
BEST_UNDER("specificity_at_sensitivity", SpecificityAtSensitivity, "sensitivity", specificity, recall)

}  // namespace
}  // namespace ranvier
