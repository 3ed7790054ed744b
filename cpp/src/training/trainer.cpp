#include "training/trainer.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/clock.hpp"
#include "runtime/denormals.hpp"
#include "runtime/random.hpp"
#include "training/trainer_output.hpp"

namespace ranvier {

namespace {

constexpr index kGrain = 16;  // rows

// A pass of at most this much work a step looks at the clock every 16 steps only: reading it costs as much as 1 % of
// one.
constexpr double kTinyStep = 1e6;

}  // namespace

template <class T>
Trainer<T>::Trainer(std::shared_ptr<Network<T>> network, std::vector<Objective<T>> objectives,
                    std::shared_ptr<Optimizer<T>> optimizer)
    : network_(std::move(network)), optimizer_(std::move(optimizer)) {
  if (objectives.empty() ? !network_->adds_losses() : objectives.size() != network_->graph().outputs.size())
    fail(network_->name, "expected one loss for each of the ", network_->graph().outputs.size(), " outputs, got ",
         objectives.size());
  for (Objective<T>& objective : objectives) outputs_.emplace_back(std::move(objective));
}

template <class T>
Trainer<T>::~Trainer() = default;

template <class T>
void Trainer<T>::make_plans() {
  std::vector<char> trainable;
  for (const auto& parameter : network_->graph().parameters()) trainable.push_back(parameter->trainable);
  if (training_plan_ && training_plan_->table() == &kernels::table<T>() && trainable == trainable_) return;
  trainable_ = std::move(trainable);

  // Cross-entropy of a softmax is computed from the logits: exact for any logit, where the logarithm of a probability
  // that was rounded to 0 is not.
  Graph<T> graph = network_->graph();
  graph.output_masks = network_->output_masks();
  graph = graph.pruned();
  const Graph<T> used[] = {graph.in_mode(true).pruned(), graph.in_mode(false).pruned()};
  graph = graph.without_added_losses();
  if (outputs_.empty()) graph.outputs.clear();
  Graph<T> trained = graph, evaluated = graph;
  training_penalties_.find(trained, used[0], outputs_.size());
  evaluation_penalties_.find(evaluated, used[1], outputs_.size());
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    const std::string link = output.objective.loss.link();
    Graph<T> bare[] = {trained, evaluated};
    output.of_logits = !link.empty() && bare[0].drop_activation(graph.outputs[i], link) &&
                       bare[1].drop_activation(graph.outputs[i], link);
    if (output.of_logits) {
      trained = std::move(bare[0]);
      evaluated = std::move(bare[1]);
    }
    output.loss = output.of_logits ? output.objective.loss.from_logits() : output.objective.loss;
    const Shape& shape = network_->output_shape(i);
    output.C = shape.empty() ? 1 : shape.back();
    output.R = size(shape) / output.C;
    output.loss.check_columns(output.C);
    const ValueId mask = i < graph.output_masks.size() ? graph.output_masks[i] : kNone;
    output.masked = mask != kNone && size(graph.values[mask].shape) == output.R;
    output.batch_loss = output.loss.over_batches(shape);
  }
  training_plan_ = std::make_unique<Plan<T>>(trained, kTraining);
  evaluation_plan_ = std::make_unique<Plan<T>>(evaluated, kInference);
  gradients_.resize(training_plan_->parameters().size());
}

