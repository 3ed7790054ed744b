#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ranvier/config.hpp"
#include "ranvier/export.hpp"
#include "ranvier/shape.hpp"

namespace ranvier {

struct FitOptions {
  index batch_size = 32;
  index epochs = 1;
  bool shuffle = true;
  std::uint64_t seed = 0;
};

/// Mean loss, then metrics, of one epoch.
using EpochResults = std::vector<double>;

/// A chain of layers that trains and predicts in float32. Kinds, arguments and defaults of layers, losses, metrics and
/// optimizers are those of the Python package (see `ranvier.layers`); so are the errors, as std::invalid_argument.
///
///     ranvier::Sequential model({4});
///     model.add("dense", {{"units", 16}, {"activation", "relu"}});
///     model.add("dense", {{"units", 3}, {"activation", "softmax"}});
///     model.compile("adam", {{"learning_rate", 0.01}}, "sparse_categorical_crossentropy",
///     {"sparse_categorical_accuracy"}); ranvier::FitOptions options; options.epochs = 20; model.fit(x, y, options);
///     std::vector<float> probabilities = model.predict(x);
class RANVIER_API Sequential {
 public:
  explicit Sequential(Shape input_shape, std::uint64_t seed = 0);
  ~Sequential();
  Sequential(Sequential&&) noexcept;
  Sequential& operator=(Sequential&&) noexcept;

  /// Appends a layer; its weights start as Glorot uniform, its biases as zero.
  void add(const std::string& kind, Config config = {});

  void compile(const std::string& optimizer, Config optimizer_config, const std::string& loss,
               const std::vector<std::string>& metrics = {});

  /// Trains on rows of x, (rows, input_shape), and their targets y: class indices for a sparse loss, else rows of the
  /// output's shape. Returns one entry for each epoch.
  std::vector<EpochResults> fit(const std::vector<float>& x, const std::vector<float>& y, FitOptions options = {});

  EpochResults evaluate(const std::vector<float>& x, const std::vector<float>& y);

  /// Rows of outputs for rows of x. Many threads may call it at once.
  std::vector<float> predict(const std::vector<float>& x) const;

  /// Values of all parameters, layer by layer, as the Python package's get_weights() gives them.
  std::vector<std::vector<float>> weights() const;
  void set_weights(const std::vector<std::vector<float>>& weights);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ranvier
