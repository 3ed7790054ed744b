// The activation that ends a layer of products: y = f(z), applied to the tiles of z while they are in the nearest
// cache.
#pragma once

#include "layers/activation_choice.hpp"
#include "layers/layer.hpp"

namespace ranvier {

template <class T>
class FinalActivation {
 public:
  explicit FinalActivation(Config& config)
      : choice_(config.word("activation", "linear"), config.numbers("activation_parameters")) {
    if (choice_.along_axis() && choice_.axis_row(kernels::table<T>()).halves)
      throw std::invalid_argument("activation '" + choice_.name() + "' changes the shape: give it a layer of its own");
  }

  const std::string& name() const { return choice_.name(); }
  bool linear() const { return choice_.linear(); }
  void set(const ActivationChoice<T>& choice) { choice_ = choice; }
  void clear() { choice_ = ActivationChoice<T>("linear", {}); }

  /// Whether the backward pass needs z: then a place for it must be kept besides that of y.
  bool keeps_z() const {
    const auto& k = kernels::table<T>();
    return !(choice_.along_axis() ? choice_.axis_row(k).from_output : linear() || choice_.row(k).from_output);
  }
  index kept(index elements) const {
    return keeps_z() ? round_up(elements, static_cast<index>(kCacheLine / sizeof(T))) : 0;
  }

  /// Where products leave z: y itself, or in front of the workspace.
  T* z(const Pass<T>& pass) const { return pass.keep && keeps_z() ? pass.workspace : pass.y[0]; }

  /// Applies the activation to a tile of z and writes it to y, which may be z.
  struct Epilogue {
    const kernels::Activation<T>* activation;
    const T* parameters;
    T* y;
    index y_row;

    static void apply(const void* context, T* tile, index stride, index row, index column, index rows, index columns) {
      const auto& self = *static_cast<const Epilogue*>(context);
      for (index i = 0; i < rows; ++i)
        self.activation->forward(tile + i * stride, self.y + (row + i) * self.y_row + column, columns, self.parameters);
    }
  };

  /// Lets the product g, whose C is z, write y as well. `epilogue` must live until it has run.
  void end(const Pass<T>& pass, kernels::Gemm<T>& g, T* y, Epilogue& epilogue) const {
    if (choice_.plain_relu()) {
      g.relu = true;
    } else if (!choice_.along_axis() && !linear()) {
      epilogue = {&choice_.row(*pass.kernels), choice_.parameters(), y, g.c_row};
      g.finish = &Epilogue::apply;
      g.context = &epilogue;
    }
  }

  /// For n elements that no product makes.
  void apply(const Pass<T>& pass, const T* z, T* y, index n) const {
    if (!choice_.along_axis() && !linear()) choice_.row(*pass.kernels).forward(z, y, n, choice_.parameters());
  }

  /// After all of z (rows, N): what goes along the last axis.
  void finish(const Pass<T>& pass, index rows, index N) const {
    if (!choice_.along_axis()) return;
    pass.team->barrier();
    const Range part = pass.team->share(rows);
    choice_.axis_row(*pass.kernels).forward(z(pass) + part.begin * N, pass.y[0] + part.begin * N, part.size(), N, 1);
  }

  /// dy (rows, N) becomes dz in place; ends with a barrier if it does anything.
  void backward(const Pass<T>& pass, index rows, index N) const {
    if (linear()) return;
    const T* const source = z(pass);
    T* const dz = pass.dy[0];
    const Range part = pass.team->share(rows);
    const index begin = part.begin * N;
    if (choice_.along_axis())
      choice_.axis_row(*pass.kernels).backward(source + begin, dz + begin, dz + begin, part.size(), N, 1);
    else
      choice_.row(*pass.kernels)
          .backward(source + begin, dz + begin, dz + begin, part.size() * N, choice_.parameters());
    pass.team->barrier();
  }

 private:
  ActivationChoice<T> choice_;
};

}  // namespace ranvier
