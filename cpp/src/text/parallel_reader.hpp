// Reads a text that lies in memory by several threads.
#pragma once

#include <exception>

#include "text/corpus.hpp"

namespace ranvier::words {

/// The text is cut at ends of lines, a part for each thread; the corpus is the one that a single thread would make.
class ParallelReader {
 public:
  ParallelReader(std::string_view text, const ReadOptions& options, int threads);

  /// Reads on for so many seconds; true if there is more to read. Throws std::invalid_argument for bytes that are no
  /// UTF-8: of several, the first of the text.
  bool run(double seconds);

  /// Bytes read so far.
  std::int64_t done() const;

  /// The whole, once run() has returned false.
  Corpus take();

 private:
  struct Part {
    const char *begin, *at, *end;
    CorpusReader reader;
    std::exception_ptr error;
    bool finished() const { return at == end && !error; }
  };
  void read(Part& part);

  std::string_view text_;
  std::string name_;
  std::vector<Part> parts_;
};

}  // namespace ranvier::words
