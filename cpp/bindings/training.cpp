#include <algorithm>
#include <optional>

#include "pybind.hpp"
#include "training/traced_metric.hpp"
#include "training/trainer.hpp"

namespace ranvier {

namespace {

// A feed and the arrays that must outlive it.
struct OwnedFeed {
  Feed feed;
  std::vector<py::object> owners;
};

OwnedFeed make_feed(const std::vector<py::object>& x, const std::vector<py::object>& y,
                    const std::vector<py::object>& weights) {
  OwnedFeed owned;
  owned.feed.x = to_views(x);
  owned.feed.y = to_views(y);
  for (const py::object& weight : weights)
    owned.feed.weights.push_back(weight.is_none() ? ArrayView{} : to_view(weight));
  owned.owners.assign(x.begin(), x.end());
  owned.owners.insert(owned.owners.end(), y.begin(), y.end());
  owned.owners.insert(owned.owners.end(), weights.begin(), weights.end());
  return owned;
}

std::vector<py::tuple> row_shapes(const std::vector<ArrayView>& arrays) {
  std::vector<py::tuple> shapes;
  for (const ArrayView& array : arrays) shapes.push_back(to_tuple(array.row_shape()));
  return shapes;
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
  if (loss_weights.size() != losses.size() || metrics.size() != losses.size() ||
      weighted_metrics.size() != losses.size())
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
    fail("y_true", "expected ", rows * scorer.target_columns(columns), " numbers for predictions of ", rows,
         " rows and ", columns, " columns, got ", y_true.size());
  return {rows, columns};
}

template <class T>
py::array_t<T> empty_values(const Contiguous<T>& y_pred) {
  return py::array_t<T>(
      std::vector<py::ssize_t>(y_pred.shape(), y_pred.shape() + std::max<py::ssize_t>(0, y_pred.ndim() - 1)));
}

template <class T>
py::array_t<T> batch_loss_values(BatchLoss<T>& loss, const Contiguous<T>& y_true, const Contiguous<T>& y_pred) {
  const index batch = y_pred.shape(0);
  loss.reserve(batch);
  loss.gather({y_true.data(), y_pred.data(), nullptr, nullptr, batch, Reduction::sum, 1}, {0, batch});
  py::array_t<T> values(loss.value_shape(batch));
  const std::vector<double> found = loss.values(batch);
  std::copy(found.begin(), found.end(), values.mutable_data());
  return values;
}

template <class T>
py::array_t<T> loss_values(const Loss<T>& loss, const Contiguous<T>& y_true, const Contiguous<T>& y_pred) {
  const auto [rows, columns] = rows_of<T>(y_true, y_pred, loss);
  if (y_pred.ndim() > 1) {
    if (const auto batch_loss = loss.over_batches(Shape(y_pred.shape() + 1, y_pred.shape() + y_pred.ndim())))
      return batch_loss_values(*batch_loss, y_true, y_pred);
  }
  loss.check_columns(columns);
  py::array_t<T> values = empty_values<T>(y_pred);
  kernels::LossCall<T> call{};
  call.target = y_true.data(), call.prediction = y_pred.data(), call.value = values.mutable_data();
  call.rows = rows, call.columns = columns;
  loss.run(call);
  return values;
}

template <class T>
py::array_t<T> metric_values(Metric<T>& metric, const Contiguous<T>& y_true, const Contiguous<T>& y_pred) {
  const auto [rows, columns] = rows_of<T>(y_true, y_pred, metric);
  metric.prepare(columns);
  py::array_t<T> values = empty_values<T>(y_pred);
  if (metric.has_values()) metric.values({y_true.data(), y_pred.data(), values.mutable_data(), rows, columns, nullptr});
  return values;
}

template <class T>
void update_metric(Metric<T>& metric, const Contiguous<T>& y_true, const Contiguous<T>& y_pred,
                   const std::optional<Contiguous<T>>& weights) {
  py::array_t<T> values = metric_values<T>(metric, y_true, y_pred);
  if (weights && weights->size() != values.size())
    fail("sample_weight", "expected ", values.size(), " weights, got ", weights->size());
  const index rows = values.size();
  metric.add({y_true.data(), y_pred.data(), values.mutable_data(), rows, rows ? y_pred.size() / rows : 0,
              weights ? weights->data() : nullptr});
}

// A metric's result: a number, or a list if it is several.
py::object to_result(const std::vector<double>& numbers) {
  return numbers.size() == 1 ? py::object(py::float_(numbers[0])) : py::object(py::cast(numbers));
}

template <class T>
py::list all_results(const Trainer<T>& trainer) {
  py::list all;
  for (const double loss : trainer.results()) all.append(loss);
  for (const auto& result : trainer.metric_results()) all.append(to_result(result));
  return all;
}

template <class T>
py::array_t<T> copied(const T* values, index rows, const Shape& row_shape) {
  py::array_t<T> array = empty_rows<T>(rows, row_shape);
  std::copy_n(values, array.size(), array.mutable_data());
  return array;
}

template <class T>
py::list last_batch(const Trainer<T>& trainer) {
  py::list parts;
  for (const auto& part : trainer.last_batch()) {
    py::object weights = py::none();
    if (part.weights) weights = copied(part.weights, part.rows, part.weights_row);
    parts.append(py::make_tuple(copied(part.target, part.rows, part.target_row),
                                copied(part.prediction, part.rows, part.prediction_row), weights));
  }
  return parts;
}

template <class T>
using NamedViews = std::vector<std::pair<std::string, py::array_t<T>>>;

template <class T, class State, class Slots>
void add_views(NamedViews<T>& views, const std::shared_ptr<Optimizer<T>>& owner, const State& state, Slots& slots) {
  for (auto& slot : slots)
    views.emplace_back(state.parameter->name + "_" + slot.kind.name,
                       py::array_t<T>(slot.kind.shape, slot.values.data(), py::cast(owner)));
}

// In Keras's order: averages, accumulated gradients, then the slots of each parameter.
template <class T>
NamedViews<T> optimizer_state(const std::shared_ptr<Optimizer<T>>& self) {
  NamedViews<T> views;
  for (auto& state : self->state()) add_views(views, self, state, state.average);
  for (auto& state : self->state()) add_views(views, self, state, state.accumulator);
  for (auto& state : self->state()) add_views(views, self, state, state.own);
  return views;
}

// The same by parameter.
template <class T>
std::vector<std::pair<std::shared_ptr<Parameter<T>>, NamedViews<T>>> optimizer_slots(
    const std::shared_ptr<Optimizer<T>>& self) {
  std::vector<std::pair<std::shared_ptr<Parameter<T>>, NamedViews<T>>> slots;
  for (auto& state : self->state()) {
    NamedViews<T> views;
    for (auto* own : {&state.average, &state.accumulator, &state.own}) add_views(views, self, state, *own);
    slots.emplace_back(state.parameter, std::move(views));
  }
  return slots;
}

// A schedule in Python is asked for all steps of a pass before it begins: nothing calls Python between batches.
class PythonSchedule final : public Schedule {
 public:
  explicit PythonSchedule(py::function rates) : rates_(std::move(rates)) {}

