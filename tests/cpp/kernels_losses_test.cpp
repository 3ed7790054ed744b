// Every loss against a reference in double written from its definition in Keras 3, and its gradient against
// differences of that reference.
#include <algorithm>
#include <functional>
#include <limits>
#include <set>

#include "testing.hpp"

namespace testing {
namespace {

using Row = std::vector<double>;
using Reference = std::function<double(const Row& y, const Row& p)>;

constexpr double kEpsilon = 1e-7;

double clip(double x, double low, double high) { return std::min(std::max(x, low), high); }

Reference mean(double (*f)(double y, double p)) {
  return [f](const Row& y, const Row& p) {
    double total = 0;
    for (std::size_t i = 0; i < p.size(); i++) total += f(y[i], p[i]);
    return total / double(p.size());
  };
}

double log_sum_exp(const Row& x) {
  const double largest = *std::max_element(x.begin(), x.end());
  double total = 0;
  for (double v : x) total += std::exp(v - largest);
  return largest + std::log(total);
}

double total(const Row& x) {
  double sum = 0;
  for (double v : x) sum += v;
  return sum;
}

double norm(const Row& x) {
  double sum = 0;
  for (double v : x) sum += v * v;
  return std::max(std::sqrt(sum), kEpsilon);
}

double categorical_hinge(const Row& y, const Row& p) {
  double positive = 0, negative = -HUGE_VAL;
  for (std::size_t i = 0; i < p.size(); i++) {
    positive += y[i] * p[i];
    negative = std::max(negative, (1 - y[i]) * p[i]);
  }
  return std::max(negative - positive + 1, 0.0);
}

double kl_divergence(const Row& y, const Row& p) {
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); i++) {
    const double t = clip(y[i], kEpsilon, 1);
    sum += t * std::log(t / clip(p[i], kEpsilon, 1));
  }
  return sum;
}

double cosine_similarity(const Row& y, const Row& p) {
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); i++) sum += y[i] / norm(y) * p[i] / norm(p);
  return -sum;
}

double crossentropy(const Row& y, const Row& p) {
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); i++) sum -= y[i] * std::log(clip(p[i] / total(p), kEpsilon, 1 - kEpsilon));
  return sum;
}

double crossentropy_from_logits(const Row& y, const Row& x) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); i++) sum += y[i] * (log_sum_exp(x) - x[i]);
  return sum;
}

Reference with_smoothing(Reference loss, double s, double classes) {
  return [=](Row y, const Row& p) {
    for (double& v : y) v = v * (1 - s) + s / (classes > 0 ? classes : double(y.size()));
    return loss(y, p);
  };
}

const Reference kBinary = mean([](double y, double p) {
  const double c = clip(p, kEpsilon, 1 - kEpsilon);
  return -(y * std::log(c) + (1 - y) * std::log(1 - c));
});
const Reference kBinaryFromLogits =
    mean([](double y, double x) { return std::max(x, 0.0) - x * y + std::log1p(std::exp(-std::fabs(x))); });

double right(double y, double p) { return y * p + (1 - y) * (1 - p); }

Reference binary_focal(double smoothing, bool balanced, double alpha, double gamma, bool logits) {
  return [=](const Row& y, const Row& x) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); i++) {
      const double t = y[i] * (1 - smoothing) + smoothing / 2, p = logits ? 1 / (1 + std::exp(-x[i])) : x[i];
      const double balance = balanced ? t * alpha + (1 - t) * (1 - alpha) : 1;
      sum -= balance * std::pow(1 - right(t, p), gamma) * (t * std::log(p) + (1 - t) * std::log(1 - p));
    }
    return sum / double(x.size());
  };
}

Reference categorical_focal(double smoothing, double gamma, double alpha, bool logits) {
  return [=](const Row& y, const Row& x) {
    double sum = 0;
    const double all = logits ? log_sum_exp(x) : total(x);
    for (std::size_t i = 0; i < x.size(); i++) {
      const double t = y[i] * (1 - smoothing) + smoothing / double(x.size());
      const double q = logits ? std::exp(x[i] - all) : clip(x[i] / all, kEpsilon, 1 - kEpsilon);
      sum -= alpha * t * std::pow(1 - q, gamma) * std::log(q);
    }
    return sum;
  };
}

