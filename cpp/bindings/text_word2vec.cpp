// Training of word2vec, in the submodule _core.text.

#include "pybind.hpp"
#include "runtime/error.hpp"
#include "text/word2vec.hpp"

namespace ranvier {

namespace {

using words::Corpus;
using words::RowMatrix;
using words::Word2VecModel;
using words::Word2VecOptions;
using words::Word2VecTrainer;

// (rows, columns), zero, with rows that begin on cache lines; the caller sees no padding.
py::array_t<float> row_matrix(index rows, index columns) {
  const index padded = round_up(columns, kernels::kWordColumns);
  auto buffer = std::make_unique<Buffer<float>>(rows * padded);
  float* const data = buffer->data();
  const py::capsule owner(buffer.release(), [](void* p) { delete static_cast<Buffer<float>*>(p); });
  constexpr auto kSize = static_cast<py::ssize_t>(sizeof(float));
  return py::array_t<float>({rows, columns}, {padded * kSize, kSize}, data, owner);
}

RowMatrix to_rows(const py::object& matrix) {
  if (matrix.is_none()) return {};
  auto array = matrix.cast<py::array>();
  constexpr auto kSize = static_cast<py::ssize_t>(sizeof(float));
  const bool fits = py::isinstance<py::array_t<float>>(array) && array.ndim() == 2 && array.strides(1) == kSize &&
                    array.strides(0) == round_up(array.shape(1), kernels::kWordColumns) * kSize &&
                    reinterpret_cast<std::uintptr_t>(array.data()) % kCacheLine == 0;
  if (!fits) fail("Word2Vec", "expected a matrix made by row_matrix");
  return {static_cast<float*>(array.mutable_data()), array.shape(0), array.strides(0) / kSize};
}

// A trainer and the matrices it works on.
struct OwningWord2Vec {
  std::vector<py::object> matrices;
  Word2VecTrainer trainer;
};

template <class T>
std::vector<T> to_vector(const py::array_t<T, py::array::c_style>& array) {
  return std::vector<T>(array.data(), array.data() + array.size());
}

std::unique_ptr<OwningWord2Vec> make_trainer(const std::shared_ptr<Corpus>& corpus,
                                             const py::array_t<std::int32_t, py::array::c_style>& numbers,
                                             const py::array_t<std::uint32_t, py::array::c_style>& keep,
                                             const py::array_t<std::int64_t, py::array::c_style>& counts,
                                             const py::object& input, const py::object& noise_output,
                                             const py::object& tree_output, const py::dict& config) {
  Config read = to_config(config);
  words::Reading reading;
  reading.numbers = to_vector(numbers);
  reading.keep = to_vector(keep);
  reading.window = read.integer("window");
  reading.shrink = read.boolean("shrink_windows", false);
  Word2VecModel model;
  model.options.skip_gram = read.boolean("sg", false);
  model.options.hierarchical = read.boolean("hs", false);
  model.options.mean = read.boolean("cbow_mean", false);
  model.options.measure = read.boolean("compute_loss", false);
  model.options.negative = read.integer("negative");
  model.options.noise_exponent = read.number("ns_exponent");
  model.options.seed = static_cast<std::uint64_t>(read.integer("seed"));
  model.input = to_rows(input);
  model.noise_output = to_rows(noise_output);
  model.tree_output = to_rows(tree_output);
  const bool fits = reading.numbers.size() == static_cast<std::size_t>(corpus->words.size()) &&
                    static_cast<index>(reading.keep.size()) == model.input.rows && counts.size() == model.input.rows;
  if (!fits) fail("Word2Vec", "expected a number for each word of the corpus, and counts for each of the vocabulary");
  return std::unique_ptr<OwningWord2Vec>(
      new OwningWord2Vec{{input, noise_output, tree_output},
                         Word2VecTrainer(corpus, std::move(reading), std::move(model), to_vector(counts))});
}

// Where each word's path begins, its inner nodes from the root on, and the child it turns to at each.
py::tuple huffman_tree(const py::array_t<std::int64_t, py::array::c_style>& counts) {
  const words::HuffmanTree tree(to_vector(counts));
  const auto array = [](const auto& values) {
    return py::array(static_cast<py::ssize_t>(values.size()), values.data());
  };
  return py::make_tuple(array(tree.starts), array(tree.nodes), array(tree.turns));
}

py::dict to_dict(const words::Progress& progress) {
  py::dict dict;
  dict["loss"] = progress.loss;
  dict["examples"] = progress.examples;
  dict["words"] = progress.words;
  dict["tokens"] = progress.tokens;
  return dict;
}

}  // namespace

void bind_word2vec(py::module_& text) {
  text.def("row_matrix", &row_matrix, py::arg("rows"), py::arg("columns"));

  text.def("check_rows", [](const py::object& matrix) { to_rows(matrix); }, py::arg("matrix"));

  text.def("huffman_tree", &huffman_tree, py::arg("counts"));

  py::class_<OwningWord2Vec>(text, "Word2VecTrainer")
      .def(py::init(&make_trainer), py::arg("corpus"), py::arg("numbers"), py::arg("keep"), py::arg("counts"),
           py::arg("input"), py::arg("noise_output"), py::arg("tree_output"), py::arg("config"))
      .def(
          "begin",
          [](OwningWord2Vec& self, std::uint64_t epoch, double first_rate, double last_rate, int workers,
             bool deterministic) { self.trainer.begin(epoch, first_rate, last_rate, workers, deterministic); },
          py::arg("epoch"), py::arg("first_rate"), py::arg("last_rate"), py::arg("workers"), py::arg("deterministic"))
      .def(
          "run", [](OwningWord2Vec& self, double seconds) { return self.trainer.run(seconds); }, py::arg("seconds"),
          py::call_guard<py::gil_scoped_release>())  // the matrices are held by self
      .def("progress", [](const OwningWord2Vec& self) { return to_dict(self.trainer.progress()); });
}

}  // namespace ranvier
