// Learning-rate schedules: the learning rate as a function of the step.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ranvier/config.hpp"

namespace ranvier {

class Schedule {
 public:
  virtual ~Schedule() = default;

  /// The learning rate of a step; the first is 0. Called between batches, so it must not throw.
  virtual double rate(std::int64_t step) const = 0;

  /// Called before steps first .. first + count - 1 run, where Python may be called and errors thrown.
  virtual void prepare(std::int64_t /*first*/, std::int64_t /*count*/) {}
};

/// Makes a schedule of a known kind. Throws std::invalid_argument for unknown kinds, keys and bad values.
std::shared_ptr<Schedule> make_schedule(const std::string& kind, Config config);

/// Known kinds, sorted.
std::vector<std::string> schedule_kinds();

}  // namespace ranvier
