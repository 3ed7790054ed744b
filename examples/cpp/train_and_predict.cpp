// Learns which of two interleaved half moons a point belongs to, then says so for three new points.

#include <cmath>
#include <cstdio>
#include <random>
#include <ranvier/sequential.hpp>
#include <vector>

int main() {
  std::mt19937 random(1);
  std::uniform_real_distribution<float> angle(0.0F, 3.14159265F);
  std::normal_distribution<float> noise(0.0F, 0.1F);
  std::vector<float> x, y;
  for (int i = 0; i < 1000; ++i) {
    const float a = angle(random);
    const bool lower = i % 2 != 0;
    x.push_back((lower ? 1.0F - std::cos(a) : std::cos(a)) + noise(random));
    x.push_back((lower ? 0.5F - std::sin(a) : std::sin(a)) + noise(random));
    y.push_back(lower ? 1.0F : 0.0F);
  }

  ranvier::Sequential model({2}, /*seed=*/7);
  model.add("dense", {{"units", 16}, {"activation", "relu"}});
  model.add("dense", {{"units", 16}, {"activation", "relu"}});
  model.add("dense", {{"units", 2}, {"activation", "softmax"}});
  model.compile("adam", {{"learning_rate", 0.01}}, "sparse_categorical_crossentropy", {"sparse_categorical_accuracy"});

  ranvier::FitOptions options;
  options.epochs = 50;
  const auto history = model.fit(x, y, options);
  std::printf("epoch 1: loss %.4f, accuracy %.4f\n", history.front()[0], history.front()[1]);
  std::printf("epoch %zu: loss %.4f, accuracy %.4f\n", history.size(), history.back()[0], history.back()[1]);

  const std::vector<float> points{0.0F, 1.0F, 1.0F, -0.5F, 0.5F, 0.25F};
  const std::vector<float> p = model.predict(points);
  for (std::size_t i = 0; i < 3; ++i)
    std::printf("(%5.2f, %5.2f) belongs to the lower moon with probability %.3f\n", points[2 * i], points[2 * i + 1],
                p[2 * i + 1]);
  return history.back()[1] > 0.95 ? 0 : 1;
}
