// The small workloads whose instructions check.py counts: `workloads NAME STEPS` runs one for so many steps.

#include <cstdlib>
#include <cstring>
#include <ranvier/sequential.hpp>
#include <vector>

namespace {

using Sizes = std::vector<std::int64_t>;

ranvier::Sequential dense_network(const Sizes& sizes) {
  ranvier::Sequential model({sizes[0]}, /*seed=*/1);
  for (std::size_t i = 1; i < sizes.size(); ++i)
    model.add("dense", {{"units", sizes[i]}, {"activation", std::string(i + 1 < sizes.size() ? "relu" : "softmax")}});
  model.compile("adam", {{"learning_rate", 1e-4}}, "sparse_categorical_crossentropy", {"sparse_categorical_accuracy"});
  return model;
}

std::vector<float> ramp(std::size_t n, int period) {
  std::vector<float> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<float>(i % static_cast<std::size_t>(period));
  return values;
}

void train(const Sizes& sizes, std::size_t batch, std::size_t steps) {
  ranvier::Sequential model = dense_network(sizes);
  std::vector<float> x = ramp(steps * batch * static_cast<std::size_t>(sizes[0]), 97);
  for (float& value : x) value /= 97;
  ranvier::FitOptions options;
  options.batch_size = static_cast<std::ptrdiff_t>(batch);
  model.fit(x, ramp(steps * batch, static_cast<int>(sizes.back())), options);
}

void predict(const Sizes& sizes, std::size_t steps) {
  const ranvier::Sequential model = dense_network(sizes);
  const std::vector<float> x(static_cast<std::size_t>(sizes[0]), 0.5F);
  for (std::size_t i = 0; i < steps; ++i) model.predict(x);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto steps = static_cast<std::size_t>(std::atol(argv[2]));
  if (!std::strcmp(argv[1], "seed-step")) {
    train({1, 16, 32, 2}, 10, steps);
  } else if (!std::strcmp(argv[1], "tabular-step")) {
    train({30, 64, 64, 2}, 32, steps);
  } else if (!std::strcmp(argv[1], "one-row-predict")) {
    predict({784, 128, 10}, steps);
  } else {
    return 2;
  }
  return 0;
}
