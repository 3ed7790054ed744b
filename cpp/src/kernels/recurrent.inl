// One time step of the gated cells with their usual activations, sigmoid and tanh: each gate is read and written once.
// They are to three units of the last place, and short chains: on Zen 5 a sigmoid or tanh waits for its own operations
// more than for a place to do them. That is also why h is made in a second pass over a row. Two gates with one division
// between them take as long.
#pragma once

namespace ranvier::kernels::RANVIER_ISA {
namespace {

// Where e^x is a normal number; and where tanh(x / 2) has reached 1.
template <class T>
constexpr double kGateRange = sizeof(T) == 4 ? 87 : 708;
template <class T>
constexpr double kTanhRange = sizeof(T) == 4 ? 20 : 40;

/// e^x = scale (1 + less) for |x| <= kGateRange.
template <class T>
struct GateExp {
  Vec<T> scale, less;

  explicit GateExp(Vec<T> x) {
    using C = Constants<T>;
    const Vec<T> shifted = fma(x, Vec<T>(1.44269504088896340736), Vec<T>(C::kShift)), whole = shifted - C::kShift;
    scale = power_of_two<T>(shifted.bits() - Vec<T>(C::kShift).bits());
    // ln 2 as a float is off by 2e-9 only: a second part of it would not be seen in a gate.
    const Vec<T> r = sizeof(T) == 4 ? fma(whole, Vec<T>(-0.69314718055994530942), x)
                                    : fma(whole, Vec<T>(-C::kLn2Low), fma(whole, Vec<T>(-C::kLn2High), x));
    // The Taylor series of e^r - 1 in pairs of its terms, which do not wait for each other.
    constexpr int terms = C::kExpTerms - 1;
    static_assert(terms % 2 == 0);
    const auto pair = [r](int i) { return fma(r, Vec<T>(kInverseFactorial[i + 1]), Vec<T>(kInverseFactorial[i])); };
    const Vec<T> square = r * r;
    Vec<T> p = pair(terms - 2);
    UNROLL for (int i = terms - 4; i >= 0; i -= 2) p = fma(p, square, pair(i));
    less = fma(p, square, r);
  }
};

template <class T>
inline Vec<T> gate_sigmoid(Vec<T> x) {
  const GateExp<T> e(clamp(-x, -kGateRange<T>, kGateRange<T>));
  return 1 / (1 + fma(e.scale, e.less, e.scale));
}

/// From e^2x - 1, which near 0 has all its digits, too.
template <class T>
inline Vec<T> gate_tanh(Vec<T> x) {
  const GateExp<T> e(clamp(x + x, -kTanhRange<T>, kTanhRange<T>));
  const Vec<T> y = fma(e.scale, e.less, e.scale - 1);
  return y / (y + 2);
}

/// Calls body(row, gates, h_before, c_before, h, c) for each row whose step is taken, and skipped(row) for the others.
template <class T, class Body, class Skipped>
inline void for_steps(const CellStep<T>& s, Body body, Skipped skipped) {
  for (index i = 0; i < s.rows; i++) {
    if (s.mask && s.mask[i * s.mask_row] == 0) {
      skipped(i);
    } else {
      body(i, s.gates + i * s.gates_row, s.before[0] + i * s.before_row[0], s.before[1] + i * s.before_row[1],
           s.after[0] + i * s.after_row[0], s.after[1] + i * s.after_row[1]);
    }
  }
}

/// A skipped step: the state stays.
template <class T>
inline void keep_state(const CellStep<T>& s, index row, int states) {
  for (int k = 0; k < states; k++) {
    const T* from = s.before[k] + row * s.before_row[k];
    T* to = s.after[k] + row * s.after_row[k];
    if (from != to) for_vectors<T>(s.units, [=](index j, index n) { store_n(to + j, load_n(from + j, n), n); });
  }
}

// gates (rows, 4 U): sums of the input, forget, candidate and output gates, replaced by i, f, g, o.
// c = f c_before + i g, h = o tanh(c)
template <class T>
[[gnu::flatten]] void lstm(const CellStep<T>& s) {
  const index U = s.units;
  for_steps(
      s,
      [=](index, T* gate, const T*, const T* c_before, T* h, T* c) {
        for_vectors<T>(U, [=](index j, index n) {
          const Vec<T> i = gate_sigmoid(load_n(gate + j, n)), f = gate_sigmoid(load_n(gate + U + j, n));
          const Vec<T> g = gate_tanh(load_n(gate + 2 * U + j, n)), o = gate_sigmoid(load_n(gate + 3 * U + j, n));
          const Vec<T> carry = fma(f, load_n(c_before + j, n), i * g);
          store_n(gate + j, i, n);
          store_n(gate + U + j, f, n);
          store_n(gate + 2 * U + j, g, n);
          store_n(gate + 3 * U + j, o, n);
          store_n(c + j, carry, n);
        });
        for_vectors<T>(
            U, [=](index j, index n) { store_n(h + j, load_n(gate + 3 * U + j, n) * gate_tanh(load_n(c + j, n)), n); });
      },
      [&](index row) { keep_state(s, row, 2); });
}

// gates: i, f, g, o, replaced by the gradients of their sums; dstate: of h and c after the step, replaced by what
// reaches c before it, and h before it past the gates, which is nothing.
template <class T>
[[gnu::flatten]] void lstm_backward(const CellStep<T>& s) {
  const index U = s.units;
  for_steps(
      s,
      [=](index row, T* gate, const T*, const T* c_before, T*, const T* c) {
        T *dh = s.dstate[0] + row * U, *dc = s.dstate[1] + row * U;
        for_vectors<T>(U, [=](index j, index n) {
          const Vec<T> i = load_n(gate + j, n), f = load_n(gate + U + j, n);
          const Vec<T> g = load_n(gate + 2 * U + j, n), o = load_n(gate + 3 * U + j, n);
          const Vec<T> dH = load_n(dh + j, n), squashed = gate_tanh(load_n(c + j, n));
          const Vec<T> dC = fma(dH * o, (1 - squashed) * (1 + squashed), load_n(dc + j, n));
          store_n(gate + j, dC * g * (i * (1 - i)), n);
          store_n(gate + U + j, dC * load_n(c_before + j, n) * (f * (1 - f)), n);
          store_n(gate + 2 * U + j, dC * i * ((1 - g) * (1 + g)), n);
          store_n(gate + 3 * U + j, dH * squashed * (o * (1 - o)), n);
          store_n(dc + j, dC * f, n);
          store_n(dh + j, Vec<T>(0), n);
        });
      },
      [&](index row) { fill(s.gates + row * s.gates_row, T(0), 4 * U); });
}

// gates (rows, 4 U): x's part of the candidate, the sums of z and r, h's part of the candidate; the first three are
// replaced by the candidate g, z and r.  g = tanh(x's part + r h's part), h = z h_before + (1 - z) g
template <class T>
[[gnu::flatten]] void gru(const CellStep<T>& s) {
  const index U = s.units;
  for_steps(
      s,
      [=](index, T* gate, const T* h_before, const T*, T* h, T*) {
        for_vectors<T>(U, [=](index j, index n) {
          const Vec<T> z = gate_sigmoid(load_n(gate + U + j, n)), r = gate_sigmoid(load_n(gate + 2 * U + j, n));
          const Vec<T> g = gate_tanh(fma(r, load_n(gate + 3 * U + j, n), load_n(gate + j, n)));
          store_n(gate + j, g, n);
          store_n(gate + U + j, z, n);
          store_n(gate + 2 * U + j, r, n);
          store_n(h + j, fma(z, load_n(h_before + j, n) - g, g), n);
        });
      },
      [&](index row) { keep_state(s, row, 1); });
}

// gates: replaced by the gradients of the four sums; dstate: of h after the step, replaced by what reaches h before it
// past the gates.
template <class T>
[[gnu::flatten]] void gru_backward(const CellStep<T>& s) {
  const index U = s.units;
  for_steps(
      s,
      [=](index row, T* gate, const T* h_before, const T*, T*, const T*) {
        T* dh = s.dstate[0] + row * U;
        for_vectors<T>(U, [=](index j, index n) {
          const Vec<T> g = load_n(gate + j, n), z = load_n(gate + U + j, n), r = load_n(gate + 2 * U + j, n);
          const Vec<T> dH = load_n(dh + j, n), dsum = dH * (1 - z) * ((1 - g) * (1 + g));
          store_n(gate + j, dsum, n);
          store_n(gate + U + j, dH * (load_n(h_before + j, n) - g) * (z * (1 - z)), n);
          store_n(gate + 2 * U + j, dsum * load_n(gate + 3 * U + j, n) * (r * (1 - r)), n);
          store_n(gate + 3 * U + j, dsum * r, n);
          store_n(dh + j, dH * z, n);
        });
      },
      [&](index row) { fill(s.gates + row * s.gates_row, T(0), 4 * U); });
}

}  // namespace
}  // namespace ranvier::kernels::RANVIER_ISA
