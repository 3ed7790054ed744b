// Reductions, the plain elementwise kernels, and the choice of an instruction set.
#include <algorithm>
#include <limits>

#include "testing.hpp"

namespace testing {

TEST_CASE_TEMPLATE("column sums run from the first row to the last", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index rows : {0, 1, 7, 33}) {
      for (index columns : {1, 3, 16, 40, 70, 150}) {
        const index stride = columns + 5;
        const auto x = random_vector<T>(rows * stride, 1);
        std::vector<T> y(columns + 1, T(42)), expected(columns + 1, T(0));
        k.column_sum(x.data(), rows, columns, stride, y.data());
        for (index i = 0; i < rows; i++) {
          for (index j = 0; j < columns; j++) expected[j] += x[i * stride + j];
        }
        expected[columns] = T(42);
        INFO("(", rows, ", ", columns, ")");
        CHECK(same_bits(y, expected));
      }
    }
  });
}

TEST_CASE_TEMPLATE("sums are in double, and the same for every instruction set", T, float, double) {
  for (index n : {0, 1, 5, 16, 33, 1000, 100003}) {
    std::vector<double> sums;
    const auto x = random_vector<T>(n, 2, 0, 1);
    long double exact = 0, squares = 0;
    for (T v : x) {
      exact += v;
      squares += static_cast<long double>(v) * v;
    }
    for_each_isa<T>([&](const Kernels<T>& k, const std::string&) {
      CHECK(k.sum(x.data(), n) == doctest::Approx(double(exact)).epsilon(1e-12));
      CHECK(k.sum_of_squares(x.data(), n) == doctest::Approx(double(squares)).epsilon(1e-12));
      sums.push_back(k.sum(x.data(), n));
      CHECK(sums.back() == sums.front());
    });
  }
}

TEST_CASE_TEMPLATE("products and squares of rows that stand apart", T, float, double) {
  static constexpr double kClose = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index n : {1, 3, 15, 16, 17, 31, 100, 300}) {
      for (index rows : {0, 1, 7}) {
        const index stride = n + 5;
        auto x = random_vector<T>(rows * stride, 3);
        const auto q = random_vector<T>(n, 4);
        for (index i = 0; i < rows; i++) std::fill_n(x.data() + i * stride + n, stride - n, T(NAN));
        std::vector<T> dot(rows + 1, T(42)), squares(rows + 1, T(42));
        k.row_products(x.data(), rows, stride, n, q.data(), dot.data(), squares.data());
        INFO("(", rows, ", ", n, ")");
        for (index i = 0; i < rows; i++) {
          double product = 0, square = 0;
          for (index j = 0; j < n; j++) {
            product += double(x[i * stride + j]) * double(q[j]);
            square += double(x[i * stride + j]) * double(x[i * stride + j]);
          }
          CHECK(std::fabs(double(dot[i]) - product) < kClose);
          CHECK(double(squares[i]) == doctest::Approx(square).epsilon(kClose));
        }
        CHECK(dot[rows] == T(42));
        CHECK(squares[rows] == T(42));
      }
    }
  });
}

TEST_CASE_TEMPLATE("inverse roots", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index n : {1, 7, 16, 45}) {
      std::vector<T> x(n), y(n + 1, T(42));
      for (index i = 0; i < n; i++) x[i] = std::ldexp(T(i + 1), static_cast<int>(4 * i) - 60);
      k.inverse_roots(x.data(), y.data(), n);
      for (index i = 0; i < n; i++) CHECK(y[i] == T(1) / std::sqrt(x[i]));
      CHECK(y[n] == T(42));
    }
  });
}

TEST_CASE_TEMPLATE("all_finite finds one bad element anywhere", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    std::vector<T> x(45, std::numeric_limits<T>::max());
    CHECK(k.all_finite(x.data(), 45));
    CHECK(k.all_finite(x.data(), 0));
    for (index i = 0; i < 45; i++) {
      for (T bad : {T(NAN), T(HUGE_VAL), T(-HUGE_VAL)}) {
        x[i] = bad;
        CHECK(!k.all_finite(x.data(), 45));
        CHECK(k.all_finite(x.data(), i));
      }
      x[i] = 0;
    }
  });
}

TEST_CASE_TEMPLATE("elementwise kernels at every length, in place too", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index n = 0; n <= 40; n++) {
      const auto a = random_vector<T>(n, 1), b = random_vector<T>(n, 2);
      const auto check = [&](auto kernel, auto expected) {
        std::vector<T> y(n + 1, T(42)), in_place = a;
        in_place.push_back(T(42));
        kernel(a.data(), y.data());
        kernel(in_place.data(), in_place.data());
        for (index i = 0; i < n; i++) {
          CHECK(y[i] == doctest::Approx(double(expected(a[i], b[i]))).epsilon(4 * std::numeric_limits<T>::epsilon()));
        }
        CHECK(y[n] == T(42));
        CHECK(same_bits(y, in_place));
      };
      check([&](const T*, T* y) { k.fill(y, T(3), n); }, [](T, T) { return T(3); });
      check([&](const T* x, T* y) { k.add(x, b.data(), y, n); }, [](T x, T z) { return x + z; });
      check([&](const T* x, T* y) { k.multiply(x, b.data(), y, n); }, [](T x, T z) { return x * z; });
      check([&](const T* x, T* y) { k.scale(x, T(0.3), y, n); }, [](T x, T) { return T(0.3) * x; });
      check([&](const T* x, T* y) { k.clip(x, T(-0.2), T(0.4), y, n); },
            [](T x, T) { return x < T(-0.2)  ? T(-0.2)
                                : x > T(0.4) ? T(0.4)
                                             : x; });
      auto y = b;
      k.axpy(T(0.3), a.data(), y.data(), n);
      for (index i = 0; i < n; i++) CHECK(std::fabs(y[i] - (b[i] + T(0.3) * a[i])) < 1e-6);
    }
    T nan = NAN;
    k.clip(&nan, T(0), T(1), &nan, 1);
    CHECK(std::isnan(nan));
  });
}

TEST_CASE("an instruction set is chosen by name; one that cannot run is refused") {
  const std::string best = active().isa;
  for (auto t = available(); *t; t++) {
    CHECK(select((*t)->isa));
    CHECK(std::string(active().isa) == (*t)->isa);
    CHECK(&table<float>() == &(*t)->f32);
  }
  CHECK(!select("no such thing"));
  CHECK(std::string(active().isa) == "baseline");
  CHECK(select(best.c_str()));
}

}  // namespace testing