  void prepare(std::int64_t first, std::int64_t count) override {
    table_ = rates_(first, count).cast<std::vector<double>>();
    first_ = first;
  }

  double rate(std::int64_t step) const override {
    if (table_.empty()) return 0;
    const auto last = static_cast<std::int64_t>(table_.size()) - 1;
    return table_[static_cast<std::size_t>(std::clamp<std::int64_t>(step - first_, 0, last))];
  }

 private:
  py::function rates_;
  std::vector<double> table_;
  std::int64_t first_ = 0;
};

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
      .def(py::init([](const ranvier::Network<T>& network, const std::string& reduction) {
             return Loss(network, reduction);
           }),
           py::arg("network"), py::arg("reduction"))
      .def("values", &loss_values<T>, py::arg("y_true"), py::arg("y_pred"));

  py::class_<Metric, std::shared_ptr<Metric>>(scalars, "Metric")
      .def(py::init(
               [](const std::string& kind, const py::dict& config) { return make_metric<T>(kind, to_config(config)); }),
           py::arg("kind"), py::arg("config"))
      .def(py::init([](const ranvier::Network<T>& network) -> std::shared_ptr<Metric> {
             if (network.draws()) fail(network.name, "a metric cannot draw random numbers: draw them in a layer");
             return std::make_shared<TracedMetric<T>>(network.graph());
           }),
           py::arg("network"))
      .def("update", &update_metric<T>, py::arg("y_true"), py::arg("y_pred"), py::arg("sample_weight"))
      .def("values", &metric_values<T>, py::arg("y_true"), py::arg("y_pred"))
      .def("result", [](const Metric& self) { return to_result(self.result()); })
      .def("reset", &Metric::reset);

