// Activations along one axis of a tensor (outer, n, inner). Each is written once on lines (lines.inl):
// forward(line, x, y) and backward(line, xy, dy, dx), where an element of the line is at the same offset in each array.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

struct Softmax {
  template <class T, class Line>
  static void forward(const Line& line, const T* x, T* y) {
    const Vec<T> largest = line.maximum([=](index i, index count, Vec<T>) { return load_n(x + i, count); });
    const Vec<T> total = line.sum([=](index i, index count, Vec<T>) {
      const Vec<T> e = exp(load_n(x + i, count) - largest);
      store_n(y + i, e, count);
      return e;
    });
    line.each([=](index i, index count, Vec<T>) { store_n(y + i, load_n(y + i, count) / total, count); });
  }
  // dx = y (dy - sum(dy y))
  template <class T, class Line>
  static void backward(const Line& line, const T* y, const T* dy, T* dx) {
    const Vec<T> dot =
        line.sum([=](index i, index count, Vec<T>) { return load_n(dy + i, count) * load_n(y + i, count); });
    line.each([=](index i, index count, Vec<T>) {
      store_n(dx + i, load_n(y + i, count) * (load_n(dy + i, count) - dot), count);
    });
  }
};

struct LogSoftmax {
  template <class T, class Line>
  static void forward(const Line& line, const T* x, T* y) {
    const Vec<T> largest = line.maximum([=](index i, index count, Vec<T>) { return load_n(x + i, count); });
    const Vec<T> total = line.sum([=](index i, index count, Vec<T>) { return exp(load_n(x + i, count) - largest); });
    const Vec<T> log_total = log(total);
    line.each(
        [=](index i, index count, Vec<T>) { store_n(y + i, (load_n(x + i, count) - largest) - log_total, count); });
  }
  // dx = dy - exp(y) sum(dy)
  template <class T, class Line>
  static void backward(const Line& line, const T* y, const T* dy, T* dx) {
    const Vec<T> total = line.sum([=](index i, index count, Vec<T>) { return load_n(dy + i, count); });
    line.each([=](index i, index count, Vec<T>) {
      store_n(dx + i, fma(-exp(load_n(y + i, count)), total, load_n(dy + i, count)), count);
    });
  }
};

// The point of the simplex nearest to x: max(x - tau, 0) with the tau that makes it sum to 1 (Martins and Astudillo,
// 2016). tau rises from that of the whole line to its fixed point, which takes no sorting and at most n rounds.
struct Sparsemax {
  template <class T, class Line>
  static void forward(const Line& line, const T* x, T* y) {
    const Vec<T> largest = line.maximum([=](index i, index count, Vec<T>) { return load_n(x + i, count); });
    Vec<T> tau = -__builtin_inf();
    for (index round = 0; round <= line.n; round++) {
      const Vec<T> old = tau;
      const Vec<T> total = line.sum([=](index i, index count, Vec<T>) {
        const Vec<T> z = load_n(x + i, count) - largest;
        return where(z > old, z);
      });
      const Vec<T> support = line.sum(
          [=](index i, index count, Vec<T>) { return where(load_n(x + i, count) - largest > old, Vec<T>(1)); });
      tau = (total - 1) / support;
      bool moved = false;
      for (index l = 0; l < Vec<T>::kLanes; l++) moved = moved || tau.raw[l] > old.raw[l];
      if (!moved) break;
    }
    line.each([=](index i, index count, Vec<T>) {
      store_n(y + i, max((load_n(x + i, count) - largest) - tau, Vec<T>(0)), count);
    });
  }
  // On the support, dx = dy - mean(dy) over the support.
  template <class T, class Line>
  static void backward(const Line& line, const T* y, const T* dy, T* dx) {
    const Vec<T> total =
        line.sum([=](index i, index count, Vec<T>) { return where(load_n(y + i, count) > 0, load_n(dy + i, count)); });
    const Vec<T> support =
        line.sum([=](index i, index count, Vec<T>) { return where(load_n(y + i, count) > 0, Vec<T>(1)); });
    const Vec<T> mean = total / support;
    line.each([=](index i, index count, Vec<T>) {
      store_n(dx + i, where(load_n(y + i, count) > 0, load_n(dy + i, count) - mean), count);
    });
  }
};

