// Phrases, in _core.text.

#include "pybind.hpp"
#include "runtime/error.hpp"
#include "text/phrases.hpp"

namespace ranvier {

namespace {

using words::Corpus;
using words::PhraseCounts;
using words::PhraseJoiner;
using words::PhraseStyle;
using words::WordTable;

py::str to_str(std::string_view word) {
  return py::reinterpret_steal<py::str>(
      PyUnicode_DecodeUTF8(word.data(), static_cast<Py_ssize_t>(word.size()), nullptr));
}

py::list names(const WordTable& table) {
  py::list all(static_cast<std::size_t>(table.size()));
  for (index i = 0; i < table.size(); ++i)
    all[static_cast<std::size_t>(i)] = to_str(table.word(static_cast<std::int32_t>(i)));
  return all;
}

// Of all pairs whose parts are known: their numbers, their counts, and those of the first and the last part.
py::tuple candidates(const PhraseCounts& self) {
  std::vector<std::int32_t> pairs;
  for (std::size_t i = 0; i < self.first.size(); ++i)
    if (self.first[i] >= 0 && self.last[i] >= 0) pairs.push_back(static_cast<std::int32_t>(i));
  const auto count = static_cast<index>(pairs.size());
  py::array_t<std::int32_t> numbers(count, pairs.data());
  py::array_t<std::int64_t> together(count), first(count), last(count);
  for (index k = 0; k < count; ++k) {
    const std::int32_t pair = pairs[static_cast<std::size_t>(k)];
    together.mutable_at(k) = self.words.count(pair);
    first.mutable_at(k) = self.words.count(self.first[static_cast<std::size_t>(pair)]);
    last.mutable_at(k) = self.words.count(self.last[static_cast<std::size_t>(pair)]);
  }
  return py::make_tuple(numbers, together, first, last);
}

py::list names_of(const PhraseCounts& self, const py::array_t<std::int32_t, py::array::c_style>& numbers) {
  py::list words(static_cast<std::size_t>(numbers.size()));
  for (index i = 0; i < numbers.size(); ++i)
    words[static_cast<std::size_t>(i)] = to_str(self.words.word(numbers.at(i)));
  return words;
}

// What pickles and files hold.
py::tuple state(const PhraseCounts& self) {
  const auto n = static_cast<std::int32_t>(self.words.size());
  std::string bytes;
  py::array_t<std::int64_t> ends(n);
  for (std::int32_t i = 0; i < n; ++i) {
    bytes.append(self.words.word(i));
    ends.mutable_at(i) = static_cast<std::int64_t>(bytes.size());
  }
  const py::array_t<std::uint8_t> text(static_cast<py::ssize_t>(bytes.size()),
                                       reinterpret_cast<const std::uint8_t*>(bytes.data()));
  return py::make_tuple(text, ends, py::array_t<std::int64_t>(n, self.words.counts().data()),
                        py::array_t<std::int32_t>(n, self.first.data()), py::array_t<std::int32_t>(n, self.last.data()),
                        self.total, self.least);
}

PhraseCounts from_state(const py::array_t<std::uint8_t, py::array::c_style>& text,
                        const py::array_t<std::int64_t, py::array::c_style>& ends,
                        const py::array_t<std::int64_t, py::array::c_style>& counts,
                        const py::array_t<std::int32_t, py::array::c_style>& first,
                        const py::array_t<std::int32_t, py::array::c_style>& last, std::int64_t total,
                        std::int64_t least) {
  PhraseCounts made;
  const index n = ends.size();
  if (counts.size() != n || first.size() != n || last.size() != n)
    fail("Phrases", "expected ", n, " counts and parts, got ", counts.size(), ", ", first.size(), " and ", last.size());
  const std::string_view bytes(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(text.size()));
  std::int64_t begin = 0;
  for (index i = 0; i < n; ++i) {
    if (ends.at(i) < begin || ends.at(i) > text.size() || first.at(i) < -1 || first.at(i) >= n || last.at(i) < -1 ||
        last.at(i) >= n)
      fail("Phrases", "entry ", i, " is damaged");
    made.words.add(bytes.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(ends.at(i) - begin)),
                   counts.at(i));
    begin = ends.at(i);
  }
  if (made.words.size() != n) fail("Phrases", "expected ", n, " different entries, got ", made.words.size());
  made.first.assign(first.data(), first.data() + n);
  made.last.assign(last.data(), last.data() + n);
  made.total = total;
  made.least = least;
  return made;
}

}  // namespace

void bind_phrases(py::module_& core) {
  py::module_ text = core.def_submodule("text");
  const auto free = py::call_guard<py::gil_scoped_release>();  // nothing below touches Python

  py::class_<PhraseStyle>(text, "PhraseStyle")
      .def(py::init([](std::string delimiter, std::vector<std::string> connectors) {
             return PhraseStyle{std::move(delimiter), std::move(connectors)};
           }),
           py::arg("delimiter"), py::arg("connectors"));

  py::class_<PhraseCounts>(text, "PhraseCounts")
      .def(py::init<>())
      .def(py::init(&from_state), py::arg("text"), py::arg("ends"), py::arg("counts"), py::arg("first"),
           py::arg("last"), py::arg("total"), py::arg("least"))
      .def("state", &state)
      .def("learn", &PhraseCounts::learn, py::arg("corpus"), py::arg("style"), py::arg("most"), py::arg("threads"),
           free)
      .def_property_readonly("total", [](const PhraseCounts& self) { return self.total; })
      .def_property_readonly("least", [](const PhraseCounts& self) { return self.least; })
      .def_property_readonly("size", [](const PhraseCounts& self) { return self.words.size(); })
      .def_property_readonly("memory", &PhraseCounts::memory)
      .def("names", [](const PhraseCounts& self) { return names(self.words); })
      .def("counts",
           [](const PhraseCounts& self) {
             return py::array_t<std::int64_t>(self.words.size(), self.words.counts().data());
           })
      .def("candidates", &candidates)
      .def("names_of", &names_of, py::arg("numbers"));

  py::class_<PhraseJoiner>(text, "PhraseJoiner")
      .def(py::init<const PhraseStyle&, const std::vector<std::string_view>&>(), py::arg("style"), py::arg("phrases"))
      .def(
          "join",
          [](const PhraseJoiner& self, const Corpus& corpus, int threads) {
            return std::make_shared<Corpus>(self.join(corpus, threads));
          },
          py::arg("corpus"), py::arg("threads"), free)
      .def("count", &PhraseJoiner::count, py::arg("corpus"), py::arg("threads"), free);
}

}  // namespace ranvier
