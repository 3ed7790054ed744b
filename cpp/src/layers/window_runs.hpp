// Windows one by one, as the kernels of kernels/windows.inl take them: in runs along the last axis in which each window
// looks like the one before it, a step further.
#pragma once

#include "layers/layer.hpp"
#include "layers/window_axes.hpp"

namespace ranvier {

/// The part of a window that lies in the input, along one axis: elements at, at + gap, ...; the first is place `place`.
struct WindowSpan {
  index at, place, count;
  index gap = 1;
};

/// The span of window j.
inline WindowSpan span(const WindowAxis& axis, index j) {
  const index start = j * axis.stride - axis.before, gap = axis.dilation;
  if (start >= 0 && start + axis.reach() <= axis.input) return {start, 0, axis.size, gap};
  const index first = start < 0 ? (-start + gap - 1) / gap : 0;
  const index last = start >= axis.input ? 0 : std::min(axis.size, (axis.input - 1 - start) / gap + 1);
  return {start + first * gap, first, std::max<index>(last - first, 0), gap};
}

/// A window's part of an axis that is cut into `output` parts of equal size, nearly: they may overlap by one.
inline WindowSpan adaptive_span(const WindowAxis& axis, index j) {
  const index begin = j * axis.input / axis.output, end = ((j + 1) * axis.input + axis.output - 1) / axis.output;
  return {begin, 0, end - begin};
}

/// Elements of T that for_runs needs to write down the places of windows with at most so many of them.
template <class T>
index run_scratch(index places) {
  return round_up(2 * places * static_cast<index>(sizeof(index)), static_cast<index>(kCacheLine)) /
         static_cast<index>(sizeof(T));
}

/// Calls f(windows, offset of x, offset of y) for all runs on the output lines [lines.begin, lines.end) of a batch;
/// `windows` lacks its pointers. `span_of(axis, j)` is one of the above; `scratch` has run_scratch elements.
template <class T, class S, class F>
void for_runs(const WindowAxes& axes, index C, S span_of, Range lines, T* scratch, F f) {
  const WindowAxis &a0 = axes[0], &a1 = axes[1], &a2 = axes[2];
  index* const place = reinterpret_cast<index*>(scratch);
  index* const weight_place = place + places_inside(axes);
  for (index line = lines.begin; line < lines.end; ++line) {
    const index image = line / (a0.output * a1.output);
    const WindowSpan s0 = span_of(a0, line / a1.output % a0.output), s1 = span_of(a1, line % a1.output);
    for (index j = 0; j < a2.output;) {
      const WindowSpan s2 = span_of(a2, j);
      index count = 1, step = 0;
      for (index next = s2.at; j + count < a2.output; ++count) {
        const WindowSpan s = span_of(a2, j + count);
        if (s.count != s2.count || s.place != s2.place || (count > 1 && s.at - next != step)) break;
        step = s.at - next;
        next = s.at;
      }
      index taps = 0;
      for (index t0 = 0; t0 < s0.count; ++t0)
        for (index t1 = 0; t1 < s1.count; ++t1)
          for (index t2 = 0; t2 < s2.count; ++t2, ++taps) {
            place[taps] = ((t0 * s0.gap * a1.input + t1 * s1.gap) * a2.input + t2 * s2.gap) * C;
            weight_place[taps] = (((s0.place + t0) * a1.size + s1.place + t1) * a2.size + s2.place + t2) * C;
          }
      kernels::Windows<T> w{};
      w.x_step = step * C;
      w.y_step = w.C = C;
      w.place = place;
      w.weight_place = weight_place;
      w.taps = taps;
      w.count = count;
      f(w, (((image * a0.input + s0.at) * a1.input + s1.at) * a2.input + s2.at) * C, (line * a2.output + j) * C);
      j += count;
    }
  }
}

}  // namespace ranvier