template <class T>
void Trainer<T>::check(const Feed& feed, index batch_size) {
  const index rows = network_->check_inputs(feed.x);
  const std::string& who = network_->name;
  if (rows == 0) fail(who, "expected at least one row of data, got none");
  if (rows > INT32_MAX) fail(who, "expected at most ", INT32_MAX, " rows, got ", rows);
  const index fixed = network_->fixed_batch();
  if (fixed > 0 && (batch_size != fixed || feed.rows() % fixed != 0))
    fail(who, "a stateful layer carries its state between batches of ", fixed,
         " rows: expected that batch_size and whole batches, got batch_size ", batch_size, " and ", feed.rows(),
         " rows");
  if (feed.y.size() != outputs_.size() || feed.weights.size() != outputs_.size())
    fail(who, "expected targets for ", outputs_.size(), " outputs, got ", feed.y.size());
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    const ArrayView& y = feed.y[i];
    const ArrayView& weights = feed.weights[i];
    if (y.rows() != rows) fail(who, "x has ", rows, " rows, but y has ", y.rows());
    const index wanted = output.loss.target_columns(output.C);
    if (y.row_elements() != output.R * wanted)
      fail(who, output.objective.loss.kind(), " expected targets of ", output.R * wanted,
           " numbers a row for an output ", to_string_batched(network_->output_shape(i)), ", got y ",
           to_string(y.shape));
    output.for_metrics([&](Metric<T>& metric, index, const T*) {
      metric.prepare(output.C);
      if (metric.target_columns(output.C) != wanted)
        fail(who, "a metric needs targets of ", metric.target_columns(output.C), " numbers a row, but the loss ",
             output.objective.loss.kind(), " needs ", wanted, ": choose a metric of the same form");
    });
    if (weights.data && (weights.rows() != rows || (weights.row_elements() != 1 && weights.row_elements() != output.R)))
      fail(who, "expected one sample weight for each of ", rows, " rows, got ", to_string(weights.shape));
  }
}

template <class T>
void Trainer<T>::begin(Feed feed, PassOptions options) {
  if (busy_.load()) throw std::runtime_error("[" + network_->name + "] another thread is training this model");
  if (options.batch_size < 1) fail(network_->name, "batch_size must be at least 1, got ", options.batch_size);
  make_plans();
  check(feed, options.batch_size);
  options_ = options;
  batch_ = batches_ = 0;
  loss_total_ = rows_total_ = 0;
  plan_ = options.training ? training_plan_.get() : evaluation_plan_.get();
  penalties_ = options.training ? &training_penalties_ : &evaluation_penalties_;
  threads_ = options.training ? &training_threads_ : &evaluation_threads_;
  take(std::move(feed));
  for (Output& output : outputs_) {
    output.loss_total = 0;
    output.for_metrics([](Metric<T>& metric, index, const T*) { metric.reset(); });
  }
  if (options.shuffle)
    shuffle_rows(order_, feed_.rows(), seed, options.epoch);
  else
    order_.clear();
  if (options.training) keep_finite_parameters();
}

template <class T>
void Trainer<T>::extend(Feed feed) {
  if (busy_.load()) throw std::runtime_error("[" + network_->name + "] another thread is training this model");
  if (!plan_) fail(network_->name, "there is no pass to extend: begin one first");
  check(feed, feed.rows());
  options_.batch_size = feed.rows();
  options_.batches = -1;
  order_.clear();
  take(std::move(feed));
}

/// Adds the batches of a feed to the pass, and gets everything ready for them.
template <class T>
void Trainer<T>::take(Feed feed) {
  feed_ = std::move(feed);
  const index rows = feed_.rows(), batch = std::min(options_.batch_size, rows);
  batches_before_ = batch_;
  index batches = (rows + batch - 1) / batch;
  if (options_.batches >= 0) batches = std::min(batches, options_.batches);
  batches_ = batch_ + batches;

  const double work = plan_->flops() * static_cast<double>(batch) * (options_.training ? 3 : 1);
  const int threads = work < kWorthThreads ? 1 : num_threads();
  threads_->begin(threads, work);
  clock_stride_ = work < kTinyStep ? 16 : 1;
  penalties_->prepare(plan_->parameters(), batch, threads);
  if (options_.training) {
    for (const auto& parameter : plan_->parameters())
      if (parameter->constraint) parameter->constraint->prepare(parameter->name, parameter->shape);
    optimizer_->prepare(plan_->parameters(), batches);
    stream_updates();
  }
  plan_->reserve(batch, threads);
  for (std::size_t i = 0; i < feed_.x.size(); ++i) plan_->own_input(i);
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    output.target_columns = output.loss.target_columns(output.C);
    output.weighted = feed_.weights[i].data != nullptr;
    output.reserve(batch, keep_batch);
  }
  if (!options_.training) return;
  for (std::size_t p = 0; p < gradients_.size(); ++p) gradients_[p] = plan_->parameter_gradient(p);
}

