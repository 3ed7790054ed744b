// The three products of a convolution, between a large image (input, C) and a small one (output, N):
//   gather       small = patches of large * weight
//   spread       large = the same backwards, each pixel as a sum over the windows it lies in: no sum is split
//   weigh        dweight = patches of large^T * small
// Windows are multiplied where they lie in the image; where that would make tiles of few rows, patches are gathered.
// A convolution gathers forward and spreads backward; a transposed one does the reverse. weight is (places, C / groups,
// N), and group g sees channels g C / groups on and makes channels g N / groups on.
#pragma once

#include "layers/patches.hpp"
#include "layers/product.hpp"
#include "layers/windows_in_place.hpp"

namespace ranvier {

/// A matrix product whose left side are patches: C (rows of all images, N) = patches B, for each group.
template <class T>
struct PatchProduct {
  Patches patches;  // of the first group
  const T* images = nullptr;
  index groups = 1, N = 0;  // columns of a group
  const T* B = nullptr;     // (columns of patches, N) of group g at B + g * b_group
  index b_row = 0, b_group = 0;
  T* C = nullptr;  // rows c_row apart; group g at C + g * N
  index c_row = 0;
  const T* bias = nullptr;

  // Patch j of axis a is row first[a] + j * step[a] of an axis of output[a] rows of C.
  std::array<index, 3> first{0, 0, 0}, step{1, 1, 1}, output{1, 1, 1};
};

template <class T>
class Convolving {
 public:
  WindowAxes axes;
  index C, N, groups;

  index depth() const { return C / groups; }
  index units() const { return N / groups; }
  index weights() const { return places(axes) * depth() * N; }

  double flops() const {
    return 2.0 * static_cast<double>(outputs(axes)) * static_cast<double>(places(axes) * depth() * N);
  }

  /// Elements of scratch that each thread needs, for all three.
  index scratch(index batch) const {
    index most = product_scratch(gathering(), batch);
    for_phases([&](const Phase& phase) { most = std::max(most, product_scratch(spreading(phase), batch)); });
    return std::max(most, weighing_scratch(batch));
  }

  /// Elements of workspace for the weights as `spread` wants them.
  index turned_weights() const { return round_up(weights(), static_cast<index>(kCacheLine / sizeof(T))); }

  /// small = gather(large) + bias; `end(g, row, column)` may complete each product g, of rows and columns of small from
  /// there on.
  template <class E>
  void gather(const Pass<T>& pass, const T* large, const T* weight, const T* bias, T* small, E end) const {
    PatchProduct<T> p = gathering();
    p.images = large;
    p.B = weight;
    p.bias = bias;
    p.C = small;
    run(pass, p, end);
  }

  /// large = spread(small) + bias. `turned` has turned_weights elements.
  void spread(const Pass<T>& pass, const T* small, const T* weight, const T* bias, T* large, T* turned) const {
    turn_weights(pass, weight, turned);
    pass.team->barrier();
    for_phases([&](const Phase& phase) {
      PatchProduct<T> p = spreading(phase);
      p.images = small;
      p.B = turned + phase.weights;
      p.bias = bias;
      p.C = large;
      run(pass, p, [](kernels::Gemm<T>&, index, index) {});
    });
  }

  void weigh(const Pass<T>& pass, const T* large, const T* small, T* dweight) const;

 private:
  static constexpr index kDepth = 1024;  // columns gathered at a time
  // What a block of patches takes, in elements: as much as stays in the nearest cache; more where weights do not stay
  // in the second, since each block reads them all; and more of patches that are summed over, since each block reads
  // and writes all of dweight.
  static constexpr index kGathered = index{1} << 12, kFewestRows = 14, kMostRows = 504;
  static constexpr index kGatheredForMany = index{1} << 17, kManyWeights = index{1} << 17;
  static constexpr index kWeighed = index{1} << 15, kFewestSums = 112;
  // Windows in place: elements of lines that are copied at a time, and rows multiplied at a time where they are not.
  static constexpr index kCopied = index{1} << 14, kWeighedCopied = index{1} << 15, kRowsInPlace = 504;

  // The pixels of the large image that lie alike between the strides of the windows.
  struct PhaseAxis {
    index first, count, places, last_place, origin, gap;
  };
  struct Phase {
    std::array<PhaseAxis, 3> axis;
    index weights;  // where its weights begin among the turned ones
  };

