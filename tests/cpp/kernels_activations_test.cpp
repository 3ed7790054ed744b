// Every activation against a reference in long double that is written from its definition, and its derivative against
// differences of that reference.
#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "testing.hpp"

namespace testing {
namespace {

using Real = long double;
using Reference = std::function<Real(Real)>;

Real normal_cdf(Real x) { return std::erfc(-x / std::sqrt(Real(2))) / 2; }
Real clamp(Real x, Real low, Real high) { return x < low ? low : x > high ? high : x; }
Real sigmoid(Real x) { return 1 / (1 + std::exp(-x)); }
Real softplus(Real x) { return std::log1p(std::exp(-std::fabs(x))) + std::max(x, Real(0)); }
Real elu(Real x, Real a) { return x > 0 ? x : a * std::expm1(x); }

struct Case {
  std::string name;
  std::vector<double> parameters;
  Reference f;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {"celu", {1}, [](Real x) { return elu(x, 1); }},
      {"celu", {2.5}, [](Real x) { return x > 0 ? x : 2.5L * std::expm1(x / 2.5L); }},
      {"elu", {1}, [](Real x) { return elu(x, 1); }},
      {"elu", {0.3}, [](Real x) { return elu(x, Real(0.3)); }},
      {"exponential", {}, [](Real x) { return std::exp(x); }},
      {"gelu", {0}, [](Real x) { return x * normal_cdf(x); }},
      {"gelu",
       {1},
       [](Real x) {
         const Real c = std::sqrt(2 / std::acos(Real(-1)));
         return x / 2 * (1 + std::tanh(c * (x + 0.044715L * x * x * x)));
       }},
      {"hard_shrink", {0.5}, [](Real x) { return std::fabs(x) > 0.5 ? x : 0; }},
      {"hard_sigmoid", {}, [](Real x) { return clamp(x + 3, 0, 6) / 6; }},
      {"hard_silu", {}, [](Real x) { return x * clamp(x + 3, 0, 6) / 6; }},
      {"hard_tanh", {}, [](Real x) { return clamp(x, -1, 1); }},
      {"leaky_relu", {0.2}, [](Real x) { return x > 0 ? x : Real(0.2) * x; }},
      {"linear", {}, [](Real x) { return x; }},
      {"log_sigmoid", {}, [](Real x) { return -softplus(-x); }},
      {"mish", {}, [](Real x) { return x * std::tanh(softplus(x)); }},
      {"relu", {0, HUGE_VAL, 0}, [](Real x) { return x > 0 ? x : 0; }},
      {"relu", {0.1, 2, 0.5}, [](Real x) { return x > 2     ? 2
                                                  : x > 0.5 ? x
                                                            : Real(0.1) * (x - 0.5); }},
      {"relu6", {}, [](Real x) { return clamp(x, 0, 6); }},
      {"selu", {}, [](Real x) { return 1.05070098735548049342L * elu(x, 1.67326324235437728482L); }},
      {"sigmoid", {}, sigmoid},
      {"silu", {}, [](Real x) { return x * sigmoid(x); }},
      {"soft_shrink", {0.5}, [](Real x) { return x > 0.5    ? x - 0.5
                                                 : x < -0.5 ? x + 0.5
                                                            : 0; }},
      {"softplus", {}, softplus},
      {"softsign", {}, [](Real x) { return x / (1 + std::fabs(x)); }},
      {"sparse_plus", {}, [](Real x) { return x <= -1  ? 0
                                              : x >= 1 ? x
                                                       : (x + 1) * (x + 1) / 4; }},
      {"sparse_sigmoid", {}, [](Real x) { return clamp((x + 1) / 2, 0, 1); }},
      {"squareplus", {4}, [](Real x) { return (x + std::sqrt(x * x + 4)) / 2; }},
      {"tanh", {}, [](Real x) { return std::tanh(x); }},
      {"tanh_shrink", {}, [](Real x) { return x - std::tanh(x); }},
      {"threshold", {0.7, -2}, [](Real x) { return x > Real(0.7) ? x : -2; }},
  };
  return list;
}

template <class T>
std::vector<T> parameters(const Case& c) {
  return std::vector<T>(c.parameters.begin(), c.parameters.end());
}

/// Arguments away from the kinks of any of the functions, which are multiples of 0.1.
template <class T>
std::vector<T> arguments() {
  std::vector<T> x;
  for (int i = -1203; i <= 1203; i++) x.push_back(T(i * 0.01 + 0.0031));
  for (double v : {-60., -17.3, 17.3, 60.}) x.push_back(T(v));
  return x;
}

}  // namespace

TEST_CASE("every activation has a case here, and is there in every instruction set in both precisions") {
  std::set<std::string> expected;
  for (const Case& c : cases()) expected.insert(c.name);
  const auto names = [](const auto& kernels) {
    std::set<std::string> found;
    for (index i = 0; i < kernels.activation_count; i++) found.insert(kernels.activations[i].name);
    return found;
  };
  for_each_isa<float>([&](const auto& k, const std::string&) { CHECK(names(k) == expected); });
  for_each_isa<double>([&](const auto& k, const std::string&) { CHECK(names(k) == expected); });
}

