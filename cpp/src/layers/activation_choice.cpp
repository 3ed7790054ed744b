#include "layers/activation_choice.hpp"

#include <cmath>

#include "runtime/error.hpp"

namespace ranvier {

template <class T>
ActivationChoice<T>::ActivationChoice(const std::string& name, const std::vector<double>& parameters) : name_(name) {
  const auto& k = kernels::table<T>();
  std::vector<std::string> names;
  for (kernels::index i = 0; i < k.activation_count; ++i) {
    const auto& row = k.activations[i];
    names.push_back(row.name);
    if (name != row.name) continue;
    position_ = i;
    std::size_t count = 0;
    for (; count < kernels::kMaxParameters && row.parameters[count].name; ++count)
      parameters_[count] = static_cast<T>(count < parameters.size() ? parameters[count] : row.parameters[count].value);
    if (parameters.size() > count)
      throw std::invalid_argument(
          text("activation '", name, "' takes ", count, " parameters, got ", parameters.size()));
    linear_ = name == "linear";
    plain_relu_ = name == "relu" && parameters_[0] == 0 && std::isinf(parameters_[1]) && parameters_[2] == 0;
    return;
  }
  for (kernels::index i = 0; i < k.axis_activation_count; ++i) {
    names.push_back(k.axis_activations[i].name);
    if (name != k.axis_activations[i].name) continue;
    position_ = i;
    along_axis_ = true;
    if (!parameters.empty()) throw std::invalid_argument("activation '" + name + "' takes no parameters");
    return;
  }
  throw std::invalid_argument(unknown_name("activation", name, names));
}

template <class T>
const kernels::Activation<T>& ActivationChoice<T>::row(const kernels::Kernels<T>& k) const {
  return k.activations[position_];
}

template <class T>
const kernels::AxisActivation<T>& ActivationChoice<T>::axis_row(const kernels::Kernels<T>& k) const {
  return k.axis_activations[position_];
}

template class ActivationChoice<float>;
template class ActivationChoice<double>;

}  // namespace ranvier