  static PhaseAxis phase_axis(const WindowAxis& a, index residue) {
    PhaseAxis p{};
    p.first = ((residue - a.before) % a.stride + a.stride) % a.stride;
    p.count = p.first < a.input ? (a.input - p.first - 1) / a.stride + 1 : 0;
    if (a.stride == 1) {
      p.places = a.size;
      p.last_place = a.size - 1;
      p.origin = p.first + a.before - p.last_place * a.dilation;
      p.gap = a.dilation;
    } else {  // then there is no dilation
      p.places = residue < a.size ? (a.size - residue - 1) / a.stride + 1 : 0;
      p.last_place = residue + (p.places - 1) * a.stride;
      p.origin = (p.first + a.before - residue) / a.stride - (p.places - 1);
      p.gap = 1;
    }
    return p;
  }

  template <class F>
  void for_phases(F f) const {
    index weights = 0;
    for (index r0 = 0; r0 < axes[0].stride; ++r0)
      for (index r1 = 0; r1 < axes[1].stride; ++r1)
        for (index r2 = 0; r2 < axes[2].stride; ++r2) {
          const Phase phase{{phase_axis(axes[0], r0), phase_axis(axes[1], r1), phase_axis(axes[2], r2)}, weights};
          f(phase);
          weights += phase_places(phase) * depth() * N;
        }
  }

  static index phase_places(const Phase& phase) {
    return phase.axis[0].places * phase.axis[1].places * phase.axis[2].places;
  }

  Patches patches_of_large() const {
    Patches patches;
    for (std::size_t i = 0; i < 3; ++i) {
      const WindowAxis& a = axes[i];
      patches.axis[i] = {a.input, a.output, a.size, -a.before, a.stride, a.dilation};
    }
    patches.channels = C;
    patches.depth = depth();
    return patches;
  }

  PatchProduct<T> gathering() const {
    PatchProduct<T> p;
    p.patches = patches_of_large();
    p.groups = groups;
    p.N = p.b_group = units();
    p.b_row = p.c_row = N;
    for (std::size_t i = 0; i < 3; ++i) p.output[i] = axes[i].output;
    return p;
  }

  PatchProduct<T> spreading(const Phase& phase) const {
    PatchProduct<T> p;
    for (std::size_t i = 0; i < 3; ++i) {
      const PhaseAxis& a = phase.axis[i];
      p.patches.axis[i] = {axes[i].output, a.count, a.places, a.origin, 1, a.gap};
      p.first[i] = a.first;
      p.step[i] = axes[i].stride;
      p.output[i] = axes[i].input;
    }
    p.patches.channels = N;
    p.patches.depth = units();
    p.groups = groups;
    p.N = p.b_row = depth();
    p.b_group = p.patches.columns() * depth();
    p.c_row = C;
    return p;
  }

  // weight (places, depth, N) for each phase as (groups, places in reverse order, units, depth).
  void turn_weights(const Pass<T>& pass, const T* weight, T* turned) const {
    const index D = depth(), U = units();
    for_phases([&](const Phase& phase) {
      const auto& [a0, a1, a2] = phase.axis;
      const index count = phase_places(phase);
      const Range part = pass.team->share(groups * count);
      for (index i = part.begin; i < part.end; ++i) {
        const index g = i / count, t = i % count;
        const auto place = [&](const PhaseAxis& a, const WindowAxis& axis, index j) {
          return a.last_place - j * (axis.stride == 1 ? 1 : axis.stride);
        };
        const index k0 = place(a0, axes[0], t / (a1.places * a2.places));
        const index k1 = place(a1, axes[1], t / a2.places % a1.places), k2 = place(a2, axes[2], t % a2.places);
        const T* const from = weight + ((k0 * axes[1].size + k1) * axes[2].size + k2) * D * N + g * U;
        T* const to = turned + phase.weights + i * U * D;
        for (index u = 0; u < U; ++u)
          for (index d = 0; d < D; ++d) to[u * D + d] = from[d * N + u];
      }
    });
  }

  // --- One product
  // -----------------------------------------------------------------------------------------------------

  struct Cut {
    index depth, rows, pitch;  // columns and rows gathered at a time; how far apart rows, or columns, lie
  };

  Cut product_cut(const Patches& patches) const {
    return cut(patches, weights() > kManyWeights ? kGatheredForMany : kGathered, kFewestRows);
  }
  static Cut sum_cut(const Patches& patches) { return cut(patches, kWeighed, kFewestSums); }

  static Cut cut(const Patches& patches, index elements, index least) {
    const index columns = std::max<index>(patches.columns(), 1), parts = (columns + kDepth - 1) / kDepth;
    // Neighbours must not fall on the same cache sets.
    const auto apart = [](index n) { return n % 256 ? n : n + 16; };
    Cut cut{};
    cut.depth = std::min(round_up((columns + parts - 1) / parts, 16), columns);
    cut.rows = patches.are_pixels() ? kMostRows : std::clamp(elements / cut.depth, least, kMostRows);
    cut.pitch = apart(patches.by_columns() ? round_up(cut.rows, 16) : cut.depth);
    return cut;
  }

