// Co-occurrence counts and GloVe, in _core.text.

#include "pybind.hpp"
#include "text/corpus.hpp"
#include "text/glove.hpp"

namespace ranvier {

namespace {

using words::CooccurrenceCounter;
using words::CooccurrenceRows;
using words::Glove;

using Numbers = py::array_t<std::int32_t, py::array::c_style>;

struct Cooccurrences {
  std::vector<CooccurrenceRows> rows;
};

std::unique_ptr<CooccurrenceCounter> make_counter(const words::Corpus& corpus, const Numbers& numbers, index words,
                                                  index window, bool symmetric, int threads) {
  const std::vector<std::int32_t> copy(numbers.data(), numbers.data() + numbers.size());
  const py::gil_scoped_release free;  // the text is gone through
  return std::make_unique<CooccurrenceCounter>(corpus.tokens, corpus.starts, copy, words, window, symmetric, threads);
}

// Rows, columns and values of all elements that are kept.
py::tuple elements(const Cooccurrences& self) {
  index count = 0;
  for (const CooccurrenceRows& block : self.rows) count += static_cast<index>(block.columns.size());
  py::array_t<std::int32_t> rows(count), columns(count);
  py::array_t<float> values(count);
  index k = 0;
  for (const CooccurrenceRows& block : self.rows) {
    for (index r = 0; r < block.rows(); ++r)
      std::fill(rows.mutable_data() + k + block.starts[static_cast<std::size_t>(r)],
                rows.mutable_data() + k + block.starts[static_cast<std::size_t>(r + 1)],
                block.first_row + static_cast<std::int32_t>(r));
    std::copy(block.columns.begin(), block.columns.end(), columns.mutable_data() + k);
    std::copy(block.values.begin(), block.values.end(), values.mutable_data() + k);
    k += static_cast<index>(block.columns.size());
  }
  return py::make_tuple(rows, columns, values);
}

template <class T>
void bind_model(py::module_& text, const char* name) {
  using Model = Glove<T>;
  using Values = py::array_t<T, py::array::c_style>;
  const auto free = py::call_guard<py::gil_scoped_release>();  // nothing below touches Python
  py::class_<Model>(text, name)
      .def(py::init([](Cooccurrences& pairs, index words, index vector_size, double x_max, double alpha,
                       double learning_rate, std::uint64_t seed, bool symmetric, int threads) {
             return std::make_unique<Model>(
                 std::move(pairs.rows), words,
                 words::GloveOptions{vector_size, x_max, alpha, learning_rate, seed, symmetric, threads});
           }),
           py::arg("pairs"), py::arg("words"), py::arg("vector_size"), py::arg("x_max"), py::arg("alpha"),
           py::arg("learning_rate"), py::arg("seed"), py::arg("symmetric"), py::arg("threads"), free)
      .def("run", &Model::run, py::arg("seconds"), free)
      .def_property_readonly("done", &Model::done)
      .def_property_readonly("total", &Model::total)
      .def_property_readonly("loss", &Model::loss)
      .def_property_readonly("memory", &Model::memory)
      .def(
          "read",
          [](const Model& self, bool contexts) {
            py::array_t<T> vectors = empty_rows<T>(self.words(), {self.vector_size()}), biases(self.words());
            py::array_t<T> vector_sums = empty_rows<T>(self.words(), {self.vector_size()}), bias_sums(self.words());
            self.read(contexts, vectors.mutable_data(), biases.mutable_data(), vector_sums.mutable_data(),
                      bias_sums.mutable_data());
            return py::make_tuple(vectors, biases, vector_sums, bias_sums);
          },
          py::arg("contexts"))
      .def(
          "write",
          [](Model& self, bool contexts, const Values& vectors, const Values& biases, const Values& vector_sums,
             const Values& bias_sums) {
            self.write(contexts, vectors.data(), biases.data(), vector_sums.data(), bias_sums.data());
          },
          py::arg("contexts"), py::arg("vectors"), py::arg("biases"), py::arg("vector_sums"), py::arg("bias_sums"))
      .def("sum",
           [](const Model& self) {
             py::array_t<float> y = empty_rows<float>(self.words(), {self.vector_size()});
             self.sum(y.mutable_data());
             return y;
           })
      .def("next_order", [](Model& self) {
        const std::vector<words::GloveVisit> visits = self.next_order();
        const auto count = static_cast<index>(visits.size());
        py::array_t<std::int32_t> words(count), contexts(count);
        py::array_t<float> values(count);
        for (index k = 0; k < count; ++k) {
          const words::GloveVisit& visit = visits[static_cast<std::size_t>(k)];
          words.mutable_at(k) = visit.word;
          contexts.mutable_at(k) = visit.context;
          values.mutable_at(k) = visit.x;
        }
        return py::make_tuple(words, contexts, values);
      });
}

}  // namespace

void bind_glove(py::module_& core) {
  py::module_ text = core.def_submodule("text");
  const auto free = py::call_guard<py::gil_scoped_release>();  // nothing below touches Python

  py::class_<Cooccurrences>(text, "Cooccurrences").def("elements", &elements);

  py::class_<CooccurrenceCounter>(text, "CooccurrenceCounter")
      .def(py::init(&make_counter), py::arg("corpus"), py::arg("numbers"), py::arg("words"), py::arg("window"),
           py::arg("symmetric"), py::arg("threads"))
      .def("run", &CooccurrenceCounter::run, py::arg("seconds"), free)
      .def_property_readonly("done", &CooccurrenceCounter::done)
      .def_property_readonly("total", &CooccurrenceCounter::total)
      .def_property_readonly("pairs", &CooccurrenceCounter::pairs)
      .def_property_readonly("memory", &CooccurrenceCounter::memory)
      .def("take", [](CooccurrenceCounter& self) { return Cooccurrences{self.take()}; });

  bind_model<float>(text, "GloveFloat32");
  bind_model<double>(text, "GloveFloat64");
}

}  // namespace ranvier