/// Lets the optimizer consume the gradients of large matrices as they are computed, where its options allow: they
/// never reach memory.
template <class T>
void Trainer<T>::stream_updates() {
  const std::size_t count = plan_->parameters().size();
  targets_.clear();
  sinks_.clear();
  targets_.reserve(count);  // sinks point into them
  sinks_.reserve(count);
  for (std::size_t p = 0; p < count; ++p) {
    auto target = optimizer_->target(p, *plan_->table());
    if (target) {
      targets_.push_back(std::move(*target));
      sinks_.push_back(Optimizer<T>::sink(targets_.back()));
    }
    plan_->stream_gradient(p, target ? &sinks_.back() : nullptr, std::min(options_.batch_size, feed_.rows()));
  }
}

template <class T>
void Trainer<T>::gather_batch(Team& team, index first, index rows) {
  const std::int32_t* order = order_.empty() ? nullptr : order_.data() + first;
  const Range part = team.share(rows, kGrain);
  const auto take = [&](const ArrayView& from, T* to) {
    gather(from, order ? order + part.begin : nullptr, first + part.begin, part.size(),
           to + part.begin * from.row_elements());
  };
  for (std::size_t i = 0; i < feed_.x.size(); ++i) take(feed_.x[i], plan_->input(i));
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    take(feed_.y[i], output.target.data());
    if (!output.weighted) continue;
    take(feed_.weights[i], output.weights.data());
    if (feed_.weights[i].row_elements() == output.R) continue;
    // One weight for a row of several positions: spread it, from the end, over the same buffer. Rows of other threads
    // lie elsewhere only once spread, so one thread does it.
    team.barrier();
    if (team.rank() == 0)
      for (index row = rows; row-- > 0;)
        std::fill_n(output.weights.data() + row * output.R, output.R, output.weights[row]);
  }
  team.barrier();
}

/// Losses of the batch with the gradients of the outputs, and metrics. Returns the total loss, on every thread.
template <class T>
double Trainer<T>::losses(Team& team, index rows) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    const Range batch_part = team.share(rows, kGrain);
    const Range part{batch_part.begin * output.R, batch_part.end * output.R};
    const index C = output.C, count = rows * output.R;

    T* const gradient = options_.training ? plan_->output_gradient(i) : nullptr;
    T* const prediction = plan_->output(i) + part.begin * C;
    const T* const target = output.target.data() + part.begin * output.target_columns;
    if (output.masked) output.see_mask(plan_->output_mask(i), part);
    if (output.batch_loss) {
      output.batch_loss->gather(output.batch_call(rows, plan_->output(i), gradient), batch_part);
    } else {
      const double divisor = output.divisor(count), factor = divisor != 0 ? output.objective.weight / divisor : 0;
      for (index j = part.begin; j < part.end; ++j) output.scale[j] = static_cast<T>(factor * output.weight(j));
      kernels::LossCall<T> call{};
      call.target = target;
      call.prediction = prediction;
      call.scale = output.scale.data() + part.begin;
      call.value = output.value.data() + part.begin;
      call.gradient = gradient ? gradient + part.begin * C : nullptr;
      call.probability = output.of_logits ? prediction : nullptr;
      call.rows = part.size();
      call.columns = C;
      output.loss.run(call);
    }
    output.for_metrics([&](const Metric<T>& metric, index position, const T*) {
      if (metric.has_values())
        metric.values(
            {target, prediction, output.metric_value.data() + position * count + part.begin, part.size(), C, nullptr});
    });
    if (keep_batch) std::copy_n(prediction, part.size() * C, output.kept.data() + part.begin * C);
  }
  penalties_->compute(team, *plan_, team.share(rows, kGrain), rows, options_.training,
                      options_.training || batch_ == batches_before_);
  team.barrier();

  // Every thread sums all rows in the same order: the loss is the same for any number of threads, and all know it.
  double total = penalties_->total(rows);
  bool unfinished = false;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Output& output = outputs_[i];
    const index count = rows * output.R;
    double loss = 0;
    if (output.batch_loss) {
      T* const gradient = options_.training ? plan_->output_gradient(i) : nullptr;
      loss = output.batch_loss->finish(output.batch_call(rows, plan_->output(i), gradient), team.share(rows, kGrain));
      unfinished = true;
    } else {
      const T* const value = output.value.data();
      double sum = 0;
      for (index j = 0; j < count; ++j)
        if (output.counts(j)) sum += output.weight(j) * static_cast<double>(value[j]);
      const double divisor = output.divisor(count);
      loss = divisor != 0 ? sum / divisor : 0;
    }
    total += output.objective.weight * loss;
    if (team.rank() != 0) continue;
    output.loss_total += loss * static_cast<double>(rows);
    output.for_metrics([&](Metric<T>& metric, index position, const T* weights) {
      metric.add({output.target.data(), plan_->output(i), output.metric_value.data() + position * count, count,
                  output.C, weights});
    });
  }
  if (unfinished) team.barrier();  // the other threads' parts of the gradient
  if (team.rank() == 0) {
    loss_total_ += total * static_cast<double>(rows);
    rows_total_ += static_cast<double>(rows);
  }
  return total;
}

