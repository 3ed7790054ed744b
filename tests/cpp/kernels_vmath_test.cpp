// The elementary functions, through the activations that are nothing else, against long double.
#include <limits>

#include "testing.hpp"

namespace testing {
namespace {

using Real = long double;

struct Function {
  std::string name;
  Real (*exact)(Real x);
};

Real softplus(Real x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

const Function kFunctions[] = {
    {"exponential", [](Real x) { return std::exp(x); }},
    {"tanh", [](Real x) { return std::tanh(x); }},
    {"sigmoid", [](Real x) { return 1 / (1 + std::exp(-x)); }},
    {"softplus", softplus},  // exp and log1p
    {"log_sigmoid", [](Real x) { return -softplus(-x); }},
    {"elu", [](Real x) { return x > 0 ? x : std::expm1(x); }},  // expm1 of negative numbers
};

const Function kOperations[] = {
    {"exp", [](Real x) { return std::exp(x); }}, {"expm1", [](Real x) { return std::expm1(x); }},
    {"log", [](Real x) { return std::log(x); }}, {"log1p", [](Real x) { return std::log1p(x); }},
    {"erf", [](Real x) { return std::erf(x); }},
};

/// |y - exact| in units of the last place of the exact value; the smallest unit is that of the subnormal numbers.
template <class T>
double ulps(T y, Real exact) {
  const T rounded = static_cast<T>(exact);
  if (y == rounded || (std::isnan(y) && std::isnan(rounded))) return 0;
  if (!std::isfinite(rounded) || !std::isfinite(y)) return HUGE_VAL;
  const Real unit = Real(std::nextafter(std::fabs(rounded), T(HUGE_VAL))) - std::fabs(rounded);
  return double(std::fabs(y - exact) / unit);
}

/// Every 4001st float; in double, both signs of 2^-60 .. 2^11 and the special values.
std::vector<float> arguments(float) {
  std::vector<float> x;
  for (std::uint64_t bits = 0; bits < (std::uint64_t(1) << 32); bits += 4001) {
    const std::uint32_t low = std::uint32_t(bits);
    float v;
    std::memcpy(&v, &low, sizeof v);
    x.push_back(v);
  }
  return x;
}
std::vector<double> arguments(double) {
  std::vector<double> x;
  for (double e = -60; e < 11; e += 0.0007) x.insert(x.end(), {std::exp2(e), -std::exp2(e)});
  for (double v : {0.0, 1e-320, 1e-308, 708.3, 709.78, 709.79, 745.1, 745.2, 1e300, HUGE_VAL, double(NAN)}) {
    x.insert(x.end(), {v, -v});
  }
  return x;
}

template <class T>
void check_within_2_ulps(const Function& f, const std::vector<T>& x, const std::vector<T>& y) {
  double worst = 0;
  T at = 0;
  for (std::size_t i = 0; i < x.size(); i++) {
    const double error = ulps(y[i], f.exact(x[i]));
    if (!(error <= worst)) {
      worst = error;
      at = x[i];
    }
  }
  INFO(f.name, " at ", double(at));
  CHECK(worst <= 2);
}

}  // namespace

TEST_CASE_TEMPLATE("elementary functions are within 2 ULP over the whole range", T, float, double) {
  const auto x = arguments(T());
  for_each_isa<T>([&](const Kernels<T>& k, const std::string&) {
    for (const Function& f : kFunctions) {
      const auto& row = find(k.activations, k.activation_count, f.name);
      std::vector<T> y(x.size());
      row.forward(x.data(), y.data(), index(x.size()), defaults<T>(row).data());
      check_within_2_ulps(f, x, y);
    }
  });
}

TEST_CASE_TEMPLATE("elementary operations are within 2 ULP over the whole range", T, float, double) {
  const auto x = arguments(T());
  for_each_isa<T>([&](const Kernels<T>& k, const std::string&) {
    for (const Function& f : kOperations) {
      std::vector<T> y(x.size());
      find(k.primitives, k.primitive_count, f.name).forward(x.data(), 1, nullptr, 0, y.data(), index(x.size()));
      check_within_2_ulps(f, x, y);
    }
  });
}

TEST_CASE_TEMPLATE("functions through zero keep its sign", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (const std::string name : {"tanh", "elu", "softsign", "hard_tanh", "linear", "gelu", "silu", "selu", "celu"}) {
      const auto& row = find(k.activations, k.activation_count, name);
      const T x[] = {T(-0.0), T(0)};
      T y[2];
      row.forward(x, y, 2, defaults<T>(row).data());
      INFO(name);
      CHECK((y[0] == 0 && std::signbit(y[0])));
      CHECK((y[1] == 0 && !std::signbit(y[1])));
    }
  });
}

TEST_CASE_TEMPLATE("logarithms of almost 0, of a negative number and of a huge one", T, float, double) {
  // Seen through the loss p - y log(p + 1e-7).
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    const auto& loss = find(k.losses, k.loss_count, "poisson");
    const std::vector<T> p = {0, -1, T(1e30), T(1), T(-1e-7)}, y(5, T(1));
    std::vector<T> value(5);
    const LossCall<T> call = {y.data(), p.data(), nullptr, value.data(), nullptr, nullptr, 5, 1, nullptr, nullptr};
    loss.run(call);
    CHECK(value[0] == doctest::Approx(-std::log(1e-7)));
    CHECK(std::isnan(value[1]));
    CHECK(value[2] == T(T(1e30) - std::log(T(1e30))));
    CHECK(value[3] == doctest::Approx(1 - std::log1p(1e-7)));
    CHECK((std::isinf(value[4]) || value[4] > 30));
  });
}

}  // namespace testing
