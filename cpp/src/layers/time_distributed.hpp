// A layer applied to every step of a sequence: to the steps of all rows at once, as if they were a batch.
#pragma once

#include "layers/layer.hpp"

namespace ranvier {

/// x (B, L, ...) and y (B, L, ...) for a layer that makes (B, ...) of (B, ...).
template <class T>
std::shared_ptr<Layer<T>> time_distributed(std::shared_ptr<Layer<T>> layer, const std::string& name);

}  // namespace ranvier
