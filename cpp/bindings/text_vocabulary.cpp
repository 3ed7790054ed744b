// Texts as numbers, in _core.text.

#include "pybind.hpp"
#include "text/token_rows.hpp"

namespace ranvier {

namespace {

using words::Splitting;
using words::TextRows;
using words::TokenCounts;
using words::TokenizerOptions;
using words::TokenRows;
using words::WordTable;

using Starts = py::array_t<std::int64_t, py::array::c_style>;
using Tokens = py::array_t<std::int32_t, py::array::c_style>;

TokenizerOptions make_options(bool lower, bool strip_punctuation, const std::string& split,
                              const std::vector<index>& ngrams) {
  const Splitting splitting = split == "whitespace"  ? Splitting::whitespace
                              : split == "character" ? Splitting::character
                                                     : Splitting::none;
  return {lower, strip_punctuation, splitting, ngrams};
}

// Texts in the memory of Python's strings and bytes, which the tuple holds.
class Texts {
 public:
  Texts(const py::tuple& texts, const py::object& starts) {
    views_.reserve(texts.size());
    for (const py::handle item : texts) {
      Py_ssize_t size = 0;
      char* bytes = nullptr;
      if (PyBytes_Check(item.ptr())) {
        PyBytes_AsStringAndSize(item.ptr(), &bytes, &size);
      } else {
        bytes = const_cast<char*>(PyUnicode_AsUTF8AndSize(item.ptr(), &size));
        if (!bytes) throw py::error_already_set();
      }
      views_.emplace_back(bytes, static_cast<std::size_t>(size));
    }
    if (!starts.is_none()) starts_ = starts.cast<Starts>();
  }

  TextRows rows() const {
    if (starts_.size() == 0) return {views_, nullptr, static_cast<index>(views_.size())};
    return {views_, starts_.data(), starts_.size() - 1};
  }

 private:
  std::vector<std::string_view> views_;
  Starts starts_{0};
};

WordTable make_table(const std::vector<std::string_view>& words) {
  WordTable table;
  for (const std::string_view word : words) table.add(word);
  return table;
}

template <class Int>
py::array_t<Int> padded(const Tokens& tokens, const Starts& starts, index width, int threads) {
  const index rows = starts.size() - 1;
  py::array_t<Int> y = empty_rows<Int>(rows, {width});
  Int* const to = y.mutable_data();
  const py::gil_scoped_release free;  // all arrays are held
  words::pad(tokens.data(), starts.data(), rows, width, to, threads);
  return y;
}

}  // namespace

void bind_vocabulary(py::module_& core) {
  py::module_ text = core.def_submodule("text");

  py::class_<TokenizerOptions>(text, "TokenizerOptions")
      .def(py::init(&make_options), py::arg("lower"), py::arg("strip_punctuation"), py::arg("split"),
           py::arg("ngrams"));

  py::class_<TokenCounts>(text, "TokenCounts")
      .def(py::init<>())
      .def(
          "add",
          [](TokenCounts& self, const py::tuple& texts, const py::object& starts, const TokenizerOptions& options,
             int threads) {
            const Texts held(texts, starts);
            const py::gil_scoped_release free;  // `texts` is held
            self.add(words::count_tokens(held.rows(), options, threads));
          },
          py::arg("texts"), py::arg("starts"), py::arg("options"), py::arg("threads"))
      .def_property_readonly("words",
                             [](const TokenCounts& self) {
                               std::vector<std::string> all;
                               for (std::int32_t i = 0; i < static_cast<std::int32_t>(self.words.size()); ++i)
                                 all.emplace_back(self.words.word(i));
                               return all;
                             })
      .def_property_readonly("counts",
                             [](const TokenCounts& self) {
                               return py::array_t<std::int64_t>(self.words.size(), self.words.counts().data());
                             })
      .def_property_readonly("rows", [](const TokenCounts& self) {
        return py::array_t<std::int64_t>(static_cast<py::ssize_t>(self.rows.size()), self.rows.data());
      });

  py::class_<WordTable>(text, "WordTable")
      .def(py::init(&make_table), py::arg("words"))
      .def(
          "look_up",
          [](const WordTable& self, const py::tuple& texts, const py::object& starts, const TokenizerOptions& options,
             std::int32_t first, int threads) {
            const Texts held(texts, starts);
            TokenRows found;
            {
              const py::gil_scoped_release free;  // `texts` is held
              found = words::look_up(held.rows(), options, self, first, threads);
            }
            return py::make_tuple(Tokens(static_cast<py::ssize_t>(found.tokens.size()), found.tokens.data()),
                                  Starts(static_cast<py::ssize_t>(found.starts.size()), found.starts.data()));
          },
          py::arg("texts"), py::arg("starts"), py::arg("options"), py::arg("first"), py::arg("threads"));

  text.def("pad32", &padded<std::int32_t>, py::arg("tokens"), py::arg("starts"), py::arg("width"), py::arg("threads"));
  text.def("pad64", &padded<std::int64_t>, py::arg("tokens"), py::arg("starts"), py::arg("width"), py::arg("threads"));
  text.def(
      "count_each",
      [](const Tokens& tokens, const Starts& starts, index size, const py::object& factors, int threads) {
        const index rows = starts.size() - 1;
        py::array_t<float> y = empty_rows<float>(rows, {size});
        float* const to = y.mutable_data();
        std::fill_n(to, rows * size, 0.0F);
        const auto held = factors.is_none() ? py::array_t<float, py::array::c_style>()
                                            : factors.cast<py::array_t<float, py::array::c_style>>();
        const float* const each = factors.is_none() ? nullptr : held.data();
        const py::gil_scoped_release free;  // all arrays are held
        words::count_each(tokens.data(), starts.data(), rows, size, each, to, threads);
        return y;
      },
      py::arg("tokens"), py::arg("starts"), py::arg("size"), py::arg("factors"), py::arg("threads"));
}

}  // namespace ranvier
