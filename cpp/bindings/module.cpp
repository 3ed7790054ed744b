#include "pybind.hpp"

namespace ranvier {

PYBIND11_MODULE(_core, core) {
  bind_runtime(core);
  bind_registries(core);
  bind_feed(core);
  py::module_ single = core.def_submodule("float32");
  bind_layers<float>(single);
  bind_product<float>(single);
  bind_network<float>(single);
  bind_training<float>(single);
  py::module_ twice = core.def_submodule("float64");
  bind_layers<double>(twice);
  bind_product<double>(twice);
  bind_network<double>(twice);
  bind_training<double>(twice);
  bind_text(core);
  bind_text_vectors(core);
  bind_glove(core);
  bind_phrases(core);
  bind_vocabulary(core);
  core.attr("__version__") = RANVIER_VERSION;
}

}  // namespace ranvier
