// Steps of word2vec as addresses, and the arithmetic on them: skip-gram and CBOW, negative sampling and hierarchical
// softmax (Mikolov et al. 2013).
//
// A step is one word of the text. Skip-gram makes an example of each of its neighbours: the neighbour's vector against
// the outputs of the word. CBOW makes one, of the neighbours' mean or sum. All dot products of a step are taken before
// anything moves; then its examples move the vectors, one after the other.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/kernels.hpp"
#include "text/huffman.hpp"
#include "text/noise.hpp"
#include "text/windows.hpp"
#include "text/worker_rows.hpp"

namespace ranvier::words {

struct Word2VecOptions {
  bool skip_gram = false;
  bool hierarchical = false;
  bool mean = true;     // CBOW: of the neighbours, otherwise their sum
  bool measure = true;  // the loss
  index negative = 5;
  double noise_exponent = 0.75;
  std::uint64_t seed = 1;
};

/// What all steps have in common.
struct Word2VecModel {
  Word2VecOptions options;
  RowMatrix input;         // what becomes the words' vectors
  RowMatrix noise_output;  // of negative sampling
  RowMatrix tree_output;   // of hierarchical softmax
  NoiseTable noise;
  HuffmanTree tree;

  index noise_rows() const { return options.negative > 0 ? (input.rows > 1 ? options.negative : 0) + 1 : 0; }
};

/// The matrices of a model as one worker sees them.
struct ModelRows {
  WorkerRows input, noise_output, tree_output;

  ModelRows(const Word2VecModel& model, int workers)
      : input(model.input, workers),
        noise_output(model.noise_output, workers),
        tree_output(model.tree_output, workers) {}

  void refresh() { input.refresh(), noise_output.refresh(), tree_output.refresh(); }
  void exchange(float rate) { input.exchange(rate), noise_output.exchange(rate), tree_output.exchange(rate); }
};

/// One step with the addresses of its rows. Made anew for one step after the other, without taking memory.
class WordStep {
 public:
  WordStep(const Word2VecModel& model, ModelRows& rows, index window);

  /// Draws the noise words and asks for all rows, so that they come near while other steps are worked on.
  void prepare(const Step& step, const std::int32_t* contexts, float rate);

  /// All that follows, for all columns. Returns the loss of all examples, if it is measured. z has room for dots().
  double run(float* z);

  /// Numbers in z.
  index dots() const { return noise_.count() + tree_.count(); }
  index examples() const { return examples_; }

  /// Dot products over the columns of a range.
  void forward(Range columns, float* z);
  /// Turns z into the steps along the rows. Returns the loss of all examples, if it is measured.
  double slopes(float* z) const;
  /// Moves the columns of a range.
  void backward(Range columns, const float* z);

 private:
  // The examples against one set of outputs.
  struct Outputs {
    index rows = 0, examples = 0;
    std::vector<float*> y;       // (examples, rows)
    std::vector<float> targets;  // (examples, rows)
    index count() const { return rows * examples; }
  };
  void prepare_noise(const Step& step);
  void prepare_tree(const Step& step);
  double take_slopes(const Outputs& outputs, index first, index count, float* z) const;
  void move(const Outputs& outputs, Range columns, const float* z);
  void move_example(const Outputs& outputs, index e, Range columns, const float* z);

  const Word2VecModel& model_;
  ModelRows& rows_;
  const kernels::WordKernels& kernels_;
  index neighbours_ = 0, examples_ = 0;
  float rate_ = 0;
  std::vector<float*> x_;  // of the neighbours
  Outputs noise_, tree_;
  Buffer<float> mean_, error_;
};

}  // namespace ranvier::words
