// How targets and predictions vary together along each row: their correlation, and their agreement.
// Source of the second: Lin, Biometrics 45, 1989.

#include <cmath>

#include "training/metric.hpp"

namespace ranvier {

namespace {

constexpr double kEpsilon = 1e-7;  // Keras's

/// Means, variances and covariance of one row.
struct Moments {
  double y_mean = 0, p_mean = 0, y_variance = 0, p_variance = 0, covariance = 0;

  template <class T>
  Moments(const T* y, const T* p, index columns) {
    const auto n = static_cast<double>(columns);
    for (index j = 0; j < columns; ++j) {
      y_mean += static_cast<double>(y[j]) / n;
      p_mean += static_cast<double>(p[j]) / n;
    }
    for (index j = 0; j < columns; ++j) {
      const double dy = static_cast<double>(y[j]) - y_mean, dp = static_cast<double>(p[j]) - p_mean;
      y_variance += dy * dy / n;
      p_variance += dp * dp / n;
      covariance += dy * dp / n;
    }
  }
};

/// covariance / (deviation of y * deviation of p). NaN where one of them does not vary.
template <class T>
class PearsonCorrelation final : public MeanMetric<T> {
 public:
  explicit PearsonCorrelation(Config&) {}
  void values(const MetricCall<T>& call) const override {
    for (index i = 0; i < call.rows; ++i) {
      const Moments m(call.target + i * call.columns, call.prediction + i * call.columns, call.columns);
      call.value[i] = static_cast<T>(m.covariance / (std::sqrt(m.y_variance) * std::sqrt(m.p_variance)));
    }
  }
};

/// 2 covariance / (both variances + squared difference of the means).
template <class T>
class ConcordanceCorrelation final : public MeanMetric<T> {
 public:
  explicit ConcordanceCorrelation(Config&) {}
  void values(const MetricCall<T>& call) const override {
    for (index i = 0; i < call.rows; ++i) {
      const Moments m(call.target + i * call.columns, call.prediction + i * call.columns, call.columns);
      const double apart = m.y_mean - m.p_mean;
      call.value[i] = static_cast<T>(2 * m.covariance / (m.y_variance + m.p_variance + apart * apart + kEpsilon));
    }
  }
};

RANVIER_REGISTER_METRIC("concordance_correlation", ConcordanceCorrelation)
RANVIER_REGISTER_METRIC("pearson_correlation", PearsonCorrelation)

}  // namespace
}  // namespace ranvier
