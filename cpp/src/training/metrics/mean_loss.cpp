// A loss as a metric: the mean of its rows' values.

#include <cmath>

#include "training/loss.hpp"
#include "training/metric.hpp"

namespace ranvier {

namespace {

template <class T>
class MeanLoss final : public MeanMetric<T> {
 public:
  explicit MeanLoss(Config& config) : loss_(config.word("loss"), loss_parameters(config), "mean") {}

  index target_columns(index columns) const override { return loss_.target_columns(columns); }
  void prepare(index columns) override { loss_.check_columns(columns); }

  void values(const MetricCall<T>& call) const override {
    kernels::LossCall<T> loss{};
    loss.target = call.target, loss.prediction = call.prediction, loss.value = call.value;
    loss.rows = call.rows, loss.columns = call.columns;
    loss_.run(loss);
  }

  void add(const MetricCall<T>& call) override {
    if (!loss_.ignores()) return MeanMetric<T>::add(call);
    for (index i = 0; i < call.rows; ++i)
      if (loss_.counts(call.target[i])) this->add_row(call, i);
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
    if (config.has("ignore_class")) own.set("ignore_class", config.number("ignore_class"));
    if (config.has("class_weight")) own.set("class_weight", config.numbers("class_weight"));
    return own;
  }

  Loss<T> loss_;
};

RANVIER_REGISTER_METRIC("mean_loss", MeanLoss)

}  // namespace
}  // namespace ranvier
