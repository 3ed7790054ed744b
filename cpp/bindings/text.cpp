// The corpus of ranvier.text, in the submodule _core.text.

#include "pybind.hpp"
#include "runtime/clock.hpp"
#include "runtime/error.hpp"
#include "text/corpus.hpp"
#include "text/parallel_reader.hpp"

namespace ranvier {

namespace {

using words::Corpus;
using words::CorpusReader;
using words::Invalid;
using words::ParallelReader;
using words::ReadOptions;

ReadOptions make_options(const std::string& name, index longest_sentence, const std::string& errors,
                         const py::object& lower, index most_words) {
  ReadOptions options;
  options.name = name;
  options.longest_sentence = longest_sentence;
  options.most_words = most_words;
  options.invalid = errors == "replace" ? Invalid::replaced : errors == "ignore" ? Invalid::ignored : Invalid::refused;
  if (!lower.is_none()) {
    const auto codes = lower.cast<py::array_t<std::uint32_t, py::array::c_style>>();
    options.lower.assign(codes.data(), codes.data() + codes.size());
  }
  return options;
}

// A text in a buffer of Python's, which is held while it is read.
struct BufferReader {
  py::buffer_info buffer;
  ParallelReader reader;

  BufferReader(const py::buffer& source, const ReadOptions& options, int threads)
      : buffer(source.request()),
        reader({static_cast<const char*>(buffer.ptr), static_cast<std::size_t>(buffer.size * buffer.itemsize)}, options,
               threads) {}
};

// Reads one sentence of an iterable at a time.
class SentenceReader {
 public:
  explicit SentenceReader(const ReadOptions& options) : name_(options.name), reader_(options) {}

  void add_text(const py::bytes& bytes) {
    const auto view = static_cast<std::string_view>(bytes);
    const py::gil_scoped_release free;  // `bytes` is held by the caller and never changes
    try {
      reader_.add_text(view);
    } catch (const words::InvalidByte& found) {
      words::refuse(name_, found);
    }
  }

  void end_text() {
    try {
      reader_.end_text();
    } catch (const words::InvalidByte& found) {
      words::refuse(name_, found);
    }
  }

  // Sentences of an iterator for so many seconds; false at its end.
  bool add_sentences(const py::iterator& sentences, double seconds) {
    const double stop = now() + seconds;
    for (int i = 1;; ++i) {
      PyObject* next = PyIter_Next(sentences.ptr());
      if (!next) {
        if (PyErr_Occurred()) throw py::error_already_set();
        return false;
      }
      add_sentence(py::reinterpret_steal<py::object>(next));
      if (i % 64 == 0 && now() >= stop) return true;
    }
  }

  Corpus take() { return reader_.take(); }
  index sentences() const { return read_; }

 private:
  void add_sentence(const py::object& sentence) {
    if (PyUnicode_Check(sentence.ptr()) || PyBytes_Check(sentence.ptr()))
      refuse_sentence(sentence,
                      "its letters would be taken for words: split it first, as in text.split(), or give "
                      "the name of a file as corpus_file");
    if (py::isinstance<py::array>(sentence) && add_array(py::reinterpret_borrow<py::array>(sentence))) {
    } else if (PyList_Check(sentence.ptr()) || PyTuple_Check(sentence.ptr())) {
      for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(sentence.ptr()); ++i)
        add_token(PySequence_Fast_GET_ITEM(sentence.ptr(), i), i);
    } else if (PyObject* items = PyObject_GetIter(sentence.ptr())) {
      Py_ssize_t i = 0;
      for (const py::handle token : py::reinterpret_steal<py::iterator>(items)) add_token(token.ptr(), i++);
    } else {
      PyErr_Clear();
      refuse_sentence(sentence, "for a single sentence give [sentence]");
    }
    reader_.end_sentence();
    ++read_;
  }

  bool add_array(const py::array& array) {
    const char kind = array.dtype().kind();
    if (array.ndim() != 1 || (kind != 'i' && kind != 'u')) return false;
    const auto numbers = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>::ensure(array);
    if (!numbers) throw py::error_already_set();
    for (index i = 0; i < numbers.size(); ++i) reader_.add_number(numbers.data()[i]);
    return true;
  }

  void add_token(PyObject* token, Py_ssize_t place) {
    if (PyUnicode_Check(token)) {
      Py_ssize_t size;
      const char* bytes = PyUnicode_AsUTF8AndSize(token, &size);
      if (!bytes) {
        PyErr_Clear();
        refuse_token(token, place, "which has characters that are no Unicode (surrogates)");
      }
      reader_.add_word({bytes, static_cast<std::size_t>(size)});
    } else if (PyIndex_Check(token) && !PyBool_Check(token)) {
      const Py_ssize_t value = PyNumber_AsSsize_t(token, PyExc_OverflowError);
      if (value == -1 && PyErr_Occurred()) throw py::error_already_set();
      reader_.add_number(value);
    } else {
      refuse_token(token, place, "which is neither a string nor an integer");
    }
  }

