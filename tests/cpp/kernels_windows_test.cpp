// Windows: pooling and sums of weighted places, on channels that fill vectors and that do not, and copies of rows.
#include <algorithm>
#include <limits>

#include "testing.hpp"

namespace testing {

namespace {

constexpr index kCount = 5, kTaps = 6, kStep = 2;  // windows of 6 pixels, 2 pixels apart: they overlap

template <class T>
struct Line {
  index C;
  std::vector<index> place, weight_place;
  std::vector<T> x, dy, weight;
  std::vector<T> y;

  explicit Line(index C) : C(C), y(kCount * C, T(7)) {
    for (index t = 0; t < kTaps; t++) {
      place.push_back(t * C);
      weight_place.push_back((kTaps - 1 - t) * C);
    }
    x = random_vector<T>(((kCount - 1) * kStep + kTaps) * C, 1);
    dy = random_vector<T>(kCount * C, 2);
    weight = random_vector<T>(kTaps * C, 3);
  }

  Windows<T> windows() {
    Windows<T> w{};
    w.x = x.data();
    w.x_step = kStep * C;
    w.y = y.data();
    w.y_step = w.C = C;
    w.place = place.data();
    w.weight_place = weight_place.data();
    w.taps = kTaps;
    w.count = kCount;
    return w;
  }

  // Calls body(window, channel, place, index of x).
  template <class F>
  void each(F body) const {
    for (index p = 0; p < kCount; p++)
      for (index c = 0; c < C; c++)
        for (index t = 0; t < kTaps; t++) body(p, c, t, p * kStep * C + c + place[t]);
  }
};

constexpr index kChannels[] = {1, 3, 4, 16, 21, 64, 70};

template <class T>
void check_close(const std::vector<T>& found, const std::vector<double>& expected) {
  for (std::size_t i = 0; i < found.size(); i++)
    CHECK(double(found[i]) == doctest::Approx(expected[i]).epsilon(std::is_same_v<T, float> ? 1e-5 : 1e-12));
}

}  // namespace

TEST_CASE_TEMPLATE("the greatest of a window, and its gradient at the first place that holds it", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index C : kChannels) {
      Line<T> line(C);
      for (index c = 0; c < C; c++) line.x[3 * C + c] = line.x[4 * C + c] = 2;  // equal, and in several windows
      k.window_max(line.windows());
      std::vector<T> greatest(kCount * C, -std::numeric_limits<T>::infinity());
      line.each(
          [&](index p, index c, index, index i) { greatest[p * C + c] = std::max(greatest[p * C + c], line.x[i]); });
      CHECK(same_bits(line.y, greatest));
      std::vector<T> dx(line.x.size(), T(0));
      std::vector<double> expected(line.x.size());
      std::vector<bool> done(kCount * C);
      line.each([&](index p, index c, index, index i) {
        if (done[p * C + c] || line.x[i] != greatest[p * C + c]) return;
        done[p * C + c] = true;
        expected[i] += double(line.dy[p * C + c]);
      });
      k.window_max_backward(line.windows(), line.dy.data(), dx.data(), true);
      check_close(dx, expected);
      line.x[4 * C] = T(NAN);
      k.window_max(line.windows());
      CHECK(std::isnan(line.y[0]));
    }
  });
}

TEST_CASE_TEMPLATE("windows apart overwrite their gradient", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index C : kChannels) {
      Line<T> line(C);
      Windows<T> w = line.windows();
      w.taps = kStep;
      k.window_max(w);
      std::vector<T> written(kCount * kStep * C, T(9)), added(written.size(), T(0));
      k.window_max_backward(w, line.dy.data(), written.data(), false);
      k.window_max_backward(w, line.dy.data(), added.data(), true);
      CHECK(same_bits(written, added));
      k.window_sum_backward(w, 0.25, line.dy.data(), written.data(), false);
      std::fill(added.begin(), added.end(), T(0));
      k.window_sum_backward(w, 0.25, line.dy.data(), added.data(), true);
      CHECK(same_bits(written, added));
    }
  });
}

TEST_CASE_TEMPLATE("sums of a window, weighted or not, and their gradients", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index C : kChannels) {
      Line<T> line(C);
      std::vector<double> sums(kCount * C), dots(kCount * C), dsums(line.x.size()), ddots(line.x.size()),
          dweight(kTaps * C);
      const auto bias = random_vector<T>(C, 4);
      for (index i = 0; i < kCount * C; i++) dots[i] = double(bias[i % C]);
      line.each([&](index p, index c, index t, index i) {
        const double x = double(line.x[i]), d = double(line.dy[p * C + c]);
        const double weight = double(line.weight[line.weight_place[t] + c]);
        sums[p * C + c] += 0.5 * x;
        dots[p * C + c] += weight * x;
        dsums[i] += 0.5 * d;
        ddots[i] += weight * d;
        dweight[line.weight_place[t] + c] += x * d;
      });
      k.window_sum(line.windows(), 0.5);
      check_close(line.y, sums);
      k.window_dot(line.windows(), line.weight.data(), bias.data());
      check_close(line.y, dots);
      std::vector<T> dx(line.x.size(), T(0)), dw(kTaps * C, T(0));
      k.window_sum_backward(line.windows(), 0.5, line.dy.data(), dx.data(), true);
      check_close(dx, dsums);
      std::fill(dx.begin(), dx.end(), T(0));
      k.window_dot_backward(line.windows(), line.weight.data(), line.dy.data(), dx.data());
      check_close(dx, ddots);
      const index half = C / 2;
      k.window_dot_weight(line.windows(), line.dy.data(), 0, half, dw.data());
      k.window_dot_weight(line.windows(), line.dy.data(), half, C, dw.data());
      check_close(dw, dweight);
    }
  });
}

TEST_CASE_TEMPLATE("rows are copied, and nothing else", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index columns : {0, 1, 3, 16, 37}) {
      const auto x = random_vector<T>(4 * 50, 1);
      std::vector<T> y(4 * 40, T(7)), expected = y;
      k.copy_rows(x.data(), 50, y.data(), 40, 4, columns);
      for (index i = 0; i < 4; i++) std::copy_n(x.begin() + i * 50, columns, expected.begin() + i * 40);
      CHECK(same_bits(y, expected));
    }
  });
}

}  // namespace testing