  static bool scatters(const PatchProduct<T>& p) { return p.step != std::array<index, 3>{1, 1, 1}; }

  static kernels::Gemm<T> block(const PatchProduct<T>& p, const Cut& cut, index rows, index depth) {
    kernels::Gemm<T> g = product<T>(rows, p.N, depth, nullptr, nullptr, nullptr);
    lay(p.patches, cut, g.a_row, g.a_col);
    g.b_row = p.b_row;
    g.c_row = scatters(p) ? p.N : p.c_row;
    return g;
  }

  index product_scratch(const PatchProduct<T>& p, index batch) const {
    if (p.patches.rows() == 0) return 0;
    if (WindowsInPlace<T>::pays(p.patches)) {
      const WindowsInPlace<T> windows(p.patches);
      const index lines = lines_in_place(windows, kCopied), rows = lines * windows.window();
      return jump_elements(windows.pieces()) + copy_elements(windows, lines) + tile(p, rows) +
             kernels::table<T>().gemm_scratch(product_in_place(p, windows, lines));
    }
    const Cut c = product_cut(p.patches);
    const index rows = std::min(c.rows, batch * p.patches.rows());
    return gathered(p.patches, c, rows) + tile(p, rows) + kernels::table<T>().gemm_scratch(block(p, c, rows, c.depth));
  }
  static index gathered(const Patches& patches, const Cut& cut, index rows) {
    const index lines = patches.by_columns() ? cut.depth : rows;
    return patches.are_pixels() ? 0 : round_up(lines * cut.pitch, static_cast<index>(kCacheLine / sizeof(T)));
  }
  // Strides of gathered patches.
  static void lay(const Patches& patches, const Cut& cut, index& row, index& column) {
    row = patches.are_pixels() ? patches.channels : patches.by_columns() ? 1 : cut.pitch;
    column = patches.by_columns() && !patches.are_pixels() ? cut.pitch : 1;
  }
  static index tile(const PatchProduct<T>& p, index rows) {
    return scatters(p) ? round_up(rows * p.N, static_cast<index>(kCacheLine / sizeof(T))) : 0;
  }

  template <class E>
  void run(const Pass<T>& pass, const PatchProduct<T>& p, E end) const {
    const index total = pass.batch * p.patches.rows();
    if (total == 0) return;
    if (WindowsInPlace<T>::pays(p.patches)) return run_in_place(pass, p, end);
    const Cut c = product_cut(p.patches);
    const index most = std::min(c.rows, total), wanted = wanted_blocks(*pass.team);
    const index rows = std::min(most, std::max<index>((total + wanted - 1) / wanted, 14));
    T* const from = pass.scratch;
    T* const to = from + gathered(p.patches, c, most);
    T* const rest = to + tile(p, most);
    const bool pixels = p.patches.are_pixels(), scattered = scatters(p);
    const index columns = p.patches.columns();
    pass.team->for_each((total + rows - 1) / rows, [&](index i) {
      const Range part{i * rows, std::min((i + 1) * rows, total)};
      for (index group = 0; group < p.groups; ++group) {
        Patches patches = p.patches;
        patches.first = group * patches.depth;
        kernels::Gemm<T> g = block(p, c, part.size(), 0);
        g.C = scattered ? to : p.C + part.begin * p.c_row + group * p.N;
        index k = 0;
        do {
          g.K = std::min(c.depth, columns - k);
          if (pixels) {
            g.A = p.images + part.begin * patches.channels + patches.first + k;
          } else {
            patches.gather(*pass.kernels, p.images, part, {k, k + g.K}, from, c.pitch);
            g.A = from;
          }
          g.B = p.B + group * p.b_group + k * p.b_row;
          g.accumulate = k > 0;
          g.bias = p.bias && k == 0 ? p.bias + group * p.N : nullptr;
          if (k + g.K == columns) end(g, part.begin, group * p.N);
          pass.kernels->gemm(g, {g.M, g.N, 1, 1}, 0, rest);
          k += g.K;
        } while (k < columns);
        if (scattered) scatter(p, part, group, to);
      }
    });
  }

  // --- The same with windows in place

