#include "text/word2vec.hpp"

#include <algorithm>
#include <limits>

#include "runtime/clock.hpp"
#include "runtime/denormals.hpp"

namespace ranvier::words {

namespace {

constexpr index kBatchSteps = 64;                         // between two looks at the clock
constexpr std::int64_t kExchangeBatches = 4;              // after which workers tell each other of hot rows
constexpr index kFewestTokens = 256, kMostTokens = 8192;  // of a chunk, which goes to the first thread that is free
// Steps whose dot products are taken together by the deterministic mode: as few as let a barrier pay.
constexpr index kSkipGramBlock = 4, kCbowBlock = 16;

}  // namespace

// What one thread needs for an epoch.
class Word2VecTrainer::Worker {
 public:
  /// `sharing`: so many workers change the same columns.
  Worker(Word2VecTrainer& owner, EpochDraws draws, index block, int sharing)
      : owner_(owner), rows_(owner.model_, sharing), windows_(owner.reading_, draws) {
    for (index i = 0; i < 2 * block; ++i) steps_.emplace_back(owner.model_, rows_, owner.reading_.window);
  }

  /// Trains on chunks that nobody else has taken until the time has come; true if there is more to do.
  bool run(double stop) {
    rows_.refresh();
    do {
      if (!fill([this] { return owner_.next_chunk_.fetch_add(1, std::memory_order_relaxed); })) {
        rows_.exchange(rate_);
        return false;
      }
      const std::size_t count = batch_.steps.size();
      if (count > 0) rate_ = owner_.rate(batch_.steps.back().sentence);
      for (std::size_t i = 0; i < count; ++i) {
        if (i == 0) prepare(steps_[0], 0);
        if (i + 1 < count) prepare(steps_[(i + 1) % 2], i + 1);
        WordStep& step = steps_[i % 2];
        count_step(step, step.run(room(z_, step.dots())));
      }
      if (++batches_ % kExchangeBatches == 0) rows_.exchange(rate_);
    } while (now() < stop);
    rows_.exchange(rate_);
    return true;
  }

  /// The same for some columns of all chunks, in a team that goes through the same steps.
  bool run_together(double stop, Team& team) {
    const Range slices = team.share(owner_.slices_);
    for (std::int64_t batch = 0;; ++batch) {
      // Known to all after the next barrier, and so at the end of the batch.
      if (team.rank() == 0 && now() >= stop) owner_.last_batch_.store(batch, std::memory_order_relaxed);
      if (!fill([this] { return chunk_++; })) return false;
      for (std::size_t begin = 0; begin < batch_.steps.size(); begin += steps_.size() / 2)
        run_block(begin, slices, team);
      if (!batch_.steps.empty() && owner_.last_batch_.load(std::memory_order_relaxed) <= batch) return true;
    }
  }

  /// Goes on where another stands.
  void follow(const Worker& other) {
    windows_ = other.windows_;
    chunk_ = other.chunk_;
    parity_ = other.parity_;
  }

  const Progress& progress() const { return progress_; }

 private:
  // The next batch, which is empty where a chunk begins; false at the end of the epoch.
  template <class NextChunk>
  bool fill(const NextChunk& next_chunk) {
    windows_.fill(batch_, kBatchSteps);
    if (!batch_.steps.empty()) return true;
    const auto chunk = static_cast<std::size_t>(next_chunk());
    if (chunk + 1 >= owner_.chunks_.size()) return false;
    const Range sentences{owner_.chunks_[chunk], owner_.chunks_[chunk + 1]};
    windows_.open(sentences);
    const std::vector<index>& starts = owner_.corpus_->starts;
    progress_.tokens +=
        starts[static_cast<std::size_t>(sentences.end)] - starts[static_cast<std::size_t>(sentences.begin)];
    return true;
  }

  void prepare(WordStep& step, std::size_t i) {
    const Step& taken = batch_.steps[i];
    step.prepare(taken, batch_.contexts.data() + taken.first, owner_.rate(taken.sentence));
  }

  void count_step(const WordStep& step, double loss) {
    progress_.loss += loss;
    progress_.examples += step.examples();
    ++progress_.words;
  }

