// Training of word2vec: passes over a text.
//
// By default each thread takes chunks of the text and changes the vectors that all share, without locks (Recht et al.,
// "Hogwild!", 2011): such changes are rarely of the same row, and a race costs at worst one of them. The deterministic
// mode gives each thread some columns of all vectors instead. All go through the same steps, a few at a time, and add
// up dot products over fixed slices in a fixed order, so the model is the same whatever their number.
#pragma once

#include <atomic>
#include <memory>

#include "runtime/threads.hpp"
#include "text/word_steps.hpp"

namespace ranvier::words {

/// What of an epoch has been done.
struct Progress {
  double loss = 0;            // summed over all examples
  std::int64_t examples = 0;  // pairs of skip-gram, words of CBOW
  std::int64_t words = 0;     // steps
  std::int64_t tokens = 0;    // of the text
};

class Word2VecTrainer {
 public:
  /// `model` without its tables, which are made from the counts of its words.
  Word2VecTrainer(std::shared_ptr<const Corpus> corpus, Reading reading, Word2VecModel model,
                  const std::vector<std::int64_t>& counts);
  ~Word2VecTrainer();

  /// Opens an epoch, in which the rate goes from `first_rate` to `last_rate` with the place in the text.
  void begin(std::uint64_t epoch, double first_rate, double last_rate, int workers, bool deterministic);

  /// Trains on for so many seconds; true if the epoch has more.
  bool run(double seconds);

  Progress progress() const;

 private:
  class Worker;
  float rate(index sentence) const;
  Range slice(index i) const;
  void run_freely(double seconds, std::atomic<bool>& more);
  void run_together(double seconds, std::atomic<bool>& more);

  std::shared_ptr<const Corpus> corpus_;
  Reading reading_;
  Word2VecModel model_;
  std::vector<index> chunks_;  // first sentence of each, and the end
  std::atomic<index> next_chunk_{0};
  double first_rate_ = 0, last_rate_ = 0;
  bool deterministic_ = false;
  std::vector<std::unique_ptr<Worker>> workers_;

  // Of the deterministic mode: dot products over each slice of the columns, of the steps of this block and the next.
  index slices_ = 1;
  std::vector<float> partial_[2];
  std::atomic<std::int64_t> last_batch_{0};
};

}  // namespace ranvier::words