  static index copy_elements(const WindowsInPlace<T>& windows, index lines) {
    return round_up(windows.copy_elements(lines), static_cast<index>(kCacheLine / sizeof(T)));
  }
  static index jump_elements(index pieces) {
    return round_up(pieces * static_cast<index>(sizeof(index)), static_cast<index>(kCacheLine)) /
           static_cast<index>(sizeof(T));
  }
  static index lines_in_place(const WindowsInPlace<T>& windows, index copied) {
    return windows.copies() ? windows.lines_within(copied) : std::max<index>(kRowsInPlace / windows.window(), 1);
  }

  static kernels::Gemm<T> product_in_place(const PatchProduct<T>& p, const WindowsInPlace<T>& windows, index lines) {
    kernels::Gemm<T> g = product<T>(lines * windows.window(), p.N, p.patches.columns(), nullptr, nullptr, nullptr);
    g.line = windows.window();
    g.piece = windows.piece();
    g.b_row = p.b_row;
    g.c_row = scatters(p) ? p.N : p.c_row;
    static const index kSomewhere = 0;  // only whether there are pieces counts
    g.jump = &kSomewhere;
    return g;
  }

  template <class E>
  void run_in_place(const Pass<T>& pass, const PatchProduct<T>& p, E end) const {
    const WindowsInPlace<T> windows(p.patches);
    const index line = windows.window(), per_plane = p.patches.axis[1].count;
    const index planes = pass.batch * p.patches.axis[0].count, most = lines_in_place(windows, kCopied);
    const index wanted = (wanted_blocks(*pass.team) + planes - 1) / planes;
    const index lines = std::min({most, per_plane, (per_plane + wanted - 1) / wanted});
    const index blocks = (per_plane + lines - 1) / lines;
    index* const jump = reinterpret_cast<index*>(pass.scratch);
    T* const copy = pass.scratch + jump_elements(windows.pieces());
    T* const to = copy + copy_elements(windows, most);
    T* const rest = to + tile(p, most * line);
    pass.team->for_each(planes * blocks, [&](index i) {
      const index begin = i % blocks * lines;
      const Range part{i / blocks * per_plane + begin, i / blocks * per_plane + std::min(begin + lines, per_plane)};
      const auto view = windows.see(*pass.kernels, p.images, part, copy);
      windows.place_pieces(view, jump);
      kernels::Gemm<T> g = product_in_place(p, windows, part.size());
      g.jump = jump;
      g.a_row = view.window;
      g.line_step = view.line;
      for (index group = 0; group < p.groups; ++group) {
        kernels::Gemm<T> each = g;
        each.A = view.first + group * p.patches.depth;
        each.B = p.B + group * p.b_group;
        each.C = scatters(p) ? to : p.C + part.begin * line * p.c_row + group * p.N;
        each.bias = p.bias ? p.bias + group * p.N : nullptr;
        end(each, part.begin * line, group * p.N);
        pass.kernels->gemm(each, {each.M, each.N, 1, 1}, 0, rest);
        if (scatters(p)) scatter(p, {part.begin * line, part.end * line}, group, to);
      }
    });
  }

  // Rows [part.begin, part.end) of the product to where they belong.
  static void scatter(const PatchProduct<T>& p, Range part, index group, const T* from) {
    const auto& axis = p.patches.axis;
    for (index row = part.begin; row < part.end; ++row, from += p.N) {
      const index j2 = row % axis[2].count, j1 = row / axis[2].count % axis[1].count;
      const index lines = row / axis[2].count / axis[1].count;
      const index j0 = lines % axis[0].count, image = lines / axis[0].count;
      index at = image * p.output[0] + p.first[0] + j0 * p.step[0];
      at = at * p.output[1] + p.first[1] + j1 * p.step[1];
      at = at * p.output[2] + p.first[2] + j2 * p.step[2];
      std::copy_n(from, p.N, p.C + at * p.c_row + group * p.N);
    }
  }

  // --- The gradient of the weights
  // -------------------------------------------------------------------------------------

  kernels::Gemm<T> weighing(const Patches& patches, const Cut& cut, index rows, index columns) const {
    kernels::Gemm<T> g = product_transposed_a<T>(columns, units(), rows, nullptr, nullptr, nullptr);
    lay(patches, cut, g.a_col, g.a_row);
    g.b_row = g.c_row = N;
    return g;
  }

  // Patches of one channel are gathered cheaply, by columns, and make taller tiles.
  static bool weighs_in_place(const Patches& patches) {
    return WindowsInPlace<T>::pays(patches) && !patches.by_columns();
  }