/// The random numbers of a batch. What an evaluation draws depends on the row, not on the batch that it is in.
template <class T>
Step Trainer<T>::step_of(index rows) const {
  const std::uint64_t stream = static_cast<std::uint64_t>(optimizer_->iterations()) * kStreamsPerStep;
  if (options_.training) return {rows, {seed, stream}};
  return {rows, {seed, kEvaluationStream | stream}, static_cast<index>(rows_total_)};
}

/// One batch; returns its loss. Where that is not finite in training, nothing is updated.
template <class T>
double Trainer<T>::step(Team& team) {
  const index first = (batch_ - batches_before_) * options_.batch_size;
  const index rows = std::min(options_.batch_size, feed_.rows() - first);
  const Step step = this->step_of(rows);
  gather_batch(team, first, rows);
  plan_->forward(team, step);
  if (team.rank() == 0) batch_rows_ = rows;
  const double loss = losses(team, rows);
  if (!options_.training || !std::isfinite(loss)) return loss;
  plan_->backward(team, step);
  optimizer_->step(team, *plan_->table(), plan_->parameters(), gradients_.data());
  return loss;
}

/// Runs batches up to number `last` until the deadline, or until a loss is not finite in training; returns the last
/// loss.
template <class T>
double Trainer<T>::run_stretch(index last, double deadline) {
  double loss = 0;
  bool stop = false;
  run_team(threads_->threads(), [&](Team& team) {
    const FlushDenormals flush;
    do {
      const double batch_loss = step(team);
      if (team.rank() == 0) {
        loss = batch_loss;
        ++batch_;
        stop = batch_ >= last || (options_.training && !std::isfinite(loss)) ||
               (batch_ % clock_stride_ == 0 && now() >= deadline);
      }
      team.barrier();  // the next write to `stop` is behind the next step's barriers
    } while (!stop);
  });
  return loss;
}

template <class T>
bool Trainer<T>::run(double seconds, index batches) {
  if (busy_.exchange(true)) throw std::runtime_error("[" + network_->name + "] another thread is training this model");
  struct Release {
    std::atomic<bool>& busy;
    ~Release() { busy = false; }
  } release{busy_};

  const index last = batches < 0 ? batches_ : std::min(batches_, batch_ + batches);
  if (options_.training) optimizer_->refresh();
  const double deadline = now() + seconds;
  for (double start = now(); batch_ < last && start < deadline; start = now()) {
    const index first = batch_;
    const double loss = run_stretch(last, std::min(deadline, start + threads_->seconds()));
    threads_->report(now() - start, static_cast<double>(batch_ - first));
    if (options_.training && !std::isfinite(loss)) fail_nonfinite(loss);
  }
  return batch_ < batches_;
}

template <class T>
void Trainer<T>::keep_finite_parameters() {
  const auto& parameters = plan_->parameters();
  const auto& k = *plan_->table();
  for (const auto& parameter : parameters)
    if (!k.all_finite(parameter->value.data(), parameter->value.size())) return;
  if (finite_.size() != parameters.size()) {
    finite_.clear();
    for (const auto& parameter : parameters) finite_.emplace_back(parameter->value.size());
  }
  for (std::size_t p = 0; p < parameters.size(); ++p)
    std::copy_n(parameters[p]->value.data(), parameters[p]->value.size(), finite_[p].data());
}

