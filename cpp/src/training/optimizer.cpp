#include "training/optimizer.hpp"

#include <algorithm>
#include <cmath>

namespace ranvier {

namespace {

// Sums of squares are taken over pieces of this many elements, whoever computes them, so that a norm does not depend
// on the number of threads.
constexpr index kPiece = 1 << 14;
constexpr std::size_t kMostSlots = 4;
constexpr index kGrain = 64;  // elements: a cache line of either type

void require_positive_or_zero(const char* name, double value) {
  if (!(value >= 0) || std::isinf(value)) throw std::invalid_argument(text(name, " must be at least 0, got ", value));
}

}  // namespace

OptimizerOptions::OptimizerOptions(Config& config, double default_rate)
    : learning_rate(config.number("learning_rate", default_rate)),
      weight_decay(config.number("weight_decay", 0)),
      clipnorm(config.number("clipnorm", 0)),
      clipvalue(config.number("clipvalue", 0)),
      global_clipnorm(config.number("global_clipnorm", 0)) {
  require_positive_or_zero("learning_rate", learning_rate);
  require_positive_or_zero("weight_decay", weight_decay);
  require_positive_or_zero("clipnorm", clipnorm);
  require_positive_or_zero("clipvalue", clipvalue);
  require_positive_or_zero("global_clipnorm", global_clipnorm);
  if ((clipnorm > 0) + (clipvalue > 0) + (global_clipnorm > 0) > 1)
    throw std::invalid_argument("only one of clipnorm, clipvalue and global_clipnorm may be set");
}

template <class T>
void Optimizer<T>::set_learning_rate(double rate) {
  require_positive_or_zero("learning_rate", rate);
  options_.learning_rate = rate;
}

template <class T>
void Optimizer<T>::prepare(const typename Layer<T>::Parameters& parameters) {
  index pieces = 0;
  positions_.clear();
  for (const auto& parameter : parameters) {
    pieces += parameter->value.size() / kPiece + 1;
    auto known = std::find_if(slots_.begin(), slots_.end(),
                              [&](const Slots& slots) { return slots.parameter == parameter; });
    positions_.push_back(static_cast<std::size_t>(known - slots_.begin()));
    if (known != slots_.end() || !parameter->trainable) continue;
    Slots slots{parameter, {}};
    for (std::size_t s = 0; s < slot_names().size(); ++s) slots.values.emplace_back(parameter->value.size());
    slots_.push_back(std::move(slots));
  }
  partial_sums_.resize(static_cast<std::size_t>(pieces));
  begin_step();
}

template <class T>
std::optional<UpdateTarget<T>> Optimizer<T>::target(std::size_t p, const kernels::Kernels<T>& k) const {
  // A clip needs all of a gradient, and a small one is not worth a tile's call.
  constexpr index kWorthStreaming = 4096;
  if (clips() || positions_[p] >= slots_.size()) return std::nullopt;
  const Slots& slots = slots_[positions_[p]];
  if (slots.parameter->value.size() < kWorthStreaming) return std::nullopt;
  UpdateTarget<T> target{this, &k, slots.parameter->value.data(), {}, slots.parameter->shape.back()};
  for (const Buffer<T>& values : slots.values) target.slots.push_back(const_cast<T*>(values.data()));
  return target;
}

template <class T>
GradientSink<T> Optimizer<T>::sink(const UpdateTarget<T>& target) {
  GradientSink<T> sink{};
  sink.context = &target;
  sink.take = [](const void* context, T* tile, index stride, index row, index column, index rows, index columns) {
    const auto& to = *static_cast<const UpdateTarget<T>*>(context);
    T* slots[kMostSlots];
    for (index i = 0; i < rows; ++i) {
      const index offset = (row + i) * to.columns + column;
      for (std::size_t s = 0; s < to.slots.size(); ++s) slots[s] = to.slots[s] + offset;
      to.optimizer->update(*to.kernels, to.parameter + offset, slots, tile + i * stride, columns);
    }
  };
  sink.touched[0] = target.parameter;
  for (std::size_t s = 0; s < target.slots.size() && s < 2; ++s) sink.touched[s + 1] = target.slots[s];
  return sink;
}

template <class T>
void Optimizer<T>::clip(Team& team, const kernels::Kernels<T>& k, const typename Layer<T>::Parameters& parameters,
                        T* const* gradients) {
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
void Optimizer<T>::step(Team& team, const kernels::Kernels<T>& k, const typename Layer<T>::Parameters& parameters,
                        T* const* gradients) {
  // Each thread updates the part that it has clipped itself, so nothing waits in between.
  if (clips()) clip(team, k, parameters, gradients);
  T* slots[kMostSlots];
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    if (!gradients[p]) continue;
    const Range part = team.share(parameters[p]->value.size(), kGrain);
    if (part.size() == 0) continue;
    std::vector<Buffer<T>>& values = slots_[positions_[p]].values;
    for (std::size_t s = 0; s < values.size(); ++s) slots[s] = values[s].data() + part.begin;
    update(k, parameters[p]->value.data() + part.begin, slots, gradients[p] + part.begin, part.size());
  }
  team.barrier();
  if (team.rank() == 0) {
    ++iterations_;
    begin_step();
  }
  team.barrier();
}

namespace {

template <class T>
class Sgd final : public Optimizer<T> {
 public:
  explicit Sgd(Config& config)
      : Optimizer<T>(OptimizerOptions(config, 0.01)),
        momentum_(config.number("momentum", 0)),
        nesterov_(config.boolean("nesterov", false)) {
    if (!(momentum_ >= 0 && momentum_ <= 1))
      throw std::invalid_argument(text("momentum must be in [0, 1], got ", momentum_));
  }