Reference generalized(double q) {
  return [q](const Row& y, const Row& p) {
    double sum = 0;
    for (std::size_t i = 0; i < p.size(); i++) sum += y[i] * (1 - std::pow(p[i], q)) / q;
    return sum;
  };
}

enum Targets { kReal, kPositive, kSigns, kBits, kProbabilities, kOneHot };
enum Predictions { kAnyReal, kPositiveReal, kProbability };

struct Case {
  std::string name;
  std::vector<double> parameters;
  Targets targets;
  Predictions predictions;
  Reference f;  // of a sparse loss: of the one-hot target
};

const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {"mean_squared_error", {}, kReal, kAnyReal, mean([](double y, double p) { return (p - y) * (p - y); })},
      {"mean_absolute_error", {}, kReal, kAnyReal, mean([](double y, double p) { return std::fabs(p - y); })},
      {"mean_absolute_percentage_error", {}, kReal, kAnyReal, mean([](double y, double p) {
         return 100 * std::fabs(p - y) / std::max(std::fabs(y), kEpsilon);
       })},
      {"mean_squared_logarithmic_error", {}, kPositive, kPositiveReal, mean([](double y, double p) {
         const double e = std::log1p(std::max(p, kEpsilon)) - std::log1p(std::max(y, kEpsilon));
         return e * e;
       })},
      {"hinge", {0}, kSigns, kAnyReal, mean([](double y, double p) { return std::max(1 - y * p, 0.0); })},
      {"hinge", {1}, kBits, kAnyReal, mean([](double y, double p) { return std::max(1 - (2 * y - 1) * p, 0.0); })},
      {"squared_hinge", {0}, kSigns, kAnyReal, mean([](double y, double p) {
         return std::pow(std::max(1 - y * p, 0.0), 2);
       })},
      {"squared_hinge", {1}, kBits, kAnyReal, mean([](double y, double p) {
         return std::pow(std::max(1 - (2 * y - 1) * p, 0.0), 2);
       })},
      {"log_cosh", {}, kReal, kAnyReal, mean([](double y, double p) { return std::log(std::cosh(p - y)); })},
      {"huber", {1}, kReal, kAnyReal, mean([](double y, double p) {
         const double e = std::fabs(p - y);
         return e <= 1 ? e * e / 2 : e - 0.5;
       })},
      {"huber", {0.4}, kReal, kAnyReal, mean([](double y, double p) {
         const double e = std::fabs(p - y);
         return e <= 0.4 ? e * e / 2 : 0.4 * (e - 0.2);
       })},
      {"poisson", {}, kPositive, kPositiveReal, mean([](double y, double p) {
         return p - y * std::log(p + kEpsilon);
       })},
      {"kl_divergence", {}, kProbabilities, kProbability, kl_divergence},
      {"binary_crossentropy", {0}, kBits, kProbability, kBinary},
      {"binary_crossentropy", {0.2}, kBits, kProbability, with_smoothing(kBinary, 0.2, 2)},
      {"binary_crossentropy_from_logits", {0}, kBits, kAnyReal, kBinaryFromLogits},
      {"binary_crossentropy_from_logits", {0.2}, kBits, kAnyReal, with_smoothing(kBinaryFromLogits, 0.2, 2)},
      {"categorical_hinge", {}, kOneHot, kAnyReal, categorical_hinge},
      {"cosine_similarity", {}, kReal, kAnyReal, cosine_similarity},
      {"categorical_crossentropy", {0}, kProbabilities, kPositiveReal, crossentropy},
      {"categorical_crossentropy", {0.1}, kOneHot, kProbability, with_smoothing(crossentropy, 0.1, 0)},
      {"sparse_categorical_crossentropy", {}, kOneHot, kPositiveReal, crossentropy},
      {"categorical_crossentropy_from_logits", {0}, kProbabilities, kAnyReal, crossentropy_from_logits},
      {"categorical_crossentropy_from_logits",
       {0.1},
       kOneHot,
       kAnyReal,
       with_smoothing(crossentropy_from_logits, 0.1, 0)},
      {"sparse_categorical_crossentropy_from_logits", {}, kOneHot, kAnyReal, crossentropy_from_logits},
      {"binary_focal_crossentropy", {0, 0, 0.25, 2}, kBits, kProbability, binary_focal(0, false, 0.25, 2, false)},
      {"binary_focal_crossentropy", {0.2, 1, 0.3, 1.5}, kBits, kProbability, binary_focal(0.2, true, 0.3, 1.5, false)},
      {"binary_focal_crossentropy_from_logits",
       {0, 0, 0.25, 2},
       kBits,
       kAnyReal,
       binary_focal(0, false, 0.25, 2, true)},
      {"binary_focal_crossentropy_from_logits",
       {0.2, 1, 0.3, 1.5},
       kBits,
       kAnyReal,
       binary_focal(0.2, true, 0.3, 1.5, true)},
      {"categorical_focal_crossentropy", {0, 2, 0.25}, kOneHot, kPositiveReal, categorical_focal(0, 2, 0.25, false)},
      {"categorical_focal_crossentropy", {0.1, 0.5, 1}, kOneHot, kProbability, categorical_focal(0.1, 0.5, 1, false)},
      {"categorical_focal_crossentropy_from_logits",
       {0, 2, 0.25},
       kProbabilities,
       kAnyReal,
       categorical_focal(0, 2, 0.25, true)},
      {"categorical_focal_crossentropy_from_logits",
       {0.1, 1.5, 1},
       kOneHot,
       kAnyReal,
       categorical_focal(0.1, 1.5, 1, true)},
      {"categorical_generalized_cross_entropy", {0.7}, kOneHot, kProbability, generalized(0.7)},
      {"negative_log_likelihood",
       {},
       kOneHot,
       kAnyReal,
       [](const Row& y, const Row& p) {
         double sum = 0;
         for (std::size_t i = 0; i < p.size(); i++) sum -= y[i] * p[i];
         return sum;
       }},
  };
  return list;
}