template <class T>
void Trainer<T>::fail_nonfinite(double loss) {
  const auto& parameters = plan_->parameters();
  const auto& k = *plan_->table();
  bool restored = false;
  for (const auto& parameter : parameters)
    restored = restored || !k.all_finite(parameter->value.data(), parameter->value.size());
  restored = restored && finite_.size() == parameters.size();
  if (restored) {
    for (std::size_t p = 0; p < parameters.size(); ++p)
      std::copy_n(finite_[p].data(), finite_[p].size(), parameters[p]->value.data());
    for (auto& state : optimizer_->state())
      for (auto* slots : {&state.own, &state.average, &state.accumulator})
        for (auto& slot : *slots)
          if (!k.all_finite(slot.values.data(), slot.values.size()))
            k.fill(slot.values.data(), static_cast<T>(slot.kind.initial), slot.values.size());
  }
  const index batches = batches_before_ + (feed_.rows() + options_.batch_size - 1) / options_.batch_size;
  batches_ = batch_;
  throw NonFiniteLoss(text("[", network_->name, "] the loss became ", loss, " in epoch ", options_.epoch + 1,
                           ", batch ", batch_, " of ", batches, "; ",
                           restored ? "the weights are back at their values when this epoch began"
                                    : "the weights are those before this batch",
                           ". Lower the learning rate, clip the gradients, or scale the inputs and targets"));
}

template <class T>
std::vector<double> Trainer<T>::results() const {
  const double rows = std::max(rows_total_, 1.0);
  std::vector<double> all{loss_total_ / rows};
  for (const Output& output : outputs_) all.push_back(output.loss_total / rows);
  return all;
}

template <class T>
std::vector<std::vector<double>> Trainer<T>::metric_results() const {
  std::vector<std::vector<double>> all;
  for (const Output& output : outputs_) {
    for (const auto& metric : output.objective.metrics) all.push_back(metric->result());
    for (const auto& metric : output.objective.weighted_metrics) all.push_back(metric->result());
  }
  return all;
}

template <class T>
std::vector<typename Trainer<T>::BatchPart> Trainer<T>::last_batch() const {
  std::vector<BatchPart> parts;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const Output& output = outputs_[i];
    const Shape& row = network_->output_shape(i);
    const Shape positions(row.begin(), row.empty() ? row.end() : row.end() - 1);
    parts.push_back({output.target.data(), output.kept.data(), output.weighted ? output.weights.data() : nullptr,
                     batch_rows_, output.target_columns == output.C ? row : positions, row, positions});
  }
  return parts;
}

template <class T>
std::vector<PlanMemory> Trainer<T>::memory() const {
  if (!training_plan_) return {};
  return {training_plan_->memory(), evaluation_plan_->memory()};
}

template <class T>
std::vector<double> Trainer<T>::progress() const {
  std::vector<double> numbers{static_cast<double>(batch_), loss_total_, rows_total_};
  for (const Output& output : outputs_) {
    numbers.push_back(output.loss_total);
    for (const auto* metrics : {&output.objective.metrics, &output.objective.weighted_metrics})
      for (const auto& metric : *metrics) {
        const std::vector<double> state = metric->state();
        numbers.insert(numbers.end(), state.begin(), state.end());
      }
  }
  return numbers;
}

template <class T>
void Trainer<T>::resume(const std::vector<double>& progress, index skipped) {
  const std::size_t wanted = this->progress().size();
  if (progress.size() != wanted)
    fail(network_->name, "expected ", wanted, " numbers of an interrupted pass, got ", progress.size(),
         ": its metrics were others");
  batches_ += skipped;
  batches_before_ = skipped;
  if (!(progress[0] >= static_cast<double>(skipped) && progress[0] <= static_cast<double>(batches_)))
    fail(network_->name, "an interrupted pass was at batch ", progress[0], ", but there are ", batches_);
  const double* next = progress.data();
  batch_ = static_cast<index>(*next++);
  loss_total_ = *next++;
  rows_total_ = *next++;
  for (Output& output : outputs_) {
    output.loss_total = *next++;
    for (auto* metrics : {&output.objective.metrics, &output.objective.weighted_metrics})
      for (const auto& metric : *metrics) {
        metric->set_state(next);
        next += metric->state().size();
      }
  }
}

template class Trainer<float>;
template class Trainer<double>;

}  // namespace ranvier
