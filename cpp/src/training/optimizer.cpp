#include "training/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace ranvier {

namespace {

// Sums of squares are taken over pieces of this many elements, whoever computes them, so that a norm does not depend
// on the number of threads.
constexpr index kPiece = 1 << 14;
constexpr index kGrain = 64;  // elements: a cache line of either type

void require_nonnegative(const char* name, double value) {
  if (!(value >= 0) || std::isinf(value)) throw std::invalid_argument(text(name, " must be at least 0, got ", value));
}

struct Factories {
  OptimizerFactory<float> single;
  OptimizerFactory<double> twice;
};

// Built by the registrations of the optimizers' files, before main.
std::map<std::string, Factories>& registry() {
  static std::map<std::string, Factories> kinds;
  return kinds;
}

template <class T>
OptimizerFactory<T> factory(const Factories& factories);
template <>
OptimizerFactory<float> factory(const Factories& factories) {
  return factories.single;
}
template <>
OptimizerFactory<double> factory(const Factories& factories) {
  return factories.twice;
}

template <class T>
T* values_of(std::vector<typename Optimizer<T>::Slot>& slots) {
  return slots.empty() ? nullptr : slots[0].values.data();
}

}  // namespace

double nonnegative(Config& config, const char* name, double fallback) {
  const double value = config.number(name, fallback);
  require_nonnegative(name, value);
  return value;
}

double fraction(Config& config, const char* name, double fallback) {
  const double value = config.number(name, fallback);
  if (!(value >= 0 && value < 1)) throw std::invalid_argument(text(name, " must be in [0, 1), got ", value));
  return value;
}

OptimizerOptions::OptimizerOptions(Config& config, double default_rate)
    : learning_rate(nonnegative(config, "learning_rate", default_rate)),
      weight_decay(nonnegative(config, "weight_decay", 0)),
      clipnorm(nonnegative(config, "clipnorm", 0)),
      clipvalue(nonnegative(config, "clipvalue", 0)),
      global_clipnorm(nonnegative(config, "global_clipnorm", 0)),
      use_ema(config.boolean("use_ema", false)),
      ema_momentum(nonnegative(config, "ema_momentum", 0.99)),
      ema_overwrite_frequency(config.integer("ema_overwrite_frequency", 0)),
      gradient_accumulation_steps(config.integer("gradient_accumulation_steps", 0)) {
  if ((clipnorm > 0) + (clipvalue > 0) + (global_clipnorm > 0) > 1)
    throw std::invalid_argument("only one of clipnorm, clipvalue and global_clipnorm may be set");
  if (ema_momentum > 1) throw std::invalid_argument(text("ema_momentum must be in [0, 1], got ", ema_momentum));
  if (ema_overwrite_frequency < 0 || gradient_accumulation_steps < 0)
    throw std::invalid_argument("ema_overwrite_frequency and gradient_accumulation_steps must be at least 0");
}

template <class T>
double Optimizer<T>::learning_rate() const {
  return schedule_ ? schedule_->rate(iterations_) : learning_rate_.load();
}

template <class T>
void Optimizer<T>::set_learning_rate(double rate) {
  require_nonnegative("learning_rate", rate);
  learning_rate_ = rate;
  if (schedule_) schedule_ = nullptr;
}

template <class T>
double Optimizer<T>::time() const {
  return static_cast<double>(accumulates() ? iterations_ / options_.gradient_accumulation_steps : iterations_) + 1;
}

template <class T>
void Optimizer<T>::begin() {
  const std::int64_t update = static_cast<std::int64_t>(time());
  rate_ = learning_rate();
  decay_ = rate_ * options_.weight_decay;
  updates_ = !accumulates() || (iterations_ + 1) % options_.gradient_accumulation_steps == 0;
  ema_momentum_ = static_cast<T>(update == 1 ? 0 : options_.ema_momentum);
  overwrites_ = options_.ema_overwrite_frequency > 0 && update % options_.ema_overwrite_frequency == 0;
  begin_step();
}

template <class T>
void Optimizer<T>::refresh() {
  begin();
}

