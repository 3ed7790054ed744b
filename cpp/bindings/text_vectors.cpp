// Vectors of words: reading and writing their files, and their nearest rows. In the submodule _core.text.

#include <optional>

#include "pybind.hpp"
#include "runtime/error.hpp"
#include "text/neighbours.hpp"
#include "text/spelling.hpp"
#include "text/vector_lines.hpp"
#include "text/vector_records.hpp"
#include "text/vector_writer.hpp"

namespace ranvier {

namespace {

using words::Comparison;
using words::RowStore;
using words::VectorLines;
using words::VectorRecords;
using words::WordList;

ElementType element_type(const py::dtype& dtype) {
  if (dtype.kind() == 'f' && dtype.itemsize() == 2) return ElementType::float16;
  if (dtype.kind() == 'f' && dtype.itemsize() == 4) return ElementType::float32;
  if (dtype.kind() == 'f' && dtype.itemsize() == 8) return ElementType::float64;
  throw py::type_error("expected numbers of 16, 32 or 64 bits, got dtype " + py::str(dtype).cast<std::string>());
}

// Messages quote files, whose bytes may be no text.
template <class F>
void telling(const F& f) {
  try {
    f();
  } catch (const std::invalid_argument& error) {
    const std::string what = error.what();
    const auto message = py::reinterpret_steal<py::object>(
        PyUnicode_DecodeUTF8(what.data(), static_cast<Py_ssize_t>(what.size()), "backslashreplace"));
    PyErr_SetObject(PyExc_ValueError, message.ptr());
    throw py::error_already_set();
  }
}

template <class Reader>
void feed(Reader& reader, const py::buffer& bytes) {
  const py::buffer_info buffer = bytes.request();
  telling([&] {
    const py::gil_scoped_release release;  // the buffer is held, and nothing below touches Python
    reader.feed(static_cast<const char*>(buffer.ptr), buffer.size * buffer.itemsize);
  });
}

// The words as strings; UnicodeDecodeError, with the number of the word as `word`, for one that is none.
py::list decode(const WordList& words, const std::string& encoding, const std::string& errors) {
  py::list list(words.ends.size());
  std::size_t begin = 0;
  for (std::size_t i = 0; i < words.ends.size(); begin = words.ends[i++]) {
    PyObject* const word = PyUnicode_Decode(words.text.data() + begin, static_cast<Py_ssize_t>(words.ends[i] - begin),
                                            encoding.c_str(), errors.c_str());
    if (!word) {
      py::error_already_set error;
      if (error.matches(PyExc_UnicodeError)) error.value().attr("word") = i;
      throw error;
    }
    PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(i), word);
  }
  return list;
}

// The numbers as an array that owns them.
template <class Reader>
py::array release(Reader& reader, const py::dtype& dtype) {
  const index rows = reader.rows(), columns = reader.columns();
  void* const memory = reader.release().release();
  const py::capsule owner(memory, [](void* p) { RowStore::Free{}(p); });
  return py::array(dtype, {rows, columns}, memory, owner);
}

using Doubles = py::array_t<double, py::array::c_style | py::array::forcecast>;
using Floats = py::array_t<float>;
using Numbers = py::array_t<std::int64_t, py::array::c_style>;

Comparison comparison(const py::array& vectors, index first, index last, const Doubles& queries) {
  Comparison c;
  c.vectors = to_view(vectors);
  c.rows = {first, last};
  c.queries = queries.data();
  c.Q = queries.shape(0);
  if (vectors.ndim() != 2 || queries.ndim() != 2 || queries.shape(1) != vectors.shape(1) || first < 0 || first > last ||
      last > vectors.shape(0))
    fail("neighbours", "expected queries (*, ", vectors.ndim() == 2 ? vectors.shape(1) : 0, ") and rows within ",
         vectors.shape(0));
  return c;
}

py::tuple nearest(const py::array& vectors, index first, index last, const Doubles& queries, index count,
                  const std::vector<std::vector<std::int64_t>>& skipped) {
  const Comparison c = comparison(vectors, first, last, queries);
  if (static_cast<index>(skipped.size()) != c.Q)
    fail("neighbours", "expected rows to skip for ", c.Q, " queries, got ", skipped.size());
  Numbers rows({c.Q, count});
  Floats similarity({c.Q, count});
  std::int64_t* const row = rows.mutable_data();
  float* const value = similarity.mutable_data();
  {
    const py::gil_scoped_release release;  // the arrays are held, and nothing below touches Python
    words::nearest(c, count, skipped, row, value);
  }
  return py::make_tuple(rows, similarity);
}

Floats similarities(const py::array& vectors, index first, index last, const Doubles& queries) {
  const Comparison c = comparison(vectors, first, last, queries);
  Floats y({c.Q, c.rows.size()});
  float* const values = y.mutable_data();
  const py::gil_scoped_release release;  // as above
  words::similarities(c, values);
  return y;
}

Floats row_norms(const py::array& vectors) {
  const ArrayView view = to_view(vectors);
  Floats y(view.rows());
  float* const values = y.mutable_data();
  const py::gil_scoped_release release;  // as above
  words::row_norms(view, values);
  return y;
}

std::vector<index> nearest_spellings(const py::list& words, const std::u32string& word, index most) {
  words::Spelling spelling(word, most);
  std::vector<char32_t> characters;
  index number = 0;
  for (const py::handle& item : words) {
    if (!PyUnicode_Check(item.ptr())) throw py::type_error("expected words that are strings");
    const index length = PyUnicode_GET_LENGTH(item.ptr());
    if (spelling.fits(length)) {
      characters.resize(static_cast<std::size_t>(length) + 1);
      if (!PyUnicode_AsUCS4(item.ptr(), reinterpret_cast<Py_UCS4*>(characters.data()), length + 1, 1))
        throw py::error_already_set();
      spelling.offer(characters.data(), length, number);
    }
    ++number;
  }
  return spelling.nearest();
}

py::bytes write_vectors(const py::list& words, const py::array& vectors, index first, bool binary) {
  std::vector<std::string> bytes;
  bytes.reserve(words.size());
  for (const py::handle& word : words) bytes.push_back(word.cast<std::string>());
  const std::vector<std::string_view> views(bytes.begin(), bytes.end());
  const ArrayView view = to_view(vectors);
  if (vectors.ndim() != 2 || first < 0 || first + static_cast<index>(views.size()) > vectors.shape(0))
    fail("write_vectors", "expected a row for each of ", views.size(), " words");
  std::string written;
  telling([&] {
    const py::gil_scoped_release release;  // the array is held, the words are copies
    written = words::write_vectors(views, view, first, binary);
  });
  return written;
}

template <class Reader>
py::class_<Reader> bind_reader(py::module_& text, const char* name) {
  return py::class_<Reader>(text, name)
      .def("feed", &feed<Reader>, py::arg("bytes"))
      .def("finish", [](Reader& self) { telling([&] { self.finish(); }); })
      .def_property_readonly("full", &Reader::full)
      .def_property_readonly("rows", &Reader::rows)
      .def_property_readonly("columns", &Reader::columns)
      .def(
          "words",
          [](const Reader& self, const std::string& encoding, const std::string& errors) {
            return decode(self.words(), encoding, errors);
          },
          py::arg("encoding"), py::arg("errors"))
      .def("release", &release<Reader>, py::arg("dtype"));
}

}  // namespace

