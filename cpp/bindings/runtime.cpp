#include "pybind.hpp"
#include "runtime/error.hpp"
#include "runtime/threads.hpp"

namespace ranvier {

void bind_runtime(py::module_& core) {
  py::register_exception<NonFiniteLoss>(core, "NonFiniteLossError", PyExc_ArithmeticError);

  core.def("num_threads", &num_threads);
  core.def("set_num_threads", &set_num_threads, py::arg("threads"));

  core.def("work_alone", &work_alone, py::arg("alone"));

  core.def("isa", [] { return kernels::active().isa; });
  core.def("available_isas", [] {
    std::vector<std::string> names;
    for (auto table = kernels::available(); *table; ++table) names.push_back((*table)->isa);
    return names;
  });
  core.def(
      "select_isa",
      [](const std::string& name) {
        if (kernels::select(name.c_str())) return;
        std::vector<std::string> names;
        for (auto table = kernels::available(); *table; ++table) names.push_back((*table)->isa);
        fail("select_isa", unknown_name("instruction set", name, names));
      },
      py::arg("name"));

  core.def(
      "random_bits",
      [](std::uint64_t seed, std::uint64_t stream, index first, index count) {
        if (first % 4 || first < 0) fail("random_bits", "first must be a multiple of 4, got ", first);
        py::array_t<std::uint32_t> bits(count);
        kernels::active().f32.random_bits(bits.mutable_data(), first, count, {seed, stream});
        return bits;
      },
      py::arg("seed"), py::arg("stream"), py::arg("first"), py::arg("count"));

  core.def("first_nonfinite", [](const py::object& x) { return first_nonfinite(to_view(x)); }, py::arg("x"));
  core.def(
      "label_range",
      [](const py::array& y) {
        const LabelRange range = label_range(to_view(y));
        return py::make_tuple(range.least, range.greatest, range.least_at, range.greatest_at, range.first_fraction);
      },
      py::arg("y"));
}

}  // namespace ranvier
