#include "training/batch_loss.hpp"

#include <algorithm>

namespace ranvier {

namespace {

struct Kind {
  const char* name;
  bool sparse;
  BatchLossMaker<float> (*single)(Config&);
  BatchLossMaker<double> (*twice)(Config&);
};

constexpr Kind kKinds[] = {
    {"circle", true, circle_loss<float>, circle_loss<double>},
    {"dice", false, [](Config& c) { return overlap_loss<float>(c, true); },
     [](Config& c) { return overlap_loss<double>(c, true); }},
    {"tversky", false, [](Config& c) { return overlap_loss<float>(c, false); },
     [](Config& c) { return overlap_loss<double>(c, false); }},
};

const Kind* find(const std::string& name) {
  const auto* found = std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return name == k.name; });
  return found == std::end(kKinds) ? nullptr : found;
}

}  // namespace

template <>
BatchLossMaker<float> batch_loss_maker(const std::string& kind, Config& config) {
  const Kind* found = find(kind);
  return found ? found->single(config) : nullptr;
}

template <>
BatchLossMaker<double> batch_loss_maker(const std::string& kind, Config& config) {
  const Kind* found = find(kind);
  return found ? found->twice(config) : nullptr;
}

std::vector<std::string> batch_loss_kinds() {
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) names.push_back(kind.name);
  return names;
}

bool batch_loss_is_sparse(const std::string& kind) {
  const Kind* found = find(kind);
  return found && found->sparse;
}

}  // namespace ranvier
