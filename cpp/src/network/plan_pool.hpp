// Plans that no thread uses at the moment: as many as ever ran at once.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "network/plan.hpp"

namespace ranvier {

template <class T>
class PlanPool {
 public:
  explicit PlanPool(PlanMode mode) : mode_(mode) {}

  /// A plan of this graph, which is always the same one, for the kernels in use.
  std::unique_ptr<Plan<T>> take(const Graph<T>& graph) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      while (!idle_.empty()) {
        std::unique_ptr<Plan<T>> plan = std::move(idle_.back());
        idle_.pop_back();
        if (plan->table() == &kernels::table<T>()) return plan;
      }
    }
    return std::make_unique<Plan<T>>(graph, mode_);
  }

  void give_back(std::unique_ptr<Plan<T>> plan) {
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(plan));
  }

  /// What the idle plans hold.
  std::vector<PlanMemory> memory() {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<PlanMemory> held;
    for (const auto& plan : idle_) held.push_back(plan->memory());
    return held;
  }

  /// Forgets all plans, after a change of the graph.
  void clear() {
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.clear();
  }

 private:
  PlanMode mode_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Plan<T>>> idle_;
};

}  // namespace ranvier
