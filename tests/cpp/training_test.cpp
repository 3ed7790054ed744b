// Networks through their whole life in C++: graphs with shared and merged branches, gradients against differences,
// training on any number of threads, prediction from many.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <thread>

#include "kernels/kernels.hpp"
#include "runtime/random.hpp"
#include "training/trainer.hpp"

namespace ranvier {

namespace {

std::vector<double> random_values(index n, std::uint64_t seed) {
  RandomStream random({seed, kInitialStream});
  std::vector<double> values(static_cast<std::size_t>(n));
  for (double& value : values) value = 2 * random.uniform() - 1;
  return values;
}

template <class T>
void randomize(Network<T>& network, std::uint64_t seed) {
  for (const auto& parameter : network.graph().parameters()) {
    const auto values = random_values(parameter->value.size(), ++seed);
    std::copy(values.begin(), values.end(), parameter->value.data());
  }
}

// Two inputs, a layer used twice, branches that are added, concatenated and reshaped, and two outputs, of which one
// feeds the other.
std::shared_ptr<Network<double>> tangled_network() {
  auto network = std::make_shared<Network<double>>("tangled");
  const auto layer = [](const char* kind, Config config) { return make_layer<double>(kind, std::move(config), kind); };
  const ValueId a = network->add_input({3}, "a"), b = network->add_input({2, 2}, "b");
  const auto shared = layer("dense", {{"units", std::int64_t{3}}, {"activation", std::string("tanh")}});
  const ValueId once = network->add(shared, {a})[0], twice = network->add(shared, {once})[0];
  const ValueId flat = network->add(layer("flatten", {}), {b})[0];
  const ValueId side =
      network->add(layer("dense", {{"units", std::int64_t{3}}, {"activation", std::string("gelu")}}), {flat})[0];
  const ValueId sum = network->add(layer("primitive", {{"function", std::string("add")}}), {twice, side, side})[0];
  const ValueId wide = network->add(layer("concatenate", {}), {sum, flat, a})[0];
  const ValueId first =
      network->add(layer("dense", {{"units", std::int64_t{4}}, {"activation", std::string("softmax")}}), {wide})[0];
  const ValueId square =
      network->add(layer("reshape", {{"target_shape", std::vector<std::int64_t>{2, -1}}}), {first})[0];
  const ValueId second = network->add(layer("activation", {{"activation", std::string("silu")}}), {square})[0];
  network->set_outputs({first, second});
  randomize(*network, 1);
  return network;
}

struct Evaluation {
  std::vector<double> first, second;
};

Evaluation evaluate(const Network<double>& network, const std::vector<double>& a, const std::vector<double>& b,
                    index rows) {
  Evaluation y{std::vector<double>(static_cast<std::size_t>(rows) * 4),
               std::vector<double>(static_cast<std::size_t>(rows) * 4)};
  network.run({view_of(a.data(), rows, {3}), view_of(b.data(), rows, {2, 2})}, false, 0,
              {y.first.data(), y.second.data()});
  return y;
}

std::shared_ptr<Network<float>> classifier(index inputs, index units, index classes, std::uint64_t seed) {
  auto network = std::make_shared<Network<float>>("classifier");
  ValueId value = network->add_input({inputs}, "x");
  const auto dense = [&](index n, const char* activation) {
    value = network->add(
        make_layer<float>("dense", {{"units", std::int64_t{n}}, {"activation", std::string(activation)}}, "dense"),
        {value})[0];
  };
  dense(units, "relu");
  value = network->add(make_layer<float>("dropout", {{"rate", 0.2}}, "dropout"), {value})[0];
  dense(units, "tanh");
  dense(classes, "softmax");
  network->set_outputs({value});
  randomize(*network, seed);
  for (const auto& parameter : network->graph().parameters())
    for (index i = 0; i < parameter->value.size(); ++i) parameter->value[i] *= 0.2F;
  return network;
}

// Weights and loss after two epochs.
std::vector<float> trained_weights(int threads, const char* optimizer, Config config) {
  constexpr index kRows = 700, kInputs = 40, kClasses = 11;
  set_num_threads(threads);
  const auto network = classifier(kInputs, 300, kClasses, 5);
  std::vector<float> x, y;
  for (double value : random_values(kRows * kInputs, 3)) x.push_back(static_cast<float>(value));
  for (index i = 0; i < kRows; ++i) y.push_back(static_cast<float>(i % kClasses));
  std::vector<Objective<float>> objectives;
  objectives.push_back({Loss<float>("sparse_categorical_crossentropy", {}, "mean"),
                        1.0,
                        {make_metric<float>("sparse_categorical_accuracy", {})},
                        {}});
  Trainer<float> trainer(network, std::move(objectives), make_optimizer<float>(optimizer, std::move(config)));
  trainer.seed = 11;
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
    trainer.begin({{view_of(x.data(), kRows, {kInputs})}, {view_of(y.data(), kRows, {})}, {ArrayView{}}},
                  {128, true, true, epoch, -1});
    while (trainer.run(0.01, -1)) {
    }
  }
  set_num_threads(0);
  std::vector<float> weights;
  for (const auto& parameter : network->graph().parameters())
    weights.insert(weights.end(), parameter->value.data(), parameter->value.data() + parameter->value.size());
  for (double result : trainer.results()) weights.push_back(static_cast<float>(result));
  for (const auto& metric : trainer.metric_results())
    for (double result : metric) weights.push_back(static_cast<float>(result));
  return weights;
}

}  // namespace

