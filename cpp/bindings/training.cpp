#include <optional>

#include "pybind.hpp"
#include "training/trainer.hpp"

namespace ranvier {

namespace {

// A feed and the arrays that must outlive it.
struct OwnedFeed {
  Feed feed;
  std::vector<py::object> owners;
};

OwnedFeed make_feed(const std::vector<py::array>& x, const std::vector<py::array>& y,
                    const std::vector<py::object>& weights) {
  OwnedFeed owned;
  owned.feed.x = to_views(x);
  owned.feed.y = to_views(y);
  for (const py::object& weight : weights)
    owned.feed.weights.push_back(weight.is_none() ? ArrayView{} : to_view(weight.cast<py::array>()));
  owned.owners.assign(x.begin(), x.end());
  owned.owners.insert(owned.owners.end(), y.begin(), y.end());
  owned.owners.insert(owned.owners.end(), weights.begin(), weights.end());
  return owned;
}

// A trainer and the feed it is reading.
template <class T>
struct OwningTrainer {
  Trainer<T> trainer;
  py::object feed;
};

template <class T>
std::unique_ptr<OwningTrainer<T>> make_trainer(
    std::shared_ptr<Network<T>> network, const std::vector<Loss<T>>& losses, const std::vector<double>& loss_weights,
    const std::vector<std::vector<std::shared_ptr<Metric<T>>>>& metrics,
    const std::vector<std::vector<std::shared_ptr<Metric<T>>>>& weighted_metrics,
    std::shared_ptr<Optimizer<T>> optimizer) {
  if (loss_weights.size() != losses.size() || metrics.size() != losses.size() || weighted_metrics.size() != losses.size())
    fail(network->name, "expected a weight and lists of metrics for each of the ", losses.size(), " losses");
  std::vector<Objective<T>> objectives;
  for (std::size_t i = 0; i < losses.size(); ++i)
    objectives.push_back({losses[i], loss_weights[i], metrics[i], weighted_metrics[i]});
  return std::unique_ptr<OwningTrainer<T>>(
      new OwningTrainer<T>{{std::move(network), std::move(objectives), std::move(optimizer)}, py::none()});
}

template <class T>
using Contiguous = py::array_t<T, py::array::c_style | py::array::forcecast>;

// Rows and columns of predictions; checks that the targets fit.
template <class T, class Scorer>
std::pair<index, index> rows_of(const Contiguous<T>& y_true, const Contiguous<T>& y_pred, const Scorer& scorer) {
  const index columns = y_pred.ndim() ? y_pred.shape(y_pred.ndim() - 1) : 1;
  const index rows = columns ? y_pred.size() / columns : 0;
  if (y_true.size() != rows * scorer.target_columns(columns))
    fail("y_true", "expected ", rows * scorer.target_columns(columns), " numbers for predictions of ", rows, " rows and ",
         columns, " columns, got ", y_true.size());
  return {rows, columns};
}

template <class T>
py::array_t<T> empty_values(const Contiguous<T>& y_pred) {
  return py::array_t<T>(
      std::vector<py::ssize_t>(y_pred.shape(), y_pred.shape() + std::max<py::ssize_t>(0, y_pred.ndim() - 1)));
}

template <class T>
py::array_t<T> loss_values(const Loss<T>& loss, const Contiguous<T>& y_true, const Contiguous<T>& y_pred) {
  const auto [rows, columns] = rows_of<T>(y_true, y_pred, loss);
  py::array_t<T> values = empty_values<T>(y_pred);
  kernels::LossCall<T> call{};
  call.target = y_true.data(), call.prediction = y_pred.data(), call.value = values.mutable_data();
  call.rows = rows, call.columns = columns;
  loss.run(call);
  return values;
}

template <class T>
py::array_t<T> metric_values(const Metric<T>& metric, const Contiguous<T>& y_true, const Contiguous<T>& y_pred) {
  const auto [rows, columns] = rows_of<T>(y_true, y_pred, metric);
  py::array_t<T> values = empty_values<T>(y_pred);
  metric.values({y_true.data(), y_pred.data(), values.mutable_data(), rows, columns});
  return values;
}

template <class T>
void update_metric(Metric<T>& metric, const Contiguous<T>& y_true, const Contiguous<T>& y_pred,
                   const std::optional<Contiguous<T>>& weights) {
  const py::array_t<T> values = metric_values<T>(metric, y_true, y_pred);
  if (weights && weights->size() != values.size())
    fail("sample_weight", "expected ", values.size(), " weights, got ", weights->size());
  metric.add(values.data(), weights ? weights->data() : nullptr, values.size());
}

template <class T>
std::vector<std::pair<std::string, py::array_t<T>>> optimizer_state(const std::shared_ptr<Optimizer<T>>& self) {
  std::vector<std::pair<std::string, py::array_t<T>>> state;
  const std::vector<std::string> names = self->slot_names();
  for (auto& slots : self->state())
    for (std::size_t s = 0; s < names.size(); ++s)
      state.emplace_back(slots.parameter->name + "_" + names[s],
                         py::array_t<T>(slots.parameter->shape, slots.values[s].data(), py::cast(self)));
  return state;
}

}  // namespace

template <class T>
void bind_training(py::module_& scalars) {
  using Loss = ranvier::Loss<T>;
  using Metric = ranvier::Metric<T>;
  using Optimizer = ranvier::Optimizer<T>;
  using Trainer = OwningTrainer<T>;

  py::class_<Loss>(scalars, "Loss")
      .def(py::init([](const std::string& kind, const py::dict& config, const std::string& reduction) {
             return Loss(kind, to_config(config), reduction);
           }),
           py::arg("kind"), py::arg("config"), py::arg("reduction"))
      .def("values", &loss_values<T>, py::arg("y_true"), py::arg("y_pred"));

  py::class_<Metric, std::shared_ptr<Metric>>(scalars, "Metric")
      .def(py::init([](const std::string& kind, const py::dict& config) { return make_metric<T>(kind, to_config(config)); }),
           py::arg("kind"), py::arg("config"))
      .def("update", &update_metric<T>, py::arg("y_true"), py::arg("y_pred"), py::arg("sample_weight"))
      .def("values", &metric_values<T>, py::arg("y_true"), py::arg("y_pred"))
      .def("result", &Metric::result)
      .def("reset", &Metric::reset);

  py::class_<Optimizer, std::shared_ptr<Optimizer>>(scalars, "Optimizer")
      .def(py::init([](const std::string& kind, const py::dict& config) { return make_optimizer<T>(kind, to_config(config)); }),
           py::arg("kind"), py::arg("config"))
      .def_property("learning_rate", &Optimizer::learning_rate, &Optimizer::set_learning_rate)
      .def_property("iterations", &Optimizer::iterations, &Optimizer::set_iterations)
      .def("state", &optimizer_state<T>)
      .def("prepare", &Optimizer::prepare, py::arg("parameters"))
      .def_property_readonly("parameters", [](const Optimizer& self) {
        std::vector<std::shared_ptr<Parameter<T>>> parameters;
        for (const auto& slots : self.state()) parameters.push_back(slots.parameter);
        return parameters;
      });

  py::class_<Trainer>(scalars, "Trainer")
      .def(py::init(&make_trainer<T>), py::arg("network"), py::arg("losses"), py::arg("loss_weights"),
           py::arg("metrics"), py::arg("weighted_metrics"), py::arg("optimizer"))
      .def_property("seed", [](const Trainer& self) { return self.trainer.seed; },
                    [](Trainer& self, std::uint64_t seed) { self.trainer.seed = seed; })
      .def("begin",
           [](Trainer& self, const py::object& feed, index batch_size, bool training, bool shuffle, std::uint64_t epoch,
              index steps) {
             self.trainer.begin(feed.cast<const OwnedFeed&>().feed, {batch_size, training, shuffle, epoch, steps});
             self.feed = feed;
           },
           py::arg("feed"), py::arg("batch_size"), py::arg("training"), py::arg("shuffle"), py::arg("epoch"),
           py::arg("steps"))
      .def("run", [](Trainer& self, double seconds, index batches) { return self.trainer.run(seconds, batches); },
           py::arg("seconds"), py::arg("batches"),
           py::call_guard<py::gil_scoped_release>())  // the feed is held by self, and nothing below touches Python
      .def_property_readonly("batch", [](const Trainer& self) { return self.trainer.batch(); })
      .def_property_readonly("batches", [](const Trainer& self) { return self.trainer.batches(); })
      .def("results", [](const Trainer& self) { return self.trainer.results(); })
      .def("progress", [](const Trainer& self) { return self.trainer.progress(); })
      .def("resume", [](Trainer& self, const std::vector<double>& progress) { self.trainer.resume(progress); },
           py::arg("progress"));
}

void bind_feed(py::module_& core) {
  py::class_<OwnedFeed>(core, "Feed")
      .def(py::init(&make_feed), py::arg("x"), py::arg("y"), py::arg("sample_weight"))
      .def_property_readonly("rows", [](const OwnedFeed& self) { return self.feed.rows(); });
}

template void bind_training<float>(py::module_&);
template void bind_training<double>(py::module_&);

}  // namespace ranvier