  // dweight, as far as the places of one group of pieces go, from some lines.
  kernels::Gemm<T> weighing_in_place(const WindowsInPlace<T>& windows, index lines) const {
    kernels::Gemm<T> g = product_transposed_a<T>(windows.even_pieces() * windows.piece(), units(),
                                                 lines * windows.window(), nullptr, nullptr, nullptr);
    g.line = windows.piece();
    g.piece = windows.window();
    g.b_row = g.c_row = N;
    static const index kSomewhere = 0;
    g.jump = &kSomewhere;
    return g;
  }

  void weigh_in_place(const Pass<T>& pass, const T* large, const T* small, T* dweight) const {
    const Patches all = patches_of_large();
    const WindowsInPlace<T> windows(all);
    const index most = lines_in_place(windows, kWeighedCopied), line = windows.window();
    const index total = pass.batch * windows.lines(), at_once = windows.copies() ? axes[1].output : total;
    index* const jump = reinterpret_cast<index*>(pass.scratch);
    T* const copy = pass.scratch + jump_elements(most);
    T* const rest = copy + copy_elements(windows, most);
    const index parts = groups * windows.piece_groups(), wanted = (wanted_blocks(*pass.team) + parts - 1) / parts;
    const kernels::Blocks blocks = pass.kernels->gemm_blocks(weighing_in_place(windows, most), wanted);
    const index count = blocks.count_m * blocks.count_n;
    pass.team->for_each(parts * count, [&](index i) {
      const index group = i / count / windows.piece_groups(), pieces = i / count % windows.piece_groups();
      for (index from = 0; from < total;) {
        const index plane_end = (from / at_once + 1) * at_once;
        const Range part{from, std::min(from + most, plane_end)};
        const auto view = windows.see(*pass.kernels, large, part, copy);
        for (index q = 0; q < part.size(); ++q)
          jump[q] = windows.copies() ? q * view.line : windows.offset(from + q) - windows.offset(from);
        kernels::Gemm<T> g = weighing_in_place(windows, part.size());
        g.jump = jump;
        g.line_step = windows.even_step(view);
        g.a_col = view.window;
        g.A = view.first + windows.group_offset(view, pieces) + group * depth();
        g.B = small + from * line * N + group * units();
        g.C = dweight + pieces * g.M * N + group * units();
        g.accumulate = from > 0;
        pass.kernels->gemm(g, blocks, i % count, rest);
        from = part.end;
      }
    });
  }

  index weighing_scratch(index batch) const {
    const Patches patches = patches_of_large();
    if (weighs_in_place(patches)) {
      const WindowsInPlace<T> windows(patches);
      const index lines = lines_in_place(windows, kWeighedCopied);
      return jump_elements(lines) + copy_elements(windows, lines) +
             kernels::table<T>().gemm_scratch(weighing_in_place(windows, lines));
    }
    const Cut c = sum_cut(patches);
    const index rows = std::min(c.rows, batch * patches.rows());
    return gathered(patches, c, rows) + kernels::table<T>().gemm_scratch(weighing(patches, c, rows, c.depth));
  }
};

template <class T>
void Convolving<T>::weigh(const Pass<T>& pass, const T* large, const T* small, T* dweight) const {
  const Patches all = patches_of_large();
  if (weighs_in_place(all)) return weigh_in_place(pass, large, small, dweight);
  const Cut c = sum_cut(all);
  const index total = pass.batch * all.rows(), rows = std::min(c.rows, total), columns = all.columns();
  T* const rest = pass.scratch + gathered(all, c, rows);
  const index wanted = (wanted_blocks(*pass.team) + groups - 1) / groups;
  // Whole vectors of columns, and not so few that most of the time is spent on gathering them.
  const index depth = std::min(c.depth, std::max<index>(round_up((columns + wanted - 1) / wanted, 16), 48));
  const index parts = (columns + depth - 1) / depth;
  pass.team->for_each(groups * parts, [&](index i) {
    Patches patches = all;
    const index group = i / parts, k = i % parts * depth;
    patches.first = group * patches.depth;
    const Range part{k, std::min(k + depth, columns)};
    kernels::Gemm<T> g = weighing(patches, c, rows, part.size());
    g.C = dweight + k * N + group * units();
    for (index row = 0; row < total; row += rows) {
      g.K = std::min(rows, total - row);
      if (patches.are_pixels()) {
        g.A = large + row * patches.channels + patches.first + k;
      } else {
        patches.gather(*pass.kernels, large, {row, row + g.K}, part, pass.scratch, c.pitch);
        g.A = pass.scratch;
      }
      g.B = small + row * N + group * units();
      g.accumulate = row > 0;
      pass.kernels->gemm(g, {g.M, g.N, 1, 1}, 0, rest);
    }
  });
}

}  // namespace ranvier