TEST_CASE("network: gradients of a tangled graph equal central differences") {
  const auto network = tangled_network();
  constexpr index kRows = 3;
  std::vector<double> a = random_values(kRows * 3, 21), b = random_values(kRows * 4, 22);
  const std::vector<double> d_first = random_values(kRows * 4, 23), d_second = random_values(kRows * 4, 24);
  const auto objective = [&] {
    const Evaluation y = evaluate(*network, a, b, kRows);
    double sum = 0;
    for (std::size_t i = 0; i < y.first.size(); ++i) sum += y.first[i] * d_first[i] + y.second[i] * d_second[i];
    return sum;
  };

  std::vector<double> da(a.size()), db(b.size());
  std::vector<std::vector<double>> dparameters;
  Outputs<double> pointers;
  const auto parameters = network->graph().parameters();
  CHECK(parameters.size() == 6);  // the shared layer's once
  for (const auto& parameter : parameters) dparameters.emplace_back(static_cast<std::size_t>(parameter->value.size()));
  for (auto& gradient : dparameters) pointers.push_back(gradient.data());
  network->gradients({view_of(a.data(), kRows, {3}), view_of(b.data(), kRows, {2, 2})},
                     {view_of(d_first.data(), kRows, {4}), view_of(d_second.data(), kRows, {2, 2})}, false, 0,
                     {da.data(), db.data()}, pointers);

  const auto check = [&](double& value, double gradient) {
    constexpr double kStep = 1e-5;
    const double kept = value;
    value = kept + kStep;
    const double above = objective();
    value = kept - kStep;
    const double below = objective();
    value = kept;
    CHECK(gradient == doctest::Approx((above - below) / (2 * kStep)).epsilon(1e-7));
  };
  for (std::size_t i = 0; i < a.size(); ++i) check(a[i], da[i]);
  for (std::size_t i = 0; i < b.size(); ++i) check(b[i], db[i]);
  for (std::size_t p = 0; p < parameters.size(); ++p)
    for (index i = 0; i < parameters[p]->value.size(); ++i)
      check(parameters[p]->value[i], dparameters[p][static_cast<std::size_t>(i)]);
}

TEST_CASE("trainer: weights are the same, bit for bit, on any number of threads and every instruction set") {
  const std::string before = kernels::active().isa;
  for (auto table = kernels::available(); *table; ++table) {
    CAPTURE((*table)->isa);
    REQUIRE(kernels::select((*table)->isa));
    const auto alone = trained_weights(1, "adam", {});
    CHECK(alone == trained_weights(2, "adam", {}));
    CHECK(alone == trained_weights(4, "adam", {}));
    // A limit that is never reached takes the path through memory, where every gradient is complete before its update.
    CHECK(alone == trained_weights(2, "adam", {{"clipnorm", 1e30}}));
    for (const std::string& kind : optimizer_kinds())
      CHECK(trained_weights(1, kind.c_str(), {}) == trained_weights(3, kind.c_str(), {}));
    const Config averaged{{"use_ema", true}, {"gradient_accumulation_steps", std::int64_t{2}}};
    CHECK(trained_weights(1, "adam", averaged) == trained_weights(3, "adam", averaged));
    const Config clipped{{"momentum", 0.9}, {"global_clipnorm", 0.1}};
    CHECK(trained_weights(1, "sgd", clipped) == trained_weights(3, "sgd", clipped));
  }
  kernels::select(before.c_str());
}

