#include "text/word2vec.hpp"

#include <algorithm>
#include <chrono>

#include "runtime/denormals.hpp"

namespace ranvier::words {

namespace {

using Clock = std::chrono::steady_clock;

constexpr index kBatchSteps = 64;
constexpr index kFewestTokens = 256, kMostTokens = 8192;  // of a chunk, which goes to the first thread that is free

}  // namespace

// One thread's share of an epoch.
class Word2VecTrainer::Worker {
 public:
  Worker(Word2VecTrainer& owner, EpochDraws draws)
      : owner_(owner),
        windows_(owner.reading_, draws),
        steps_{{owner.model_, owner.reading_.window}, {owner.model_, owner.reading_.window}} {}

  /// Trains until the time has come; true if there is more to do.
  bool run(Clock::time_point stop) {
    do {
      windows_.fill(batch_, kBatchSteps);
      if (batch_.steps.empty() && !take_chunk()) return false;
      train_batch();
    } while (Clock::now() < stop);
    return true;
  }

  const Progress& progress() const { return progress_; }

 private:
  bool take_chunk() {
    const index chunk = owner_.next_chunk_.fetch_add(1, std::memory_order_relaxed);
    if (chunk + 1 >= static_cast<index>(owner_.chunks_.size())) return false;
    const index* const bounds = owner_.chunks_.data() + chunk;
    windows_.open({bounds[0], bounds[1]});
    const std::vector<index>& starts = owner_.corpus_->starts;
    progress_.tokens += starts[static_cast<std::size_t>(bounds[1])] - starts[static_cast<std::size_t>(bounds[0])];
    return true;
  }

  void prepare(WordStep& step, std::size_t i) {
    const Step& taken = batch_.steps[i];
    step.prepare(taken, batch_.contexts.data() + taken.first, owner_.rate(taken.sentence));
  }

  void train_batch() {
    const Range columns{0, owner_.model_.input.columns};
    const std::size_t count = batch_.steps.size();
    if (count > 0) prepare(steps_[0], 0);
    for (std::size_t i = 0; i < count; ++i) {
      if (i + 1 < count) prepare(steps_[(i + 1) % 2], i + 1);
      WordStep& step = steps_[i % 2];
      z_.resize(std::max(z_.size(), static_cast<std::size_t>(step.dots())));
      step.forward(columns, z_.data());
      progress_.loss += step.slopes(z_.data());
      step.backward(columns, z_.data());
      progress_.examples += step.examples();
    }
    progress_.words += static_cast<std::int64_t>(count);
  }

  Word2VecTrainer& owner_;
  Windows windows_;
  Batch batch_;
  WordStep steps_[2];
  std::vector<float> z_;
  Progress progress_;
};

Word2VecTrainer::Word2VecTrainer(std::shared_ptr<const Corpus> corpus, Reading reading, Word2VecModel model,
                                 const std::vector<std::int64_t>& counts)
    : corpus_(std::move(corpus)), reading_(std::move(reading)), model_(std::move(model)) {
  reading_.corpus = corpus_.get();
  if (model_.options.negative > 0) model_.noise = NoiseTable(counts, model_.options.noise_exponent);
  if (model_.options.hierarchical) model_.tree = HuffmanTree(counts);
  const auto tokens = static_cast<index>(corpus_->tokens.size());
  const index least = std::clamp(tokens / 256, kFewestTokens, kMostTokens);
  index begin = 0;
  chunks_.push_back(0);
  for (index sentence = 1; sentence <= corpus_->sentences(); ++sentence) {
    const index end = corpus_->starts[static_cast<std::size_t>(sentence)];
    if (end - begin < least && sentence < corpus_->sentences()) continue;
    chunks_.push_back(sentence);
    begin = end;
  }
}

Word2VecTrainer::~Word2VecTrainer() = default;

float Word2VecTrainer::rate(index sentence) const {
  const double place = static_cast<double>(corpus_->starts[static_cast<std::size_t>(sentence)]);
  const double done = place / static_cast<double>(corpus_->starts.back());
  return static_cast<float>(first_rate_ + (last_rate_ - first_rate_) * done);
}

void Word2VecTrainer::begin(std::uint64_t epoch, double first_rate, double last_rate, int workers, bool deterministic) {
  first_rate_ = first_rate, last_rate_ = last_rate;
  deterministic_ = deterministic;
  next_chunk_ = 0;
  workers_.clear();
  const EpochDraws draws(model_.options.seed, epoch);
  for (int i = 0; i < workers; ++i) workers_.push_back(std::make_unique<Worker>(*this, draws));
}

bool Word2VecTrainer::run(double seconds) {
  const Clock::time_point stop =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::atomic<bool> more{false};
  run_team(static_cast<int>(workers_.size()), [&](Team& team) {
    const FlushDenormals flush;
    for (std::size_t i = static_cast<std::size_t>(team.rank()); i < workers_.size();
         i += static_cast<std::size_t>(team.size()))
      if (workers_[i]->run(stop)) more = true;
  });
  return more;
}

Progress Word2VecTrainer::progress() const {
  Progress sum;
  for (const auto& worker : workers_) {
    const Progress& one = worker->progress();
    sum.loss += one.loss, sum.examples += one.examples, sum.words += one.words, sum.tokens += one.tokens;
  }
  return sum;
}

}  // namespace ranvier::words