template <class T>
void Optimizer<T>::build(const Parameters& parameters) {
  index pieces = 0;
  positions_.clear();
  for (const auto& parameter : parameters) {
    pieces += parameter->value.size() / kPiece + 1;
    auto known =
        std::find_if(states_.begin(), states_.end(), [&](const State& state) { return state.parameter == parameter; });
    positions_.push_back(static_cast<std::size_t>(known - states_.begin()));
    if (known != states_.end() || !parameter->trainable) continue;
    State state{parameter, {}, {}, {}, true};
    const auto add = [](std::vector<Slot>& slots, SlotKind kind) {
      const index n = size(kind.shape);
      slots.push_back({std::move(kind), Buffer<T>(n)});
      std::fill_n(slots.back().values.data(), n, static_cast<T>(slots.back().kind.initial));
    };
    for (SlotKind& kind : slots(*parameter)) add(state.own, std::move(kind));
    if (options_.use_ema) add(state.average, {"average", parameter->shape});
    if (accumulates()) add(state.accumulator, {"gradient_accumulator", parameter->shape});
    states_.push_back(std::move(state));
  }
  exclude_from_weight_decay(excluded_);
  partial_sums_.resize(static_cast<std::size_t>(pieces));
}

template <class T>
void Optimizer<T>::prepare(const Parameters& parameters, std::int64_t steps) {
  build(parameters);
  targets_.clear();
  plain_ = true;
  constrained_ = false;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    UpdateTarget<T> target{};
    // One that is no longer trained keeps its state.
    if (positions_[p] < states_.size() && parameters[p]->trainable) {
      State& state = states_[positions_[p]];
      target.optimizer = this;
      target.owner = parameters[p].get();
      target.parameter = parameters[p]->value.data();
      for (T*& slot : target.slots) slot = target.parameter;  // of those that are not used
      target.slot_count = static_cast<int>(state.own.size());
      for (std::size_t s = 0; s < state.own.size(); ++s) target.slots[s] = state.own[s].values.data();
      target.average = values_of<T>(state.average);
      target.accumulator = values_of<T>(state.accumulator);
      target.columns = parameters[p]->shape.empty() ? 1 : parameters[p]->shape.back();
      target.decays = state.decays;
      target.plain = !target.average && !target.accumulator && !parameters[p]->regularizer;
      plain_ = plain_ && target.plain;
      constrained_ = constrained_ || parameters[p]->constraint;
    }
    targets_.push_back(target);
  }
  if (schedule_) schedule_->prepare(iterations_, steps);
  begin();
}

template <class T>
void Optimizer<T>::exclude_from_weight_decay(const Parameters& parameters) {
  excluded_ = parameters;
  for (State& state : states_)
    state.decays = std::find(excluded_.begin(), excluded_.end(), state.parameter) == excluded_.end();
}

template <class T>
void Optimizer<T>::overwrite_with_average() {
  for (State& state : states_)
    if (!state.average.empty() && iterations_ > 0)
      std::copy_n(state.average[0].values.data(), state.parameter->value.size(), state.parameter->value.data());
}

template <class T>
std::optional<UpdateTarget<T>> Optimizer<T>::target(std::size_t p, const kernels::Kernels<T>& k) const {
  // A clip needs all of a gradient, and a small one is not worth a tile's call.
  constexpr index kWorthStreaming = 4096;
  UpdateTarget<T> target = targets_[p];
  if (!target.optimizer || clips() || !elementwise()) return std::nullopt;
  if (target.owner->value.size() < kWorthStreaming) return std::nullopt;
  if (target.owner->regularizer && !target.owner->regularizer->elementwise()) return std::nullopt;
  target.kernels = &k;
  return target;
}

