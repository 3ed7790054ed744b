#include "text/parallel_reader.hpp"

#include <algorithm>

#include "runtime/clock.hpp"
#include "runtime/threads.hpp"

namespace ranvier::words {

namespace {

constexpr std::ptrdiff_t kPiece = 1 << 18;  // bytes between two looks at the clock: about a millisecond

}  // namespace

ParallelReader::ParallelReader(std::string_view text, const ReadOptions& options, int threads)
    : text_(text), name_(options.name) {
  const char *begin = text.data(), *const end = begin + text.size();
  for (int part = 1; part <= threads; ++part) {
    const char* cut =
        std::max(begin, text.data() + text.size() / static_cast<std::size_t>(threads) * static_cast<std::size_t>(part));
    cut = part == threads ? end : std::find(cut, end, '\n');
    if (cut < end) ++cut;
    parts_.push_back({begin, begin, cut, CorpusReader(options), nullptr});
    begin = cut;
  }
}

void ParallelReader::read(Part& part) {
  try {
    const std::ptrdiff_t size = std::min(part.end - part.at, kPiece);
    part.reader.add_text({part.at, static_cast<std::size_t>(size)});
    part.at += size;
    if (part.at == part.end) part.reader.end_text();
  } catch (InvalidByte found) {
    found.line += std::count(text_.data(), part.begin, '\n');
    found.offset += part.begin - text_.data();
    try {
      refuse(name_, found);
    } catch (...) {
      part.error = std::current_exception();
    }
  } catch (...) {
    part.error = std::current_exception();
  }
}

bool ParallelReader::run(double seconds) {
  const double stop = now() + seconds;
  run_team(static_cast<int>(parts_.size()), [&](Team& team) {
    for (std::size_t i = static_cast<std::size_t>(team.rank()); i < parts_.size();
         i += static_cast<std::size_t>(team.size())) {
      while (parts_[i].at < parts_[i].end && !parts_[i].error && now() < stop) read(parts_[i]);
    }
  });
  const auto first = std::find_if(parts_.begin(), parts_.end(), [](const Part& part) { return !part.finished(); });
  if (first == parts_.end()) return false;
  if (first->error) std::rethrow_exception(first->error);
  return true;
}

std::int64_t ParallelReader::done() const {
  std::int64_t bytes = 0;
  for (const Part& part : parts_) bytes += part.at - part.begin;
  return bytes;
}

Corpus ParallelReader::take() {
  Corpus whole = parts_[0].reader.take();
  for (std::size_t i = 1; i < parts_.size(); ++i) whole.append(parts_[i].reader.take());
  return whole;
}

}  // namespace ranvier::words