  // Steps begin .. of the batch: dot products of all of them, a barrier, then each moves in its turn.
  void run_block(std::size_t begin, Range slices, Team& team) {
    const std::size_t block = steps_.size() / 2, end = std::min(begin + block, batch_.steps.size());
    WordStep* const now = steps_.data() + parity_ * block;
    if (begin == 0) {
      for (std::size_t i = begin; i < end; ++i) prepare(now[i - begin], i);
    }
    index dots = 0;
    for (std::size_t i = begin; i < end; ++i) dots += now[i - begin].dots();
    const auto partial = [&, this](index slice) {
      return owner_.partial_[parity_].data() +
             slice * static_cast<index>(owner_.partial_[parity_].size()) / owner_.slices_;
    };
    for (index slice = slices.begin; slice < slices.end; ++slice) {
      float* z = partial(slice);
      for (std::size_t i = begin; i < end; ++i) {
        now[i - begin].forward(owner_.slice(slice), z);
        z += now[i - begin].dots();
      }
    }
    team.barrier();
    const Range columns{owner_.slice(slices.begin).begin, owner_.slice(slices.end).begin};
    float* z = room(z_, dots);
    std::copy_n(partial(0), dots, z);
    for (index slice = 1; slice < owner_.slices_; ++slice) {
      const float* const more = partial(slice);
      for (index i = 0; i < dots; ++i) z[i] += more[i];
    }
    parity_ ^= 1;
    WordStep* const next = steps_.data() + parity_ * block;
    for (std::size_t i = end; i < std::min(end + block, batch_.steps.size()); ++i) prepare(next[i - end], i);
    for (std::size_t i = begin; i < end; ++i) {
      count_step(now[i - begin], now[i - begin].slopes(z));
      now[i - begin].backward(columns, z);
      z += now[i - begin].dots();
    }
  }

  static float* room(std::vector<float>& z, index count) {
    if (static_cast<index>(z.size()) < count) z.resize(static_cast<std::size_t>(count));
    return z.data();
  }

  Word2VecTrainer& owner_;
  ModelRows rows_;
  Windows windows_;
  index chunk_ = 0;
  Batch batch_;
  std::vector<WordStep> steps_;  // of this block and the next
  std::size_t parity_ = 0;
  std::vector<float> z_;
  std::int64_t batches_ = 0;
  float rate_ = 0;  // of the last step
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
  const auto place = static_cast<double>(corpus_->starts[static_cast<std::size_t>(sentence)]);
  const double done = place / static_cast<double>(corpus_->starts.back());
  return static_cast<float>(first_rate_ + (last_rate_ - first_rate_) * done);
}

// Columns of slice i. Slices are of at least 32 columns, and there is an even number of them.
Range Word2VecTrainer::slice(index i) const {
  const index units = model_.input.columns / kernels::kWordColumns;
  return {units * i / slices_ * kernels::kWordColumns, units * (i + 1) / slices_ * kernels::kWordColumns};
}

void Word2VecTrainer::begin(std::uint64_t epoch, double first_rate, double last_rate, int workers, bool deterministic) {
  first_rate_ = first_rate, last_rate_ = last_rate;
  deterministic_ = deterministic;
  next_chunk_ = 0;
  index block = 1;
  if (deterministic) {
    block = model_.options.skip_gram ? kSkipGramBlock : kCbowBlock;
    const index units = model_.input.columns / kernels::kWordColumns;
    slices_ = units >= 32 ? 8 : units >= 16 ? 4 : units >= 4 ? 2 : 1;
    const index examples = model_.options.skip_gram ? 2 * reading_.window : 1;
    const index rows = model_.noise_rows() + (model_.options.hierarchical ? model_.tree.longest() : 0);
    for (auto& partial : partial_) partial.assign(static_cast<std::size_t>(slices_ * block * examples * rows), 0);
    workers = static_cast<int>(std::min<index>(workers, slices_));
  }
  workers_.clear();
  const EpochDraws draws(model_.options.seed, epoch);
  for (int i = 0; i < workers; ++i)
    workers_.push_back(std::make_unique<Worker>(*this, draws, block, deterministic ? 1 : workers));
}

bool Word2VecTrainer::run(double seconds) {
  std::atomic<bool> more{false};
  deterministic_ ? run_together(seconds, more) : run_freely(seconds, more);
  return more;
}

void Word2VecTrainer::run_freely(double seconds, std::atomic<bool>& more) {
  const double stop = now() + seconds;
  run_team(static_cast<int>(workers_.size()), [&](Team& team) {
    const FlushDenormals flush;
    for (auto i = static_cast<std::size_t>(team.rank()); i < workers_.size();
         i += static_cast<std::size_t>(team.size()))
      if (workers_[i]->run(stop)) more = true;
  });
}

void Word2VecTrainer::run_together(double seconds, std::atomic<bool>& more) {
  const double stop = now() + seconds;
  for (const auto& worker : workers_) worker->follow(*workers_[0]);
  last_batch_ = std::numeric_limits<std::int64_t>::max();
  run_team(static_cast<int>(workers_.size()), [&](Team& team) {
    const FlushDenormals flush;
    if (workers_[static_cast<std::size_t>(team.rank())]->run_together(stop, team)) more = true;
  });
}

Progress Word2VecTrainer::progress() const {
  if (deterministic_ && !workers_.empty()) return workers_[0]->progress();
  Progress sum;
  for (const auto& worker : workers_) {
    const Progress& one = worker->progress();
    sum.loss += one.loss, sum.examples += one.examples, sum.words += one.words, sum.tokens += one.tokens;
  }
  return sum;
}

}  // namespace ranvier::words
