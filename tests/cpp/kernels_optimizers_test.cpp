// Optimizer steps against Keras 3's formulas in long double, five steps in a row.
#include <functional>
#include <limits>

#include "testing.hpp"

namespace testing {
namespace {

using Real = long double;

constexpr index kSize = 77;

template <class T>
std::vector<Real> widen(const std::vector<T>& x) {
  return std::vector<Real>(x.begin(), x.end());
}

template <class T>
void check_close(const std::vector<T>& x, const std::vector<Real>& exact, double ulps) {
  for (std::size_t i = 0; i < x.size(); i++) {
    INFO("element ", i);
    CHECK(std::fabs(x[i] - exact[i]) <=
          ulps * std::numeric_limits<T>::epsilon() * std::max<Real>(std::fabs(exact[i]), 0.1));
  }
}

}  // namespace

TEST_CASE_TEMPLATE("adam and amsgrad follow their formulas", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (bool amsgrad : {false, true}) {
      for (double weight_decay : {0.0, 0.01}) {
        auto w = random_vector<T>(kSize, 1);
        std::vector<T> m(kSize), v(kSize), v_max(kSize);
        auto W = widen(w), M = widen(m), V = widen(v), V_max = widen(v_max);
        for (int t = 1; t <= 5; t++) {
          // The gradient shrinks, so that v_max differs from v.
          auto g = random_vector<T>(kSize, unsigned(t), -2. / (t * t), 2. / (t * t));
          AdamStep step{0.01, 0.6, 0.7, 1e-7, amsgrad};
          step.rate *= std::sqrt(1 - std::pow(0.7, t)) / (1 - std::pow(0.6, t));
          const double decay = 0.01 * weight_decay;
          k.adam({w.data(), {m.data(), v.data(), v_max.data()}, g.data(), kSize, decay}, step);
          for (index i = 0; i < kSize; i++) {
            W[i] -= decay * W[i];
            M[i] += (g[i] - M[i]) * (1 - step.beta_1);
            V[i] += (Real(g[i]) * g[i] - V[i]) * (1 - step.beta_2);
            V_max[i] = std::max(V_max[i], V[i]);
            W[i] -= M[i] * step.rate / (std::sqrt(amsgrad ? V_max[i] : V[i]) + step.epsilon);
          }
        }
        INFO("amsgrad ", amsgrad, ", decay ", weight_decay);
        check_close(w, W, 20);
        check_close(m, M, 20);
        check_close(v, V, 20);
        if (amsgrad) check_close(v_max, V_max, 20);
      }
    }
  });
}

TEST_CASE_TEMPLATE("sgd and momentum follow their formulas", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (double momentum : {0.0, 0.9}) {
      for (bool nesterov : {false, true}) {
        auto w = random_vector<T>(kSize, 1);
        std::vector<T> velocity(kSize);
        auto W = widen(w), Velocity = widen(velocity);
        const SgdStep step{0.1, momentum, nesterov};
        const double decay = 0.003;
        for (int t = 1; t <= 5; t++) {
          auto g = random_vector<T>(kSize, unsigned(t));
          k.sgd({w.data(), {velocity.data()}, g.data(), kSize, decay}, step);
          for (index i = 0; i < kSize; i++) {
            W[i] -= decay * W[i];
            Velocity[i] = momentum * Velocity[i] - step.rate * g[i];
            W[i] += nesterov && momentum > 0 ? momentum * Velocity[i] - step.rate * g[i] : Velocity[i];
          }
        }
        INFO("momentum ", momentum, ", nesterov ", nesterov);
        check_close(w, W, 20);
        if (momentum > 0) check_close(velocity, Velocity, 20);
      }
    }
  });
}

namespace {

// Every elementwise optimizer, with each of its options.
template <class T>
std::vector<std::function<void(const Kernels<T>&, const Update<T>&)>> steps() {
  return {
      [](const Kernels<T>& k, const Update<T>& u) { k.adam(u, {0.01, 0.9, 0.999, 1e-7, false}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.adam(u, {0.01, 0.9, 0.999, 1e-7, true}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.adamax(u, {0.01, 0.9, 0.999, 1e-7, false}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.nadam(u, {0.9, 0.999, 1e-7, 0.01, 0.02, 1.1}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.lamb(u, {0.9, 0.999, 1e-7, 1.2, 1.1}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.sgd(u, {0.01, 0, false}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.sgd(u, {0.01, 0.9, true}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.rmsprop(u, {0.01, 0.9, 0, 1e-7, false}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.rmsprop(u, {0.01, 0.9, 0.5, 1e-7, true}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.adagrad(u, {0.01, 1e-7}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.adadelta(u, {0.01, 0.9, 1e-7}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.ftrl(u, {0.01, 0.5, 0.1, 0.1, 0.1}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.ftrl(u, {0.01, 0.7, 0.1, 0.1, 0.1}); },
      [](const Kernels<T>& k, const Update<T>& u) { k.lion(u, {0.01, 0.9, 0.99}); },
  };
}

// Parameter, state and gradient after a step in pieces of the given sizes, one after the other.
template <class T, class Step>
std::vector<T> after(const Kernels<T>& k, const Step& step, std::vector<index> pieces) {
  std::vector<std::vector<T>> arrays;
  for (unsigned a = 0; a < 5; a++) arrays.push_back(random_vector<T>(kSize, a, a ? 0.1 : -1, 1));
  std::size_t next = 0;
  for (index i = 0; i < kSize;) {
    const index n = std::min(pieces[next++ % pieces.size()], kSize - i);
    step(k, {&arrays[0][i], {&arrays[1][i], &arrays[2][i], &arrays[3][i]}, &arrays[4][i], n, 0.001});
    i += n;
  }
  std::vector<T> all;
  for (const auto& array : arrays) all.insert(all.end(), array.begin(), array.end());
  return all;
}

}  // namespace

TEST_CASE_TEMPLATE("an optimizer step is the same in parts, and at any alignment", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (const auto& step : steps<T>()) {
      const auto whole = after(k, step, {kSize});
      CHECK(same_bits(whole, after(k, step, {1, 2, 3, 4, 5})));
      CHECK(same_bits(whole, after(k, step, {3, 33})));
      for (T value : whole) CHECK(std::isfinite(value));
    }
  });
}

}  // namespace testing
