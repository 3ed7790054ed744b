#include "training/metric.hpp"

#include <map>

#include "runtime/error.hpp"

namespace ranvier {

namespace {

struct Factories {
  MetricFactory<float> single;
  MetricFactory<double> twice;
};

// Built by the registrations of the metrics' files, before main; a function so that it exists when the first one runs.
std::map<std::string, Factories>& registry() {
  static std::map<std::string, Factories> kinds;
  return kinds;
}

template <class T>
MetricFactory<T> factory(const Factories& factories);
template <>
MetricFactory<float> factory(const Factories& factories) {
  return factories.single;
}
template <>
MetricFactory<double> factory(const Factories& factories) {
  return factories.twice;
}

}  // namespace

bool register_metric(const char* kind, MetricFactory<float> single, MetricFactory<double> twice) {
  return registry().emplace(kind, Factories{single, twice}).second;
}

std::vector<std::string> metric_kinds() {
  std::vector<std::string> kinds;
  for (const auto& [kind, factories] : registry()) kinds.push_back(kind);
  return kinds;
}

template <class T>
std::shared_ptr<Metric<T>> make_metric(const std::string& kind, Config config) {
  const auto found = registry().find(kind);
  if (found == registry().end()) throw std::invalid_argument(unknown_name("metric", kind, metric_kinds()));
  auto metric = factory<T>(found->second)(config);
  config.finish(kind);
  return metric;
}

template std::shared_ptr<Metric<float>> make_metric(const std::string&, Config);
template std::shared_ptr<Metric<double>> make_metric(const std::string&, Config);

}  // namespace ranvier
