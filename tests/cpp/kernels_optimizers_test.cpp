// Optimizer steps against Keras 3's formulas in long double, five steps in a row.
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
          const auto g = random_vector<T>(kSize, unsigned(t), -2. / (t * t), 2. / (t * t));
          AdamStep step{0.01, 0.6, 0.7, 1e-7, 0.01 * weight_decay};
          step.rate *= std::sqrt(1 - std::pow(0.7, t)) / (1 - std::pow(0.6, t));
          if (amsgrad) {
            k.amsgrad(w.data(), m.data(), v.data(), v_max.data(), g.data(), kSize, step);
          } else {
            k.adam(w.data(), m.data(), v.data(), g.data(), kSize, step);
          }
          for (index i = 0; i < kSize; i++) {
            W[i] -= step.decay * W[i];
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
        const SgdStep step{0.1, momentum, 0.003, nesterov};
        for (int t = 1; t <= 5; t++) {
          const auto g = random_vector<T>(kSize, unsigned(t));
          if (momentum > 0) {
            k.momentum(w.data(), velocity.data(), g.data(), kSize, step);
          } else {
            k.sgd(w.data(), g.data(), kSize, step);
          }
          for (index i = 0; i < kSize; i++) {
            W[i] -= step.decay * W[i];
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

TEST_CASE_TEMPLATE("an optimizer step is the same in parts, and at any alignment", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    const auto g = random_vector<T>(kSize, 3);
    const AdamStep step{0.01, 0.9, 0.999, 1e-7, 0.001};
    auto w = random_vector<T>(kSize, 1), w_parts = w;
    std::vector<T> m(kSize), v(kSize), m_parts(kSize), v_parts(kSize);
    k.adam(w.data(), m.data(), v.data(), g.data(), kSize, step);
    for (index i = 0; i < kSize;) {
      const index n = std::min<index>(1 + i % 5, kSize - i);
      k.adam(&w_parts[i], &m_parts[i], &v_parts[i], &g[i], n, step);
      i += n;
    }
    CHECK(same_bits(w, w_parts));
    CHECK(same_bits(m, m_parts));
    CHECK(same_bits(v, v_parts));
  });
}

}  // namespace testing
