#include "training/loss.hpp"

#include "runtime/error.hpp"

namespace ranvier {

namespace {

template <class T>
index find_loss(const std::string& kind) {
  const auto& k = kernels::table<T>();
  std::vector<std::string> names;
  for (index i = 0; i < k.loss_count; ++i) {
    if (kind == k.losses[i].name) return i;
    names.push_back(k.losses[i].name);
  }
  throw std::invalid_argument(unknown_name("loss", kind, names));
}

Reduction parse_reduction(const std::string& name) {
  if (name == "sum_over_batch_size" || name == "mean") return Reduction::mean;
  if (name == "sum" || name == "none") return Reduction::sum;
  if (name == "mean_with_sample_weight") return Reduction::mean_with_sample_weight;
  throw std::invalid_argument(
      unknown_name("reduction", name, {"sum_over_batch_size", "mean", "sum", "none", "mean_with_sample_weight"}));
}

}  // namespace

template <class T>
Loss<T>::Loss(const std::string& kind, Config config, const std::string& reduction)
    : kind_(kind), reduction_(parse_reduction(reduction)), position_(find_loss<T>(kind)) {
  for (int i = 0; i < kernels::kMaxParameters && row().parameters[i].name; ++i)
    parameters_[static_cast<std::size_t>(i)] =
        static_cast<T>(config.number(row().parameters[i].name, row().parameters[i].value));
  config.finish(kind);
}

template <class T>
std::string Loss<T>::link() const {
  if (kind_ == "categorical_crossentropy" || kind_ == "sparse_categorical_crossentropy") return "softmax";
  if (kind_ == "binary_crossentropy") return "sigmoid";
  return "";
}

template <class T>
Loss<T> Loss<T>::from_logits() const {
  Loss loss = *this;
  loss.kind_ = kind_ + "_from_logits";
  loss.position_ = find_loss<T>(loss.kind_);
  return loss;
}

template class Loss<float>;
template class Loss<double>;

}  // namespace ranvier