TEST_CASE_TEMPLATE("activations follow their definitions", T, float, double) {
  const auto x = arguments<T>();
  const double eps = std::numeric_limits<T>::epsilon();
  for_each_isa<T>([&](const Kernels<T>& k, const std::string&) {
    for (const Case& c : cases()) {
      const auto& row = find(k.activations, k.activation_count, c.name);
      std::vector<T> y(x.size());
      row.forward(x.data(), y.data(), index(x.size()), parameters<T>(c).data());
      INFO(c.name);
      for (std::size_t i = 0; i < x.size(); i++) {
        INFO("x = ", double(x[i]));
        const Real exact = c.f(x[i]);
        // Differences such as x - tanh(x) are as good as their terms.
        CHECK(std::fabs(y[i] - exact) <= 4 * eps * std::max<Real>(std::fabs(exact), std::min(std::fabs(x[i]), T(4))));
      }
    }
  });
}

TEST_CASE_TEMPLATE("derivatives of activations agree with differences", T, float, double) {
  const auto x = arguments<T>();
  const double tolerance = std::is_same_v<T, float> ? 3e-6 : 2e-9;
  for_each_isa<T>([&](const Kernels<T>& k, const std::string&) {
    for (const Case& c : cases()) {
      const auto& row = find(k.activations, k.activation_count, c.name);
      const index n = index(x.size());
      const auto p = parameters<T>(c);
      const auto dy = random_vector<T>(n, 1);
      std::vector<T> y(n), dx(n);
      row.forward(x.data(), y.data(), n, p.data());
      row.backward(row.from_output ? y.data() : x.data(), dy.data(), dx.data(), n, p.data());
      INFO(c.name);
      for (index i = 0; i < n; i++) {
        INFO("x = ", double(x[i]));
        const Real h = 1e-5, slope = (c.f(x[i] + h) - c.f(x[i] - h)) / (2 * h);
        CHECK(std::fabs(dx[i] - dy[i] * slope) <= tolerance * std::max<Real>(1, std::fabs(slope)));
      }
    }
  });
}

TEST_CASE_TEMPLATE("an activation does not depend on where an element lies, and may be in place", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    const auto x = random_vector<T>(67, 2, -6, 6), dy = random_vector<T>(67, 3);
    for (index r = 0; r < k.activation_count; r++) {
      const auto& row = k.activations[r];
      const auto p = defaults<T>(row);
      INFO(std::string(row.name));
      std::vector<T> y(67), dx(67);
      row.forward(x.data(), y.data(), 67, p.data());
      const auto& xy = row.from_output ? y : x;
      row.backward(xy.data(), dy.data(), dx.data(), 67, p.data());
      for (index i = 0; i < 67; i++) {
        T one, done;
        row.forward(&x[i], &one, 1, p.data());
        row.backward(&xy[i], &dy[i], &done, 1, p.data());
        CHECK(std::memcmp(&one, &y[i], sizeof one) == 0);
        CHECK(std::memcmp(&done, &dx[i], sizeof done) == 0);
      }
      auto in_place = x, dx_in_place = dy;
      row.forward(in_place.data(), in_place.data(), 67, p.data());
      row.backward(xy.data(), dx_in_place.data(), dx_in_place.data(), 67, p.data());
      CHECK(same_bits(in_place, y));
      CHECK(same_bits(dx_in_place, dx));
    }
  });
}

TEST_CASE_TEMPLATE("activations: NaN stays NaN, and nothing beyond n is written", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index r = 0; r < k.activation_count; r++) {
      const auto& row = k.activations[r];
      const auto p = defaults<T>(row);
      INFO(std::string(row.name));
      for (index n = 0; n <= 35; n++) {
        std::vector<T> x(n, T(NAN)), y(n + 1, T(42));
        row.forward(x.data(), y.data(), n, p.data());
        CHECK(std::all_of(y.begin(), y.end() - 1, [](T v) { return std::isnan(v); }));
        CHECK(y[n] == T(42));
      }
    }
  });
}

TEST_CASE_TEMPLATE("the derivative of relu at 0 is 0", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    const auto& row = find(k.activations, k.activation_count, "relu");
    const T x[] = {0, T(-HUGE_VAL)}, dy[] = {3, 3};
    T y[2], dx[2];
    row.forward(x, y, 2, defaults<T>(row).data());
    row.backward(y, dy, dx, 2, defaults<T>(row).data());
    CHECK((y[0] == 0 && y[1] == 0 && dx[0] == 0 && dx[1] == 0));
  });
}

