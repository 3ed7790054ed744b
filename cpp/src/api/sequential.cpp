#include "ranvier/sequential.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/random.hpp"
#include "training/trainer.hpp"

namespace ranvier {

namespace {

// Glorot and Bengio 2010: uniform within sqrt(6 / (inputs + outputs)).
void initialize(Parameter<float>& parameter, RandomStream& random) {
  float* const value = parameter.value.data();
  if (parameter.initial == Initial::ones) std::fill_n(value, parameter.value.size(), 1.0F);
  if (parameter.initial != Initial::glorot_uniform) return;
  const Shape& shape = parameter.shape;
  const index outputs = shape.back(), inputs = parameter.value.size() / outputs;
  const double limit = std::sqrt(6.0 / static_cast<double>(inputs + outputs));
  for (index i = 0; i < parameter.value.size(); ++i) value[i] = static_cast<float>(limit * (2 * random.uniform() - 1));
}

}  // namespace

struct Sequential::State {
  State(Shape shape, std::uint64_t seed)
      : network(std::make_shared<Network<float>>("sequential")), random({seed, kInitialStream}) {
    last = network->add_input(shape, "input");
  }

  index rows_of(const std::vector<float>& x) const {
    const index n = size(network->graph().values[network->graph().inputs[0]].shape);
    const auto elements = static_cast<index>(x.size());
    if (elements % n) fail(network->name, "expected x to hold rows of ", n, " numbers, got ", elements, " numbers");
    return elements / n;
  }

  Feed feed(const std::vector<float>& x, const std::vector<float>& y) const {
    const index rows = rows_of(x);
    if (rows == 0 || y.size() % static_cast<std::size_t>(rows))
      fail(network->name, "expected y to hold as many rows as x, ", rows, ", got ", y.size(), " numbers");
    const Shape& row = network->graph().values[network->graph().inputs[0]].shape;
    return {{view_of(x.data(), rows, row)},
            {view_of(y.data(), rows, {static_cast<index>(y.size()) / rows})},
            {ArrayView{}}};
  }

  Trainer<float>& compiled() {
    if (!trainer) fail(network->name, "call compile before fit and evaluate");
    return *trainer;
  }

  EpochResults pass(Feed feed, PassOptions options) {
    Trainer<float>& running = compiled();
    running.begin(std::move(feed), options);
    while (running.run(std::numeric_limits<double>::infinity(), -1)) {
    }
    std::vector<double> results = running.results();
    results.erase(results.begin() + 1);  // with one output its loss is the total
    for (const std::vector<double>& metric : running.metric_results())
      results.insert(results.end(), metric.begin(), metric.end());
    return results;
  }

  std::shared_ptr<Network<float>> network;
  std::unique_ptr<Trainer<float>> trainer;
  RandomStream random;
  ValueId last = 0;
};

Sequential::Sequential(Shape input_shape, std::uint64_t seed)
    : state_(std::make_unique<State>(std::move(input_shape), seed)) {}
Sequential::~Sequential() = default;
Sequential::Sequential(Sequential&&) noexcept = default;
Sequential& Sequential::operator=(Sequential&&) noexcept = default;

void Sequential::add(const std::string& kind, Config config) {
  Network<float>& network = *state_->network;
  const auto layer =
      make_layer<float>(kind, std::move(config), kind + "_" + std::to_string(network.graph().nodes.size()));
  state_->last = network.add(layer, {state_->last})[0];
  network.set_outputs({state_->last});
  for (const auto& parameter : layer->parameters()) initialize(*parameter, state_->random);
  state_->trainer.reset();
}

void Sequential::compile(const std::string& optimizer, Config optimizer_config, const std::string& loss,
                         const std::vector<std::string>& metrics) {
  Objective<float> objective{Loss<float>(loss, {}, "mean"), 1.0, {}, {}};
  for (const std::string& metric : metrics) objective.metrics.push_back(make_metric<float>(metric, {}));
  state_->trainer =
      std::make_unique<Trainer<float>>(state_->network, std::vector<Objective<float>>{std::move(objective)},
                                       make_optimizer<float>(optimizer, std::move(optimizer_config)));
}

std::vector<EpochResults> Sequential::fit(const std::vector<float>& x, const std::vector<float>& y,
                                          FitOptions options) {
  state_->compiled().seed = options.seed;
  std::vector<EpochResults> history;
  for (index epoch = 0; epoch < options.epochs; ++epoch)
    history.push_back(state_->pass(state_->feed(x, y),
                                   {options.batch_size, true, options.shuffle, static_cast<std::uint64_t>(epoch), -1}));
  return history;
}

EpochResults Sequential::evaluate(const std::vector<float>& x, const std::vector<float>& y) {
  constexpr index kBatch = 1024;
  return state_->pass(state_->feed(x, y), {kBatch, false, false, 0, -1});
}

std::vector<float> Sequential::predict(const std::vector<float>& x) const {
  const Network<float>& network = *state_->network;
  const index rows = state_->rows_of(x);
  std::vector<float> y(static_cast<std::size_t>(rows * size(network.output_shape(0))));
  network.predict({view_of(x.data(), rows, network.graph().values[network.graph().inputs[0]].shape)}, {y.data()});
  return y;
}

std::vector<std::vector<float>> Sequential::weights() const {
  std::vector<std::vector<float>> all;
  for (const auto& parameter : state_->network->graph().parameters())
    all.emplace_back(parameter->value.data(), parameter->value.data() + parameter->value.size());
  return all;
}

void Sequential::set_weights(const std::vector<std::vector<float>>& weights) {
  const auto parameters = state_->network->graph().parameters();
  if (weights.size() != parameters.size())
    fail(state_->network->name, "expected ", parameters.size(), " arrays of weights, got ", weights.size());
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (static_cast<index>(weights[i].size()) != parameters[i]->value.size())
      fail(state_->network->name, "expected ", parameters[i]->value.size(), " numbers for ", parameters[i]->name, " ",
           to_string(parameters[i]->shape), ", got ", weights[i].size());
  for (std::size_t i = 0; i < weights.size(); ++i)
    std::copy(weights[i].begin(), weights[i].end(), parameters[i]->value.data());
}

}  // namespace ranvier
