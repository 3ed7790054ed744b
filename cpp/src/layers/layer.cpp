#include "layers/layer.hpp"

#include <limits>
#include <map>

namespace ranvier {

namespace {

struct Factories {
  LayerFactory<float> single;
  LayerFactory<double> twice;
};

// Built by the registrations of the layers' files, before main; a function so that it exists when the first one runs.
std::map<std::string, Factories>& registry() {
  static std::map<std::string, Factories> kinds;
  return kinds;
}

template <class T>
LayerFactory<T> factory(const Factories& factories);
template <>
LayerFactory<float> factory(const Factories& factories) {
  return factories.single;
}
template <>
LayerFactory<double> factory(const Factories& factories) {
  return factories.twice;
}

}  // namespace

namespace {

constexpr index kUnlimited = std::numeric_limits<index>::max();
thread_local index parameters_left = kUnlimited;

}  // namespace

ParameterLimit::ParameterLimit(index elements) : outer_(parameters_left) {
  parameters_left = elements < 0 ? kUnlimited : elements;
}

ParameterLimit::~ParameterLimit() { parameters_left = outer_; }

index ParameterLimit::take(const std::string& name, const Shape& shape) {
  const index elements = size(shape);
  if (parameters_left == kUnlimited) return elements;
  if (elements > parameters_left)
    fail(name, "expected at most ", parameters_left, " numbers, but the layer's configuration asks for shape ",
         to_string(shape));
  parameters_left -= elements;
  return elements;
}

bool register_layer(const char* kind, LayerFactory<float> single, LayerFactory<double> twice) {
  return registry().emplace(kind, Factories{single, twice}).second;
}

std::vector<std::string> layer_kinds() {
  std::vector<std::string> kinds;
  for (const auto& [kind, factories] : registry()) kinds.push_back(kind);
  return kinds;
}

template <class T>
std::shared_ptr<Layer<T>> make_layer(const std::string& kind, Config config, const std::string& name) {
  const auto found = registry().find(kind);
  if (found == registry().end()) fail(name, unknown_name("layer", kind, layer_kinds()));
  std::shared_ptr<Layer<T>> layer;
  try {
    layer = factory<T>(found->second)(config, name);
  } catch (const std::invalid_argument& error) {
    fail(name, error.what());
  }
  config.finish(name);
  return layer;
}

template <class T>
void Layer<T>::build(const std::vector<Shape>& x) {
  output_shapes(x);
  Parameters wanted = make_parameters(x);
  if (!built_) {
    parameters_ = std::move(wanted);
    built_ = true;
    return;
  }
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i]->shape != parameters_[i]->shape)
      fail(name_, "its ", parameters_[i]->name, " has shape ", to_string(parameters_[i]->shape),
           ", but an input of shape ", to_string_batched(x[0]), " needs ", to_string(wanted[i]->shape),
           "; make a new layer for inputs of another size");
}

template <class T>
bool Layer<T>::makes_single(const std::vector<char>& x) const {
  std::size_t single = 0;
  for (char one : x) single += one != 0;
  if (single != 0 && single != x.size())
    fail(name_, "takes inputs that all have a batch axis, or none: spread the others over the batch first");
  return single != 0;
}

template <class T>
double Layer<T>::flops(const std::vector<Shape>& x) const {
  double elements = 0;
  for (const Shape& shape : x) elements += static_cast<double>(size(shape));
  return elements;
}

template <class T>
void Layer<T>::require_inputs(const std::vector<Shape>& x, std::size_t count) const {
  if (x.size() != count) fail(name_, "expected ", count, count == 1 ? " input" : " inputs", ", got ", x.size());
}

template class Layer<float>;
template class Layer<double>;
template std::shared_ptr<Layer<float>> make_layer(const std::string&, Config, const std::string&);
template std::shared_ptr<Layer<double>> make_layer(const std::string&, Config, const std::string&);

}  // namespace ranvier
