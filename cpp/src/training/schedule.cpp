#include "training/schedule.hpp"

#include <algorithm>
#include <cmath>

#include "runtime/error.hpp"

namespace ranvier {

namespace {

double positive(Config& config, const char* name) {
  const double value = config.number(name);
  if (!(value > 0) || std::isinf(value)) throw std::invalid_argument(text(name, " must be above 0, got ", value));
  return value;
}

/// initial decay_rate^p for p = step / decay_steps, whole numbers only for a staircase.
class ExponentialDecay final : public Schedule {
 public:
  explicit ExponentialDecay(Config& config)
      : initial_(config.number("initial_learning_rate")),
        steps_(positive(config, "decay_steps")),
        decay_(config.number("decay_rate")),
        staircase_(config.boolean("staircase", false)) {}

  double rate(std::int64_t step) const override {
    const double p = static_cast<double>(step) / steps_;
    return initial_ * std::pow(decay_, staircase_ ? std::floor(p) : p);
  }

 private:
  double initial_, steps_, decay_;
  bool staircase_;
};

/// initial / (1 + decay_rate p) for the same p.
class InverseTimeDecay final : public Schedule {
 public:
  explicit InverseTimeDecay(Config& config)
      : initial_(config.number("initial_learning_rate")),
        steps_(positive(config, "decay_steps")),
        decay_(config.number("decay_rate")),
        staircase_(config.boolean("staircase", false)) {}

  double rate(std::int64_t step) const override {
    const double p = static_cast<double>(step) / steps_;
    return initial_ / (1 + decay_ * (staircase_ ? std::floor(p) : p));
  }

 private:
  double initial_, steps_, decay_;
  bool staircase_;
};

/// values[i] up to and including step boundaries[i], the last value after the last boundary.
class PiecewiseConstantDecay final : public Schedule {
 public:
  explicit PiecewiseConstantDecay(Config& config)
      : boundaries_(config.numbers("boundaries")), values_(config.numbers("values")) {
    if (values_.size() != boundaries_.size() + 1)
      throw std::invalid_argument(
          text("values must be one more than the ", boundaries_.size(), " boundaries, got ", values_.size()));
  }

  double rate(std::int64_t step) const override {
    const auto next = std::lower_bound(boundaries_.begin(), boundaries_.end(), static_cast<double>(step));
    return values_[static_cast<std::size_t>(next - boundaries_.begin())];
  }

 private:
  std::vector<double> boundaries_, values_;
};

/// (initial - end) (1 - step / decay_steps)^power + end; a cycle stretches decay_steps to the next multiple.
class PolynomialDecay final : public Schedule {
 public:
  explicit PolynomialDecay(Config& config)
      : initial_(config.number("initial_learning_rate")),
        steps_(positive(config, "decay_steps")),
        end_(config.number("end_learning_rate", 0.0001)),
        power_(config.number("power", 1)),
        cycle_(config.boolean("cycle", false)) {}

  double rate(std::int64_t step) const override {
    double t = static_cast<double>(step), steps = steps_;
    if (cycle_)
      steps *= step == 0 ? 1 : std::ceil(t / steps_);
    else
      t = std::min(t, steps);
    return (initial_ - end_) * std::pow(1 - t / steps, power_) + end_;
  }

 private:
  double initial_, steps_, end_, power_;
  bool cycle_;
};

constexpr double kPi = 3.14159265358979323846;

/// Half a cosine from the initial rate down to alpha of it (Loshchilov and Hutter 2017), after a linear warm-up to
/// `warmup_target` if there is one.
class CosineDecay final : public Schedule {
 public:
  explicit CosineDecay(Config& config)
      : initial_(config.number("initial_learning_rate")),
        steps_(positive(config, "decay_steps")),
        alpha_(config.number("alpha", 0)),
        warms_up_(config.boolean("warms_up", false)),
        target_(config.number("warmup_target", 0)),
        warmup_(config.number("warmup_steps", 0)) {}

  double rate(std::int64_t step) const override {
    double t = static_cast<double>(step);
    if (!warms_up_) return decayed(t, initial_);
    if (t < warmup_) return (target_ - initial_) * (t / warmup_) + initial_;
    return decayed(t - warmup_, target_);
  }

 private:
  double decayed(double t, double from) const {
    const double cosine = 0.5 * (1 + std::cos(kPi * std::min(t, steps_) / steps_));
    return from * ((1 - alpha_) * cosine + alpha_);
  }

  double initial_, steps_, alpha_;
  bool warms_up_;
  double target_, warmup_;
};

/// Cosines one after the other, each t_mul times as long and m_mul times as high as the one before.
class CosineDecayRestarts final : public Schedule {
 public:
  explicit CosineDecayRestarts(Config& config)
      : initial_(config.number("initial_learning_rate")),
        steps_(positive(config, "first_decay_steps")),
        t_mul_(config.number("t_mul", 2)),
        m_mul_(config.number("m_mul", 1)),
        alpha_(config.number("alpha", 0)) {}

  double rate(std::int64_t step) const override {
    double done = static_cast<double>(step) / steps_, restart;
    if (t_mul_ == 1) {
      restart = std::floor(done);
      done -= restart;
    } else {
      restart = std::floor(std::log(1 - done * (1 - t_mul_)) / std::log(t_mul_));
      const double length = std::pow(t_mul_, restart);
      done = (done - (1 - length) / (1 - t_mul_)) / length;
      // The logarithm may be rounded to the wrong side of a restart.
      if (done > 1 - 1e-9) ++restart, done = (done - 1) / t_mul_;
      done = std::max(done, 0.0);
    }
    const double cosine = 0.5 * std::pow(m_mul_, restart) * (1 + std::cos(kPi * done));
    return initial_ * ((1 - alpha_) * cosine + alpha_);
  }

 private:
  double initial_, steps_, t_mul_, m_mul_, alpha_;
};

struct Kind {
  const char* name;
  std::shared_ptr<Schedule> (*make)(Config& config);
};

template <class S>
constexpr Kind kind(const char* name) {
  return {name, [](Config& config) -> std::shared_ptr<Schedule> { return std::make_shared<S>(config); }};
}

constexpr Kind kKinds[] = {
    kind<CosineDecay>("cosine_decay"),
    kind<CosineDecayRestarts>("cosine_decay_restarts"),
    kind<ExponentialDecay>("exponential_decay"),
    kind<InverseTimeDecay>("inverse_time_decay"),
    kind<PiecewiseConstantDecay>("piecewise_constant_decay"),
    kind<PolynomialDecay>("polynomial_decay"),
};

}  // namespace

std::vector<std::string> schedule_kinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  return names;
}

std::shared_ptr<Schedule> make_schedule(const std::string& name, Config config) {
  for (const Kind& kind : kKinds) {
    if (name != kind.name) continue;
    auto schedule = kind.make(config);
    config.finish(name);
    return schedule;
  }
  throw std::invalid_argument(unknown_name("schedule", name, schedule_kinds()));
}

}  // namespace ranvier