  [[noreturn]] void refuse_sentence(const py::object& sentence, const char* hint) const {
    throw py::type_error(ranvier::text("[", name_, "] expected sentences that are lists of words, got ",
                                       brief(sentence), " as sentence ", read_, ": ", hint));
  }

  [[noreturn]] void refuse_token(PyObject* token, Py_ssize_t place, const char* why) const {
    throw py::type_error(ranvier::text("[", name_, "] expected words that are strings, or integers, got ",
                                       brief(py::reinterpret_borrow<py::object>(token)), " as word ", place,
                                       " of sentence ", read_, ", ", why));
  }

  static std::string brief(const py::object& object) {
    const auto shown = py::reinterpret_steal<py::str>(PyObject_ASCII(object.ptr())).cast<std::string>();
    return shown.size() <= 60 ? shown : shown.substr(0, 60) + "...";
  }

  std::string name_;
  CorpusReader reader_;
  index read_ = 0;
};

template <class T>
py::array_t<T> view(const std::vector<T>& values, const py::object& owner) {
  py::array_t<T> array(static_cast<py::ssize_t>(values.size()), values.data(), owner);
  array.attr("flags").attr("writeable") = false;
  return array;
}

py::str to_str(std::string_view word) {
  return py::reinterpret_steal<py::str>(
      PyUnicode_DecodeUTF8(word.data(), static_cast<Py_ssize_t>(word.size()), nullptr));
}

py::list words_of(const Corpus& corpus, const py::array_t<std::int64_t, py::array::c_style>& numbers) {
  py::list words(numbers.size());
  for (index i = 0; i < numbers.size(); ++i) {
    const std::int64_t number = numbers.data()[i];
    if (number < 0 || number >= corpus.words.size())
      fail("corpus", "expected numbers of words in 0 .. ", corpus.words.size() - 1, ", got ", number);
    words[static_cast<std::size_t>(i)] = to_str(corpus.words.word(static_cast<std::int32_t>(number)));
  }
  return words;
}

py::array_t<std::int32_t> find_all(const Corpus& corpus, const std::vector<std::string_view>& words) {
  py::array_t<std::int32_t> numbers(static_cast<py::ssize_t>(words.size()));
  std::transform(words.begin(), words.end(), numbers.mutable_data(),
                 [&](std::string_view word) { return corpus.words.find(word); });
  return numbers;
}

}  // namespace

void bind_text(py::module_& core) {
  py::module_ text = core.def_submodule("text");

  py::class_<ReadOptions>(text, "ReadOptions")
      .def(py::init(&make_options), py::arg("name"), py::arg("longest_sentence"), py::arg("errors"), py::arg("lower"),
           py::arg("most_words"));

  py::class_<Corpus, std::shared_ptr<Corpus>>(text, "Corpus")
      .def_property_readonly("sentences", &Corpus::sentences)
      .def_property_readonly("memory", &Corpus::memory)
      .def_property_readonly("word_count", [](const Corpus& self) { return self.words.size(); })
      .def_property_readonly("counts",
                             [](const py::object& self) { return view(self.cast<Corpus&>().words.counts(), self); })
      .def_property_readonly("tokens", [](const py::object& self) { return view(self.cast<Corpus&>().tokens, self); })
      .def_property_readonly("starts", [](const py::object& self) { return view(self.cast<Corpus&>().starts, self); })
      .def("words", &words_of, py::arg("numbers"))
      .def("find", &find_all, py::arg("words"));

  const auto free = py::call_guard<py::gil_scoped_release>();  // the buffer is held, and nothing below touches Python
  py::class_<BufferReader>(text, "BufferReader")
      .def(py::init<py::buffer, const ReadOptions&, int>(), py::arg("buffer"), py::arg("options"), py::arg("threads"))
      .def(
          "run", [](BufferReader& self, double seconds) { return self.reader.run(seconds); }, py::arg("seconds"), free)
      .def_property_readonly("done", [](const BufferReader& self) { return self.reader.done(); })
      .def("take", [](BufferReader& self) { return std::make_shared<Corpus>(self.reader.take()); }, free);

  py::class_<SentenceReader>(text, "SentenceReader")
      .def(py::init<const ReadOptions&>(), py::arg("options"))
      .def("add_text", &SentenceReader::add_text, py::arg("bytes"))
      .def("end_text", &SentenceReader::end_text)
      .def("add_sentences", &SentenceReader::add_sentences, py::arg("sentences"), py::arg("seconds"))
      .def_property_readonly("sentences", &SentenceReader::sentences)
      .def("take", [](SentenceReader& self) { return std::make_shared<Corpus>(self.take()); });

  bind_word2vec(text);
}

}  // namespace ranvier