TEST_CASE("network: a row's prediction is the same alone, in any batch and from many threads at once") {
  const auto network = classifier(40, 300, 11, 5);
  constexpr index kRows = 700;
  std::vector<float> x;
  for (double value : random_values(kRows * 40, 4)) x.push_back(static_cast<float>(value));
  const auto predict = [&](index first, index rows) {
    std::vector<float> y(static_cast<std::size_t>(rows) * 11);
    network->predict({view_of(x.data() + first * 40, rows, {40})}, {y.data()});
    return y;
  };
  const std::vector<float> all = predict(0, kRows);
  for (index rows : {1, 2, 3, 4, 5, 13, 14, 15, 37}) {
    const std::vector<float> some = predict(50, rows);
    CHECK(std::equal(some.begin(), some.end(), all.begin() + 50 * 11));
  }
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (index i = 0; i < 20; ++i) {
        const index first = (t * 31 + i * 17) % 600;
        const std::vector<float> some = predict(first, 100);
        wrong += !std::equal(some.begin(), some.end(), all.begin() + first * 11);
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("trainer: a loss that is not finite stops before the update, and finite weights are kept") {
  auto network = std::make_shared<Network<float>>("regression");
  const ValueId x_value = network->add_input({4}, "x");
  network->set_outputs(network->add(make_layer<float>("dense", {{"units", std::int64_t{1}}}, "dense"), {x_value}));
  randomize(*network, 5);
  std::vector<float> x(40, 1.0F), y(10, 1.0F);
  std::vector<Objective<float>> objectives;
  objectives.push_back({Loss<float>("mean_squared_error", {}, "mean"), 1.0, {}, {}});
  Trainer<float> trainer(network, std::move(objectives), make_optimizer<float>("sgd", {{"learning_rate", 1e30}}));
  const auto kernel = network->graph().parameters()[0];
  const std::vector<float> before(kernel->value.data(), kernel->value.data() + kernel->value.size());
  trainer.begin({{view_of(x.data(), 10, {4})}, {view_of(y.data(), 10, {})}, {ArrayView{}}}, {1, true, false, 2, -1});
  CHECK_THROWS_WITH_AS(trainer.run(1e9, -1), doctest::Contains("in epoch 3, batch 2 of 10"), NonFiniteLoss);
  CHECK(kernel->value[0] != before[0]);
  for (index i = 0; i < kernel->value.size(); ++i) CHECK(std::isfinite(kernel->value[i]));
  CHECK_FALSE(trainer.run(1e9, -1));  // the pass is over
}

TEST_CASE("trainer: a pass of one feed is the same in feeds of one batch each, also where it was interrupted") {
  constexpr index kRows = 50, kBatch = 16;
  std::vector<float> x, y(kRows, 1.0F);
  for (double value : random_values(kRows * 4, 3)) x.push_back(static_cast<float>(value));
  const auto feed = [&](index first, index rows) {
    return Feed{{view_of(x.data() + first * 4, rows, {4})}, {view_of(y.data() + first, rows, {})}, {ArrayView{}}};
  };
  struct Run {
    std::shared_ptr<Network<float>> network = classifier(4, 8, 3, 5);
    std::unique_ptr<Trainer<float>> trainer;
    Run() {
      std::vector<Objective<float>> objectives;
      objectives.push_back({Loss<float>("sparse_categorical_crossentropy", {}, "mean"), 1.0, {}, {}});
      trainer = std::make_unique<Trainer<float>>(network, std::move(objectives), make_optimizer<float>("adam", {}));
    }
    std::vector<float> weights() const {
      std::vector<float> all;
      for (const auto& parameter : network->graph().parameters())
        all.insert(all.end(), parameter->value.data(), parameter->value.data() + parameter->value.size());
      return all;
    }
  };
  const Run whole, parts, later;
  whole.trainer->begin(feed(0, kRows), {kBatch, true, false, 0, -1});
  whole.trainer->run(1e9, -1);
  for (index first = 0; first < kRows; first += kBatch) {
    const index rows = std::min(kBatch, kRows - first);
    if (first == 0)
      parts.trainer->begin(feed(0, rows), {rows, true, false, 0, -1});
    else
      parts.trainer->extend(feed(first, rows));
    CHECK_FALSE(parts.trainer->run(1e9, -1));
  }
  CHECK(parts.trainer->batches() == 4);
  CHECK(parts.trainer->results() == whole.trainer->results());
  CHECK(parts.weights() == whole.weights());

  later.trainer->begin(feed(0, kBatch), {kBatch, true, false, 0, -1});
  later.trainer->run(1e9, -1);
  const std::vector<double> progress = later.trainer->progress();
  later.trainer->begin(feed(kBatch, kBatch), {kBatch, true, false, 0, -1});
  later.trainer->resume(progress, 1);
  CHECK(later.trainer->batches() == 2);
  later.trainer->run(1e9, -1);
  for (index first = 2 * kBatch; first < kRows; first += kBatch) {
    later.trainer->extend(feed(first, std::min(kBatch, kRows - first)));
    later.trainer->run(1e9, -1);
  }
  CHECK(later.trainer->results() == whole.trainer->results());
  CHECK(later.weights() == whole.weights());
}

TEST_CASE("errors name the layer, what was expected and what came") {
  const auto dense = make_layer<float>("dense", {{"units", std::int64_t{3}}}, "dense_7");
  dense->build({{4}});
  CHECK_THROWS_WITH_AS(dense->build({{5}}), "[dense_7] expected input (*, 4), got (*, 5)", std::invalid_argument);
  CHECK_THROWS_WITH_AS(make_layer<float>("dence", {}, "x"), doctest::Contains("did you mean 'dense'?"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make_layer<float>("dense", {{"units", std::int64_t{0}}}, "d"),
                       "[d] units must be at least 1, got 0", std::invalid_argument);
  const auto network = classifier(4, 8, 3, 5);
  std::vector<float> x(10), y(6);
  CHECK_THROWS_WITH_AS(network->predict({view_of(x.data(), 2, {5})}, {y.data()}),
                       "[classifier] expected input (*, 4), got (2, 5)", std::invalid_argument);
}

}  // namespace ranvier