/// A call with its arrays.
template <class T>
struct Run {
  index rows, columns;
  std::vector<T> dense, sparse, prediction, scale, value, gradient, probability, parameters;
  bool is_sparse;

  Run(const Case& c, bool is_sparse, index rows, index columns)
      : rows(rows),
        columns(columns),
        scale(random_vector<T>(rows, 12, 0.1, 2)),
        value(rows, T(NAN)),
        gradient(rows * columns, T(NAN)),
        probability(rows * columns, T(NAN)),
        parameters(c.parameters.begin(), c.parameters.end()),
        is_sparse(is_sparse) {
    const index n = rows * columns;
    const bool positive = c.targets == kPositive || c.targets == kProbabilities;
    dense = random_vector<T>(n, 10, positive ? 0.05 : -2, positive ? 1 : 2);
    if (c.targets == kSigns)
      std::transform(dense.begin(), dense.end(), dense.begin(), [](T v) { return v > 0 ? T(1) : T(-1); });
    if (c.targets == kBits) std::transform(dense.begin(), dense.end(), dense.begin(), [](T v) { return T(v > 0); });
    if (c.targets == kOneHot) {
      dense.assign(n, T(0));
      for (index i = 0; i < rows; i++) {
        sparse.push_back(T((i * 7 + 1) % columns));
        dense[i * columns + (i * 7 + 1) % columns] = 1;
      }
    }
    const double low = c.predictions == kAnyReal ? -2.5 : 0.1;
    prediction = random_vector<T>(n, 11, low, c.predictions == kProbability ? 0.9 : 2.5);
  }