  py::class_<Optimizer, std::shared_ptr<Optimizer>>(scalars, "Optimizer")
      .def(py::init([](const std::string& kind, const py::dict& config) {
             return make_optimizer<T>(kind, to_config(config));
           }),
           py::arg("kind"), py::arg("config"))
      .def_property("learning_rate", &Optimizer::learning_rate, &Optimizer::set_learning_rate)
      .def_property("iterations", &Optimizer::iterations, &Optimizer::set_iterations)
      .def("set_schedule", &Optimizer::set_schedule, py::arg("schedule"))
      .def("exclude_from_weight_decay", &Optimizer::exclude_from_weight_decay, py::arg("parameters"))
      .def("overwrite_with_average", &Optimizer::overwrite_with_average)
      .def("build", &Optimizer::build, py::arg("parameters"))
      .def("state", &optimizer_state<T>)
      .def("slots", &optimizer_slots<T>);

  py::class_<Trainer>(scalars, "Trainer")
      .def(py::init(&make_trainer<T>), py::arg("network"), py::arg("losses"), py::arg("loss_weights"),
           py::arg("metrics"), py::arg("weighted_metrics"), py::arg("optimizer"))
      .def_property(
          "seed", [](const Trainer& self) { return self.trainer.seed; },
          [](Trainer& self, std::uint64_t seed) { self.trainer.seed = seed; })
      .def(
          "begin",
          [](Trainer& self, const py::object& feed, index batch_size, bool training, bool shuffle, std::uint64_t epoch,
             index steps) {
            self.trainer.begin(feed.cast<const OwnedFeed&>().feed, {batch_size, training, shuffle, epoch, steps});
            self.feed = feed;
          },
          py::arg("feed"), py::arg("batch_size"), py::arg("training"), py::arg("shuffle"), py::arg("epoch"),
          py::arg("steps"))
      .def(
          "extend",
          [](Trainer& self, const py::object& feed) {
            self.trainer.extend(feed.cast<const OwnedFeed&>().feed);
            self.feed = feed;
          },
          py::arg("feed"))
      .def(
          "run", [](Trainer& self, double seconds, index batches) { return self.trainer.run(seconds, batches); },
          py::arg("seconds"), py::arg("batches"),
          py::call_guard<py::gil_scoped_release>())  // the feed is held by self, and nothing below touches Python
      .def_property_readonly("batch", [](const Trainer& self) { return self.trainer.batch(); })
      .def_property_readonly("batches", [](const Trainer& self) { return self.trainer.batches(); })
      .def("results", [](const Trainer& self) { return all_results(self.trainer); })
      .def_property(
          "keep_batch", [](const Trainer& self) { return self.trainer.keep_batch; },
          [](Trainer& self, bool keep) { self.trainer.keep_batch = keep; })
      .def("last_batch", [](const Trainer& self) { return last_batch(self.trainer); })
      .def("memory", [](const Trainer& self) { return to_dicts(self.trainer.memory()); })
      .def("progress", [](const Trainer& self) { return self.trainer.progress(); })
      .def(
          "resume",
          [](Trainer& self, const std::vector<double>& progress, index skipped) {
            self.trainer.resume(progress, skipped);
          },
          py::arg("progress"), py::arg("skipped") = 0);
}

void bind_feed(py::module_& core) {
  py::class_<Schedule, std::shared_ptr<Schedule>>(core, "Schedule")
      .def(py::init(
               [](const std::string& kind, const py::dict& config) { return make_schedule(kind, to_config(config)); }),
           py::arg("kind"), py::arg("config"))
      .def(py::init([](const py::function& rates) -> std::shared_ptr<Schedule> {
             return std::make_shared<PythonSchedule>(rates);
           }),
           py::arg("rates"))
      .def("rate", &Schedule::rate, py::arg("step"));
  py::class_<OwnedFeed>(core, "Feed")
      .def(py::init(&make_feed), py::arg("x"), py::arg("y"), py::arg("sample_weight"))
      .def_property_readonly("rows", [](const OwnedFeed& self) { return self.feed.rows(); })
      .def_property_readonly("x_shapes", [](const OwnedFeed& self) { return row_shapes(self.feed.x); })
      .def_property_readonly("y_shapes", [](const OwnedFeed& self) { return row_shapes(self.feed.y); });
}

template void bind_training<float>(py::module_&);
template void bind_training<double>(py::module_&);

}  // namespace ranvier
