// Windows of an image multiplied where they lie, with no patches gathered: those of a line are the rows of a matrix
// that begin a step apart, and whose columns come in pieces, one for each row, or each place, of the kernel. A training
// step of a small convolutional network takes 0.86 of the time that it took with gathered patches.
//
// Where windows reach beyond the edge, the lines that they need are first copied to scratch, with zeros around.
#pragma once

#include "kernels/kernels.hpp"
#include "layers/patches.hpp"

namespace ranvier {

template <class T>
class WindowsInPlace {
 public:
  explicit WindowsInPlace(const Patches& p) : p_(p), joined_(p.axis[2].gap == 1 && p.depth == p.channels) {}

  /// Lines of fewer windows would make tiles of few rows, whose time goes into reading weights.
  static bool pays(const Patches& p) { return !p.are_pixels() && p.columns() > 0 && p.axis[2].count >= kShortest; }

  /// Columns that are contiguous in the image: a row of the kernel, or one place of it.
  index piece() const { return (joined_ ? p_.axis[2].size : 1) * p_.depth; }
  index pieces() const { return p_.columns() / piece(); }
  /// Pieces that lie a constant step apart, and how many such groups there are.
  index even_pieces() const { return joined_ ? p_.axis[1].size : p_.axis[2].size; }
  index piece_groups() const { return pieces() / even_pieces(); }

  index window() const { return p_.axis[2].count; }
  index lines() const { return p_.axis[0].count * p_.axis[1].count; }  // of an image

  /// Whether lines must be copied; then how many, at most, are looked at together so that the copy has `elements`.
  bool copies() const { return beyond(p_.axis[0]) || beyond(p_.axis[1]) || beyond(p_.axis[2]); }
  index lines_within(index elements) const {
    const index line = p_.axis[0].size * width() * p_.channels, reach = (p_.axis[1].size - 1) * p_.axis[1].gap;
    return std::clamp<index>((elements / line - reach) / p_.axis[1].step, 1, p_.axis[1].count);
  }
  index copy_elements(index lines) const {
    return copies() ? p_.axis[0].size * copied_lines(lines) * width() * p_.channels : 0;
  }

  /// Some lines as they lie: the first element of the first window, and the steps from there.
  struct View {
    const T* first;
    index window, line;          // to the next one
    std::array<index, 3> place;  // along each axis of the kernel
    index at(index t0, index t1, index t2) const { return t0 * place[0] + t1 * place[1] + t2 * place[2]; }
  };

  /// Lines [lines.begin, lines.end) of the batch, those of one plane where they are copied: to `copy`.
  View see(const kernels::Kernels<T>& k, const T* images, Range lines, T* copy) const {
    const auto& [a0, a1, a2] = p_.axis;
    const index plane = lines.begin / a1.count, j1 = lines.begin % a1.count;
    View v{};
    v.window = a2.step * p_.channels;
    v.place[2] = a2.gap * p_.channels;
    if (!copies()) {
      const index line = a2.input * p_.channels;
      v.first = images + offset(lines.begin) + p_.first;
      v.line = a1.step * line;
      v.place[0] = a0.gap * a1.input * line;
      v.place[1] = a1.gap * line;
      return v;
    }
    const index line = width() * p_.channels, count = copied_lines(lines.size());
    v.first = copy + p_.first;
    v.line = a1.step * line;
    v.place[0] = count * line;
    v.place[1] = a1.gap * line;
    const index image = plane / a0.count, i0 = a0.origin + plane % a0.count * a0.step;
    const index i1 = a1.origin + j1 * a1.step;
    for (index t0 = 0; t0 < a0.size; ++t0)
      for (index i = 0; i < count; ++i, copy += line) copy_line(k, images, image, i0 + t0 * a0.gap, i1 + i, copy);
    return v;
  }

  /// Where the first window of a line of the batch begins, from the first image on, if lines need no copy.
  index offset(index line) const {
    const auto& [a0, a1, a2] = p_.axis;
    const index plane = line / a1.count, image = plane / a0.count;
    const index i0 = a0.origin + plane % a0.count * a0.step, i1 = a1.origin + line % a1.count * a1.step;
    return (((image * a0.input + i0) * a1.input + i1) * a2.input + a2.origin) * p_.channels;
  }

  /// The offset of each piece.
  void place_pieces(const View& v, index* jump) const {
    for (index t0 = 0; t0 < p_.axis[0].size; ++t0)
      for (index t1 = 0; t1 < p_.axis[1].size; ++t1)
        for (index t2 = 0; t2 < (joined_ ? 1 : p_.axis[2].size); ++t2) *jump++ = v.at(t0, t1, t2);
  }
  /// The offset of the first piece of a group, and from each of its pieces to the next.
  index group_offset(const View& v, index group) const {
    return joined_ ? v.at(group, 0, 0) : v.at(group / p_.axis[1].size, group % p_.axis[1].size, 0);
  }
  index even_step(const View& v) const { return v.place[joined_ ? 1 : 2]; }

 private:
  static constexpr index kShortest = 6;

  static bool beyond(const PatchAxis& a) {
    return a.origin < 0 || a.origin + (a.count - 1) * a.step + (a.size - 1) * a.gap >= a.input;
  }
  static index reach(const PatchAxis& a, index count) { return (count - 1) * a.step + (a.size - 1) * a.gap + 1; }
  index width() const { return reach(p_.axis[2], p_.axis[2].count); }
  index copied_lines(index lines) const { return reach(p_.axis[1], lines); }

  void copy_line(const kernels::Kernels<T>& k, const T* images, index image, index i0, index i1, T* to) const {
    const auto& [a0, a1, a2] = p_.axis;
    const index C = p_.channels, n = width();
    if (i0 < 0 || i0 >= a0.input || i1 < 0 || i1 >= a1.input) return k.fill(to, T{0}, n * C);
    const index from = std::clamp<index>(-a2.origin, 0, n), until = std::clamp<index>(a2.input - a2.origin, from, n);
    const T* const line = images + ((image * a0.input + i0) * a1.input + i1) * a2.input * C;
    k.fill(to, T{0}, from * C);
    std::copy_n(line + (a2.origin + from) * C, (until - from) * C, to + from * C);
    k.fill(to + until * C, T{0}, (n - until) * C);
  }

  Patches p_;
  bool joined_;
};

}  // namespace ranvier