  LossCall<T> call() {
    return {is_sparse ? sparse.data() : dense.data(),
            prediction.data(),
            scale.data(),
            value.data(),
            gradient.data(),
            nullptr,
            rows,
            columns,
            parameters.data(),
            nullptr};
  }
  Row target_row(index i) const { return Row(dense.begin() + i * columns, dense.begin() + (i + 1) * columns); }
  Row prediction_row(index i) const {
    return Row(prediction.begin() + i * columns, prediction.begin() + (i + 1) * columns);
  }
};

}  // namespace

TEST_CASE("every loss has a case here, and is there in every instruction set in both precisions") {
  std::set<std::string> expected;
  for (const Case& c : cases()) expected.insert(c.name);
  const auto names = [](const auto& kernels) {
    std::set<std::string> found;
    for (index i = 0; i < kernels.loss_count; i++) found.insert(kernels.losses[i].name);
    return found;
  };
  for_each_isa<float>([&](const auto& k, const std::string&) { CHECK(names(k) == expected); });
  for_each_isa<double>([&](const auto& k, const std::string&) { CHECK(names(k) == expected); });
}

TEST_CASE_TEMPLATE("losses and their gradients agree with references and differences", T, float, double) {
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-8;
  for_each_isa<T>([&](const Kernels<T>& k, const std::string&) {
    for (const Case& c : cases()) {
      const auto& row = find(k.losses, k.loss_count, c.name);
      for (index rows : {1, 10, 19}) {
        for (index columns : {1, 2, 10, 13, 40}) {
          INFO(c.name, " of (", rows, ", ", columns, ")");
          Run<T> run(c, row.sparse, rows, columns);
          row.run(run.call());
          double worst = 0, worst_gradient = 0;
          for (index i = 0; i < rows; i++) {
            const Row y = run.target_row(i), p = run.prediction_row(i);
            const double exact = c.f(y, p), size = std::max(1.0, std::fabs(exact));
            worst = std::max(worst, std::fabs(exact - run.value[i]) / size);
            for (index j = 0; j < columns; j++) {
              const double h = 1e-5;
              Row up = p, down = p;
              up[j] += h;
              down[j] -= h;
              const double slope = (c.f(y, up) - c.f(y, down)) / (2 * h) * run.scale[i];
              const double difference =
                  std::fabs(slope - run.gradient[i * columns + j]) / std::max(1.0, std::fabs(slope));
              worst_gradient = std::max(worst_gradient, difference);
            }
          }
          CHECK(worst < tolerance);
          CHECK(worst_gradient < 3 * tolerance);
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("a loss: no gradient changes no value, and a row does not depend on its batch", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (const Case& c : cases()) {
      const auto& row = find(k.losses, k.loss_count, c.name);
      for (index columns : {1, 3, 12, 17, 33}) {
        INFO(c.name, " of ", columns, " columns");
        Run<T> run(c, row.sparse, 21, columns);
        row.run(run.call());
        const auto value = run.value, gradient = run.gradient;

        auto call = run.call();
        call.gradient = nullptr;
        call.scale = nullptr;
        row.run(call);
        CHECK(same_bits(run.value, value));

        T value_alone;
        std::vector<T> gradient_alone(columns);
        auto alone = run.call();
        alone.target += 18 * (row.sparse ? 1 : columns);
        alone.prediction += 18 * columns;
        alone.scale += 18;
        alone.value = &value_alone;
        alone.gradient = gradient_alone.data();
        alone.rows = 1;
        row.run(alone);
        CHECK(std::memcmp(&value_alone, &value[18], sizeof(T)) == 0);
        CHECK(std::memcmp(gradient_alone.data(), &gradient[18 * columns], columns * sizeof(T)) == 0);
      }
    }
  });
}

TEST_CASE_TEMPLATE("losses of logits give probabilities, also in place of the logits", T, float, double) {
  const double tolerance = 8 * std::numeric_limits<T>::epsilon();
  for_each_isa<T>([&](const Kernels<T>& k, const std::string&) {
    for (const Case& c : cases()) {
      const auto& row = find(k.losses, k.loss_count, c.name);
      if (!row.from_logits) continue;
      const bool binary = c.name.find("binary") == 0;
      for (index columns : {2, 10, 21}) {
        for (bool with_gradient : {true, false}) {
          INFO(c.name, " of ", columns, " columns");
          Run<T> run(c, row.sparse, 11, columns);
          row.run(run.call());
          const auto value = run.value, gradient = run.gradient, logits = run.prediction;
          auto call = run.call();
          call.probability = run.probability.data();
          if (!with_gradient) call.gradient = nullptr;
          row.run(call);
          CHECK(same_bits(run.value, value));
          for (index i = 0; i < 11; i++) {
            const Row x = run.prediction_row(i);
            for (index j = 0; j < columns; j++) {
              const double p = binary ? 1 / (1 + std::exp(-x[j])) : std::exp(x[j] - log_sum_exp(x));
              CHECK(std::fabs(p - run.probability[i * columns + j]) < tolerance);
            }
          }
          call.probability = run.prediction.data();
          row.run(call);
          CHECK(same_bits(run.prediction, run.probability));
          CHECK(same_bits(run.value, value));
          CHECK(same_bits(run.gradient, gradient));
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("losses of extreme predictions stay finite, and have no gradient where they clip", T, float,
                   double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    const auto run = [&](const char* name, std::vector<T> y, std::vector<T> p, index columns,
                         std::vector<T>& gradient) {
      const T one = 1, none[] = {0, 0, 0};
      T value = NAN;
      gradient.assign(columns, T(NAN));
      find(k.losses, k.loss_count, name)
          .run({y.data(), p.data(), &one, &value, gradient.data(), nullptr, 1, columns, none, nullptr});
      return double(value);
    };
    std::vector<T> g;
    CHECK(run("binary_crossentropy", {1}, {0}, 1, g) == doctest::Approx(-std::log(1e-7)));
    CHECK(g[0] == 0);
    CHECK(run("sparse_categorical_crossentropy", {0}, {0, 1}, 2, g) == doctest::Approx(-std::log(1e-7)));
    CHECK(g == std::vector<T>{0, 0});
    CHECK(run("sparse_categorical_crossentropy_from_logits", {0}, {T(-1e4), T(1e4)}, 2, g) == doctest::Approx(2e4));
    CHECK(g == std::vector<T>{-1, 1});
    CHECK(run("categorical_crossentropy_from_logits", {0, 1}, {T(-HUGE_VAL), 3}, 2, g) == 0);
    CHECK(g == std::vector<T>{0, 0});
    CHECK(run("binary_crossentropy_from_logits", {1}, {T(-1e4)}, 1, g) == doctest::Approx(1e4));
    CHECK(g[0] == -1);
    CHECK(run("kl_divergence", {0, 1}, {0, 2}, 2, g) == doctest::Approx(0));
    CHECK(g == std::vector<T>{0, 0});
    CHECK(run("cosine_similarity", {0, 0}, {0, 0}, 2, g) == 0);
    CHECK(std::isnan(run("mean_squared_error", {1, 2}, {T(NAN), 2}, 2, g)));
    CHECK(std::isnan(run("sparse_categorical_crossentropy_from_logits", {1}, {T(NAN), 2}, 2, g)));
  });
}

TEST_CASE_TEMPLATE("instruction sets with fused multiply-add agree on losses bit for bit", T, float, double) {
  for (const Case& c : cases()) {
    for (index columns : {1, 5, 12, 13, 40, 100}) {
      std::vector<T> value, gradient;
      for_each_isa<T>([&](const Kernels<T>& k, const std::string& isa) {
        if (isa == "baseline") return;
        const auto& row = find(k.losses, k.loss_count, c.name);
        Run<T> run(c, row.sparse, 9, columns);
        row.run(run.call());
        if (value.empty()) {
          value = run.value;
          gradient = run.gradient;
        }
        INFO(c.name, " of ", columns, " columns");
        CHECK(same_bits(run.value, value));
        CHECK(same_bits(run.gradient, gradient));
      });
    }
  }
}

}  // namespace testing