namespace {

using Line = std::vector<double>;

Line softmax(const Line& x) {
  const double largest = *std::max_element(x.begin(), x.end());
  Line y;
  double total = 0;
  for (double v : x) y.push_back(std::exp(v - largest));
  for (double v : y) total += v;
  for (double& v : y) v /= total;
  return y;
}

Line log_softmax(const Line& x) {
  Line y = softmax(x);
  for (double& v : y) v = std::log(v);
  return y;
}

// By sorting, as in the paper.
Line sparsemax(const Line& x) {
  Line z = x;
  std::sort(z.begin(), z.end(), std::greater<double>());
  double total = 0, tau = 0;
  for (std::size_t i = 0; i < z.size(); i++) {
    total += z[i];
    if (1 + double(i + 1) * z[i] > total) tau = (total - 1) / double(i + 1);
  }
  Line y;
  for (double v : x) y.push_back(std::max(v - tau, 0.0));
  return y;
}

Line glu(const Line& x) {
  Line y;
  for (std::size_t i = 0; i < x.size() / 2; i++) y.push_back(x[i] / (1 + std::exp(-x[i + x.size() / 2])));
  return y;
}

const std::map<std::string, Line (*)(const Line&)> kAxis = {
    {"softmax", softmax}, {"log_softmax", log_softmax}, {"sparsemax", sparsemax}, {"glu", glu}};

struct Shape {
  index outer, n, inner;
};
const Shape kShapes[] = {{1, 2, 1},  {10, 2, 1},  {37, 10, 1}, {5, 12, 1},
                         {3, 14, 1}, {7, 100, 1}, {4, 6, 5},   {2, 40, 33}};

}  // namespace

TEST_CASE_TEMPLATE("activations along an axis agree with references, their gradients with differences", T, float,
                   double) {
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-7;
  for_each_isa<T>([&](const Kernels<T>& k, const std::string&) {
    CHECK(k.axis_activation_count == index(kAxis.size()));
    for (index r = 0; r < k.axis_activation_count; r++) {
      const auto& row = k.axis_activations[r];
      const auto reference = kAxis.at(row.name);
      for (const Shape& s : kShapes) {
        INFO(std::string(row.name), " of (", s.outer, ", ", s.n, ", ", s.inner, ")");
        const index out = row.halves ? s.n / 2 : s.n;
        const auto x = random_vector<T>(s.outer * s.n * s.inner, 6, -3, 3);
        const auto dy = random_vector<T>(s.outer * out * s.inner, 7);
        std::vector<T> y(dy.size()), dx(x.size());
        row.forward(x.data(), y.data(), s.outer, s.n, s.inner);
        row.backward(row.from_output ? y.data() : x.data(), dy.data(), dx.data(), s.outer, s.n, s.inner);
        double worst = 0, worst_gradient = 0;
        for (index o = 0; o < s.outer; o++) {
          for (index i = 0; i < s.inner; i++) {
            Line line, dline;
            for (index q = 0; q < s.n; q++) line.push_back(x[(o * s.n + q) * s.inner + i]);
            for (index q = 0; q < out; q++) dline.push_back(dy[(o * out + q) * s.inner + i]);
            const Line exact = reference(line);
            for (index q = 0; q < out; q++) {
              worst = std::max(worst, std::fabs(exact[q] - y[(o * out + q) * s.inner + i]));
            }
            for (index q = 0; q < s.n; q++) {
              const double h = 1e-5;
              Line up = line, down = line;
              up[q] += h;
              down[q] -= h;
              const Line y_up = reference(up), y_down = reference(down);
              double slope = 0;
              for (index j = 0; j < out; j++) slope += dline[j] * (y_up[j] - y_down[j]) / (2 * h);
              worst_gradient = std::max(worst_gradient, std::fabs(slope - dx[(o * s.n + q) * s.inner + i]));
            }
          }
        }
        CHECK(worst < tolerance);
        CHECK(worst_gradient < 4 * tolerance);
      }
    }
  });
}

TEST_CASE_TEMPLATE("a row of an axis activation has the same bits alone and in a batch", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index r = 0; r < k.axis_activation_count; r++) {
      const auto& row = k.axis_activations[r];
      for (index n : {2, 10, 12, 14, 50}) {
        const index out = row.halves ? n / 2 : n;
        const auto x = random_vector<T>(33 * n, 8, -5, 5);
        std::vector<T> y(33 * out), alone(out);
        row.forward(x.data(), y.data(), 33, n, 1);
        row.forward(x.data() + 17 * n, alone.data(), 1, n, 1);
        INFO(std::string(row.name), " of ", n);
        CHECK(same_bits(alone, std::vector<T>(y.begin() + 17 * out, y.begin() + 18 * out)));
      }
    }
  });
}

TEST_CASE_TEMPLATE("softmax of large numbers is finite, of NaN is NaN", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    const auto& row = find(k.axis_activations, k.axis_activation_count, "softmax");
    for (index n : {3, 40}) {
      std::vector<T> x(n, T(1e30)), y(n);
      row.forward(x.data(), y.data(), 1, n, 1);
      for (T v : y) CHECK(v == T(1) / T(n));
      x[1] = NAN;
      row.forward(x.data(), y.data(), 1, n, 1);
      for (T v : y) CHECK(std::isnan(v));
    }
  });
}

}  // namespace testing