  std::vector<std::string> slot_names() const override {
    return momentum_ > 0 ? std::vector<std::string>{"momentum"} : std::vector<std::string>{};
  }

 protected:
  void begin_step() override {
    const double rate = this->options().learning_rate;
    step_ = {rate, momentum_, rate * this->options().weight_decay, nesterov_};
  }

  void update(const kernels::Kernels<T>& k, T* w, T* const* slots, const T* g, index n) const override {
    if (momentum_ > 0)
      k.momentum(w, slots[0], g, n, step_);
    else
      k.sgd(w, g, n, step_);
  }

 private:
  double momentum_;
  bool nesterov_;
  kernels::SgdStep step_{};
};

/// Kingma and Ba 2015, with Reddi et al. 2018 (amsgrad) as an option.
template <class T>
class Adam final : public Optimizer<T> {
 public:
  explicit Adam(Config& config)
      : Optimizer<T>(OptimizerOptions(config, 0.001)),
        beta_1_(config.number("beta_1", 0.9)),
        beta_2_(config.number("beta_2", 0.999)),
        epsilon_(config.number("epsilon", 1e-7)),
        amsgrad_(config.boolean("amsgrad", false)) {
    if (!(beta_1_ >= 0 && beta_1_ < 1)) throw std::invalid_argument(text("beta_1 must be in [0, 1), got ", beta_1_));
    if (!(beta_2_ >= 0 && beta_2_ < 1)) throw std::invalid_argument(text("beta_2 must be in [0, 1), got ", beta_2_));
    require_positive_or_zero("epsilon", epsilon_);
  }

  std::vector<std::string> slot_names() const override {
    return amsgrad_ ? std::vector<std::string>{"momentum", "velocity", "velocity_hat"}
                    : std::vector<std::string>{"momentum", "velocity"};
  }

 protected:
  void begin_step() override {
    const double rate = this->options().learning_rate, t = this->time();
    const double corrected = rate * std::sqrt(1 - std::pow(beta_2_, t)) / (1 - std::pow(beta_1_, t));
    step_ = {corrected, beta_1_, beta_2_, epsilon_, rate * this->options().weight_decay};
  }

  void update(const kernels::Kernels<T>& k, T* w, T* const* slots, const T* g, index n) const override {
    if (amsgrad_)
      k.amsgrad(w, slots[0], slots[1], slots[2], g, n, step_);
    else
      k.adam(w, slots[0], slots[1], g, n, step_);
  }

 private:
  double beta_1_, beta_2_, epsilon_;
  bool amsgrad_;
  kernels::AdamStep step_{};
};

struct OptimizerKind {
  const char* name;
  OptimizerFactory<float> single;
  OptimizerFactory<double> twice;
};

template <template <class> class O>
constexpr OptimizerKind kind(const char* name) {
  return {name, [](Config& config) -> std::shared_ptr<Optimizer<float>> { return std::make_shared<O<float>>(config); },
          [](Config& config) -> std::shared_ptr<Optimizer<double>> { return std::make_shared<O<double>>(config); }};
}

constexpr OptimizerKind kKinds[] = {kind<Adam>("adam"), kind<Sgd>("sgd")};

template <class T>
OptimizerFactory<T> factory(const OptimizerKind& kind);
template <>
OptimizerFactory<float> factory(const OptimizerKind& kind) { return kind.single; }
template <>
OptimizerFactory<double> factory(const OptimizerKind& kind) { return kind.twice; }

}  // namespace

std::vector<std::string> optimizer_kinds() {
  std::vector<std::string> names;
  for (const OptimizerKind& kind : kKinds) names.push_back(kind.name);
  return names;
}

template <class T>
std::shared_ptr<Optimizer<T>> make_optimizer(const std::string& name, Config config) {
  for (const OptimizerKind& kind : kKinds) {
    if (name != kind.name) continue;
    auto optimizer = factory<T>(kind)(config);
    config.finish(name);
    return optimizer;
  }
  throw std::invalid_argument(unknown_name("optimizer", name, optimizer_kinds()));
}

template class Optimizer<float>;
template class Optimizer<double>;
template std::shared_ptr<Optimizer<float>> make_optimizer(const std::string&, Config);
template std::shared_ptr<Optimizer<double>> make_optimizer(const std::string&, Config);

}  // namespace ranvier