template <class T>
GradientSink<T> Optimizer<T>::sink(const UpdateTarget<T>& target) {
  GradientSink<T> sink{};
  sink.context = &target;
  sink.take = [](const void* context, T* tile, index stride, index row, index column, index rows, index columns) {
    const auto& to = *static_cast<const UpdateTarget<T>*>(context);
    const Optimizer& self = *to.optimizer;
    const index offset = row * to.columns + column;
    if (columns == to.columns && stride == columns) {  // whole rows are one
      columns *= rows;
      rows = 1;
    }
    kernels::Update<T> u = self.part(to, offset, tile, columns);
    for (index i = 0; i < rows; ++i) {
      if (to.plain) {
        self.update(*to.kernels, u);
      } else {
        self.collect(*to.kernels, to, offset + i * to.columns, u.g, columns);
        self.take(*to.kernels, to, offset + i * to.columns, u.g, columns);
      }
      u.w += to.columns;
      u.g += stride;
      for (T*& slot : u.slots) slot += to.columns;
    }
  };
  if (target.plain && target.optimizer->rests_on_zeros())
    sink.rests = [](const void* context, index row, index rows) {
      const auto& to = *static_cast<const UpdateTarget<T>*>(context);
      return to.optimizer->rests(to, row * to.columns, rows * to.columns);
    };
  sink.touched[0] = target.parameter;
  for (int s = 0; s < std::min(2, target.slot_count); ++s) sink.touched[s + 1] = target.slots[s];
  return sink;
}

/// Whether a gradient of zero changes nothing here.
template <class T>
bool Optimizer<T>::rests(const UpdateTarget<T>& to, index offset, index n) const {
  if (to.decays && decay_ != 0) return false;
  for (int s = 0; s < to.slot_count; ++s)
    if (!std::all_of(to.slots[s] + offset, to.slots[s] + offset + n, [](T value) { return value == 0; })) return false;
  return true;
}

/// Completes a part of a gradient: the penalty's is added, and what earlier batches left.
template <class T>
void Optimizer<T>::collect(const kernels::Kernels<T>& k, const UpdateTarget<T>& to, index offset, T* g, index n) const {
  const Regularizer<T>* regularizer = to.owner->regularizer.get();
  if (regularizer && regularizer->elementwise()) regularizer->add_gradient(k, to.parameter + offset, 1, g, n);
  if (!to.accumulator) return;
  T* const sum = to.accumulator + offset;
  if (!updates_) return k.add(sum, g, sum, n);
  k.add(sum, g, g, n);
  k.scale(g, static_cast<T>(1.0 / static_cast<double>(options_.gradient_accumulation_steps)), g, n);
  k.fill(sum, 0, n);
}

template <class T>
kernels::Update<T> Optimizer<T>::part(const UpdateTarget<T>& to, index offset, T* g, index n) const {
  return {to.parameter + offset,
          {to.slots[0] + offset, to.slots[1] + offset, to.slots[2] + offset},
          g,
          n,
          to.decays ? decay_ : 0};
}

template <class T>
void Optimizer<T>::take(const kernels::Kernels<T>& k, const UpdateTarget<T>& to, index offset, T* g, index n) const {
  if (updates_) update(k, part(to, offset, g, n));
  if (to.average) average(k, to, offset, n);
}

template <class T>
void Optimizer<T>::average(const kernels::Kernels<T>& k, const UpdateTarget<T>& to, index offset, index n) const {
  k.blend(to.average + offset, to.parameter + offset, ema_momentum_, n);
  if (overwrites_) std::copy_n(to.average + offset, n, to.parameter + offset);
}

template <class T>
double Optimizer<T>::sum_of_squares(Team& team, const kernels::Kernels<T>& k, const T* x, index n) {
  const index pieces = (n + kPiece - 1) / kPiece;
  const Range mine = team.share(pieces);
  for (index i = mine.begin; i < mine.end; ++i)
    partial_sums_[static_cast<std::size_t>(i)] = k.sum_of_squares(x + i * kPiece, std::min(kPiece, n - i * kPiece));
  team.barrier();
  double sum = 0;
  for (index i = 0; i < pieces; ++i) sum += partial_sums_[static_cast<std::size_t>(i)];
  team.barrier();  // the sums may be overwritten
  return sum;
}