// The form of the line depends on n and inner only, so that a row's result does not depend on its batch.
template <class T, class Function>
[[gnu::flatten]] void axis_forward(const T* x, T* y, index outer, index n, index inner) {
  constexpr index W = Vec<T>::kLanes;
  if (inner == 1 && n <= kFewColumns) {
    ShortRows<T> rows;
    for (index o = 0; o < outer; o += W) {
      const index count = least(W, outer - o);
      rows.load(x + o * n, count, n);
      Function::forward(PerLane<T>{n, W, W}, rows.lane, rows.lane);
      rows.store(y + o * n, count, n);
    }
    return;
  }
  for (index o = 0; o < outer; o++, x += n * inner, y += n * inner) {
    if (inner == 1) {
      Function::forward(AlongLanes<T>{n}, x, y);
    } else {
      for (index j = 0; j < inner; j += W) {
        Function::forward(PerLane<T>{n, inner, least(W, inner - j)}, x + j, y + j);
      }
    }
  }
}

template <class T, class Function>
[[gnu::flatten]] void axis_backward(const T* xy, const T* dy, T* dx, index outer, index n, index inner) {
  constexpr index W = Vec<T>::kLanes;
  if (inner == 1 && n <= kFewColumns) {
    ShortRows<T> rows, drows;
    for (index o = 0; o < outer; o += W) {
      const index count = least(W, outer - o);
      rows.load(xy + o * n, count, n);
      drows.load(dy + o * n, count, n);
      Function::backward(PerLane<T>{n, W, W}, rows.lane, drows.lane, drows.lane);
      drows.store(dx + o * n, count, n);
    }
    return;
  }
  for (index o = 0; o < outer; o++, xy += n * inner, dy += n * inner, dx += n * inner) {
    if (inner == 1) {
      Function::backward(AlongLanes<T>{n}, xy, dy, dx);
    } else {
      for (index j = 0; j < inner; j += W) {
        Function::backward(PerLane<T>{n, inner, least(W, inner - j)}, xy + j, dy + j, dx + j);
      }
    }
  }
}

// Gated linear unit: y = a sigmoid(b), a and b the halves of x along the axis.   Dauphin et al., 2017
template <class T>
[[gnu::flatten]] void glu_forward(const T* x, T* y, index outer, index n, index inner) {
  const index half = n / 2 * inner;
  for (index o = 0; o < outer; o++, x += 2 * half, y += half) {
    for_vectors<T>(half, [=](index i, index count) {
      store_n(y + i, load_n(x + i, count) * sigmoid(load_n(x + half + i, count)), count);
    });
  }
}

template <class T>
[[gnu::flatten]] void glu_backward(const T* x, const T* dy, T* dx, index outer, index n, index inner) {
  const index half = n / 2 * inner;
  for (index o = 0; o < outer; o++, x += 2 * half, dx += 2 * half, dy += half) {
    for_vectors<T>(half, [=](index i, index count) {
      const Vec<T> a = load_n(x + i, count), s = sigmoid(load_n(x + half + i, count)), d = load_n(dy + i, count);
      store_n(dx + i, d * s, count);
      store_n(dx + half + i, d * a * s * (1 - s), count);
    });
  }
}

template <class T, class Function>
constexpr AxisActivation<T> axis_row(const char* name, const char* formula) {
  return {name, formula, true, false, axis_forward<T, Function>, axis_backward<T, Function>};
}

template <class T>
constexpr AxisActivation<T> kAxisActivations[] = {
    axis_row<T, Softmax>("softmax", "exp(x) / sum(exp(x))"),
    axis_row<T, LogSoftmax>("log_softmax", "x - log(sum(exp(x)))"),
    axis_row<T, Sparsemax>("sparsemax", "max(x - tau, 0) with tau such that the sum is 1"),
    {"glu", "a sigmoid(b), where x = [a, b]", false, true, glu_forward<T>, glu_backward<T>},
};

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