void bind_text_vectors(py::module_& core) {
  py::module_ text = core.def_submodule("text");

  bind_reader<VectorLines>(text, "VectorLines")
      .def(py::init(
               [](const py::dtype& dtype, index columns, index rows, index most_rows, index first_line, bool finite) {
                 return VectorLines({element_type(dtype), columns, rows, most_rows, first_line, finite});
               }),
           py::arg("dtype"), py::arg("columns"), py::arg("rows"), py::arg("most_rows"), py::arg("first_line"),
           py::arg("finite"))
      .def("line_of", &VectorLines::line_of, py::arg("row"));
  bind_reader<VectorRecords>(text, "VectorRecords")
      .def(py::init([](const py::dtype& dtype, index columns, index rows, bool whole, bool finite) {
             return VectorRecords(element_type(dtype), columns, rows, whole, finite);
           }),
           py::arg("dtype"), py::arg("columns"), py::arg("rows"), py::arg("whole"), py::arg("finite"));

  text.def("write_vectors", &write_vectors, py::arg("words"), py::arg("vectors"), py::arg("first"), py::arg("binary"));
  text.def(
      "decode_words",
      [](const py::buffer& bytes, const Numbers& ends) {
        const py::buffer_info buffer = bytes.request();
        WordList list;
        list.text.assign(static_cast<const char*>(buffer.ptr), static_cast<std::size_t>(buffer.size));
        list.ends.assign(ends.data(), ends.data() + ends.size());
        std::size_t before = 0;
        for (const std::size_t end : list.ends) {
          if (end < before || end > list.text.size()) fail("words", "their ends do not grow, or leave the text");
          before = end;
        }
        return decode(list, "utf-8", "strict");
      },
      py::arg("bytes"), py::arg("ends"));

  text.def("nearest", &nearest, py::arg("vectors"), py::arg("first"), py::arg("last"), py::arg("queries"),
           py::arg("count"), py::arg("skipped"));
  text.def("similarities", &similarities, py::arg("vectors"), py::arg("first"), py::arg("last"), py::arg("queries"));
  text.def("row_norms", &row_norms, py::arg("vectors"));
  text.def("nearest_spellings", &nearest_spellings, py::arg("words"), py::arg("word"), py::arg("most"));
}

}  // namespace ranvier