template <class T>
void Optimizer<T>::clip(Team& team, const kernels::Kernels<T>& k, const Parameters& parameters, T* const* gradients) {
  const auto for_shares = [&](std::size_t p, auto change) {
    const Range part = team.share(parameters[p]->value.size(), kGrain);
    change(gradients[p] + part.begin, part.size());
  };
  if (options_.clipvalue > 0) {
    const T limit = static_cast<T>(options_.clipvalue);
    for (std::size_t p = 0; p < parameters.size(); ++p)
      if (gradients[p]) for_shares(p, [&](T* g, index n) { k.clip(g, -limit, limit, g, n); });
    return;
  }
  index first = 0;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    if (!gradients[p]) continue;
    const index n = parameters[p]->value.size(), pieces = (n + kPiece - 1) / kPiece;
    const Range mine = team.share(pieces);
    for (index i = mine.begin; i < mine.end; ++i)
      partial_sums_[static_cast<std::size_t>(first + i)] =
          k.sum_of_squares(gradients[p] + i * kPiece, std::min(kPiece, n - i * kPiece));
    first += pieces;
  }
  team.barrier();
  const auto scaled = [&](double squares, double limit) {
    const double norm = std::sqrt(squares);
    return static_cast<T>(norm > limit ? limit / norm : 1.0);
  };
  double all = 0;
  for (index i = 0; i < first; ++i) all += partial_sums_[static_cast<std::size_t>(i)];
  first = 0;
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    if (!gradients[p]) continue;
    double own = 0;
    for (index i = 0; i < (parameters[p]->value.size() + kPiece - 1) / kPiece; ++i)
      own += partial_sums_[static_cast<std::size_t>(first++)];
    const T factor = options_.clipnorm > 0 ? scaled(own, options_.clipnorm) : scaled(all, options_.global_clipnorm);
    if (factor != 1) for_shares(p, [&](T* g, index n) { k.scale(g, factor, g, n); });
  }
}

template <class T>
void Optimizer<T>::step(Team& team, const kernels::Kernels<T>& k, const Parameters& parameters, T* const* gradients) {
  const auto for_shares = [&](auto change) {
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      const Range part = team.share(parameters[p]->value.size(), kGrain);
      if (gradients[p] && part.size() > 0) change(targets_[p], part.begin, gradients[p] + part.begin, part.size());
    }
  };
  if (!plain_) {
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      Regularizer<T>* regularizer = parameters[p]->regularizer.get();
      if (gradients[p] && regularizer && !regularizer->elementwise())
        regularizer->add_whole_gradient(team, k, gradients[p]);
    }
    // Each thread changes the same part of a gradient, and then of its parameter, so nothing waits in between, except
    // for what looks at whole gradients.
    for_shares([&](const UpdateTarget<T>& to, index offset, T* g, index n) { collect(k, to, offset, g, n); });
    if (updates_ && clips()) team.barrier();
  }
  if (updates_ && clips()) clip(team, k, parameters, gradients);
  if (elementwise() || !updates_) {
    for_shares([&](const UpdateTarget<T>& to, index offset, T* g, index n) { take(k, to, offset, g, n); });
  } else {
    team.barrier();
    for (std::size_t p = 0; p < parameters.size(); ++p)
      if (gradients[p])
        update_whole(team, k, parameters[p]->shape, part(targets_[p], 0, gradients[p], parameters[p]->value.size()));
    for_shares([&](const UpdateTarget<T>& to, index offset, T*, index n) {
      if (to.average) average(k, to, offset, n);
    });
  }
  team.barrier();
  if (constrained_)
    for (const UpdateTarget<T>& to : targets_)
      if (to.optimizer && to.owner->constraint)
        to.owner->constraint->apply(team, k, to.parameter, to.owner->value.size());
  if (team.rank() == 0) {
    ++iterations_;
    begin();
  }
  team.barrier();
}

bool register_optimizer(const char* kind, OptimizerFactory<float> single, OptimizerFactory<double> twice) {
  return registry().emplace(kind, Factories{single, twice}).second;
}

std::vector<std::string> optimizer_kinds() {
  std::vector<std::string> names;
  for (const auto& [name, factories] : registry()) names.push_back(name);
  return names;
}

template <class T>
std::shared_ptr<Optimizer<T>> make_optimizer(const std::string& name, Config config) {
  const auto found = registry().find(name);
  if (found == registry().end()) throw std::invalid_argument(unknown_name("optimizer", name, optimizer_kinds()));
  auto optimizer = factory<T>(found->second)(config);
  config.finish(name);
  return optimizer;
}

template class Optimizer<float>;
template class Optimizer<double>;
template std::shared_ptr<Optimizer<float>> make_optimizer(const std::string&, Config);
template std::shared_ptr<Optimizer<double>> make_optimizer(const std::string&, Config);

}  // namespace ranvier
