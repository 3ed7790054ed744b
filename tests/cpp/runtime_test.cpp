// Threads, arrays, configuration and memory placement: what the floors above rely on.

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <thread>
#include <vector>

#include "network/memory.hpp"
#include "ranvier/config.hpp"
#include "runtime/array.hpp"
#include "runtime/error.hpp"
#include "runtime/thread_choice.hpp"
#include "runtime/threads.hpp"
#include "training/feed.hpp"

namespace ranvier {

TEST_CASE("team: shares cover the range once, whatever the grain") {
  for (int threads : {1, 2, 3, 5})
    for (index n : {0, 1, 7, 64, 1000})
      for (index grain : {1, 16, 64}) {
        std::vector<std::atomic<int>> hits(static_cast<std::size_t>(n));
        run_team(threads, [&](Team& team) {
          const Range part = team.share(n, grain);
          for (index i = part.begin; i < part.end; ++i) ++hits[static_cast<std::size_t>(i)];
        });
        for (const auto& hit : hits) CHECK(hit == 1);
      }
}

TEST_CASE("team: for_each hands out every index once, also across more loops than counters") {
  constexpr int kLoops = 3 * TeamState::kCounters;
  std::vector<std::atomic<int>> hits(100);
  run_team(3, [&](Team& team) {
    for (int loop = 0; loop < kLoops; ++loop) team.for_each(100, [&](index i) { ++hits[static_cast<std::size_t>(i)]; });
    team.barrier();
    team.for_each(100, [&](index i) { ++hits[static_cast<std::size_t>(i)]; });
  });
  for (const auto& hit : hits) CHECK(hit == kLoops + 1);
}

TEST_CASE("team: a barrier separates phases") {
  std::atomic<int> first{0};
  std::atomic<bool> early{false};
  run_team(4, [&](Team& team) {
    for (int round = 1; round <= 50; ++round) {
      ++first;
      team.barrier();
      if (first != round * team.size()) early = true;
      team.barrier();
    }
  });
  CHECK_FALSE(early);
}

TEST_CASE("team: inside a team another one runs alone") {
  std::atomic<int> sizes{0};
  run_team(2, [&](Team&) { run_team(2, [&](Team& inner) { sizes += inner.size(); }); });
  CHECK(sizes == 2);
}

TEST_CASE("team: a thread that works alone starts no other") {
  const bool before = work_alone(true);
  CHECK(num_threads() == 1);
  int size = 0;
  run_team(2, [&](Team& team) { size = team.size(); });
  CHECK(size == 1);
  work_alone(before);
}

TEST_CASE("shared parts: each once, and no two threads are one worker at a time") {
  const auto check = [](int threads, index count) {
    std::vector<int> hits(static_cast<std::size_t>(count));  // not atomic: the caller sees them once it is done
    std::vector<std::atomic<int>> inside(static_cast<std::size_t>(threads));
    std::atomic<bool> shared{false};
    share_parts(threads, count, [&](index part, int worker) {
      auto& own = inside[static_cast<std::size_t>(worker)];
      if (++own != 1) shared = true;
      ++hits[static_cast<std::size_t>(part)];
      --own;
    });
    CHECK_FALSE(shared);
    CHECK(std::count(hits.begin(), hits.end(), 1) == count);
  };
  for (const int threads : {1, 2, 3, 5})
    for (const index count : {0, 1, 7, 1000}) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));  // by helpers
      check(threads, count);
      run_team(threads, [](Team&) {});  // by a team that is at hand
      check(threads, count);
    }
}

TEST_CASE("shared parts: many callers at once") {
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int call = 0; call < 200; ++call) {
        std::vector<int> squares(20);
        share_parts(3, 20,
                    [&](index part, int) { squares[static_cast<std::size_t>(part)] = static_cast<int>(part * part); });
        for (int i = 0; i < 20; ++i) wrong += squares[static_cast<std::size_t>(i)] != i * i;
      }
    });
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

TEST_CASE("shared parts: inside one, everything runs alone") {
  std::atomic<int> others{0}, size{0};
  share_parts(2, 2, [&](index, int) {
    size += num_threads();
    share_parts(2, 10, [&](index, int worker) { others += worker != 0; });
    run_team(2, [&](Team& team) { others += team.size() != 1; });
  });
  CHECK(others == 0);
  CHECK(size == 2);
  CHECK(num_threads() >= 1);
}

TEST_CASE("shared parts: nobody waits for threads that are busy elsewhere") {
  constexpr int kThreads = 5;  // as many as any other test asks for
  std::atomic<int> started{0};
  std::atomic<bool> release{false};
  std::thread other([&] {
    share_parts(kThreads, kThreads, [&](index, int) {
      ++started;
      while (!release) std::this_thread::yield();
    });
  });
  while (started == 0) std::this_thread::yield();
  std::vector<int> hits(100);
  share_parts(kThreads, 100, [&](index part, int) { ++hits[static_cast<std::size_t>(part)]; });
  CHECK(std::count(hits.begin(), hits.end(), 1) == 100);
  release = true;
  other.join();
  CHECK(started == kThreads);
}

TEST_CASE("thread choice: one thread while a neighbour makes two slower, two again when it has gone") {
  ThreadChoice choice;
  choice.begin(2, 1.0);
  const auto steps_with = [&](int threads, double two, int stretches) {
    int count = 0;
    for (int i = 0; i < stretches; ++i) {
      count += choice.threads() == threads;
      choice.report(0.02 * (choice.threads() == 2 ? two : 1.0));
    }
    return count;
  };
  CHECK(steps_with(2, 0.55, 100) == 99);  // one comparison at the start
  CHECK(steps_with(1, 1.3, 100) > 90);
  CHECK(steps_with(2, 0.55, 100) > 80);
  // Two threads that have rested go first, but only for a moment.
  choice.begin(2, 2.0);
  int rested = 1, on_one = 0;
  for (int i = 0; i < 200; ++i) {
    const bool one = choice.threads() == 1;
    on_one += one;
    choice.report(0.02 * (one || rested == 0 ? 1.0 + 0.5 * !one : 0.55));
    rested = one;
  }
  CHECK(on_one > 160);
  choice.begin(1, 1.0);
  CHECK(std::isinf(choice.seconds()));
  CHECK(steps_with(1, 0.55, 10) == 10);
}

TEST_CASE("array: any element type and stride is gathered and converted") {
  const std::uint8_t bytes[] = {1, 2, 3, 4, 5, 6, 7, 8};
  // Columns 0 and 2 of a (2, 4) matrix, rows in reverse order.
  const ArrayView view{bytes, ElementType::uint8, {2, 2}, {4, 2}};
  CHECK_FALSE(view.rows_contiguous());
  const std::int32_t order[] = {1, 0};
  float y[4];
  gather(view, order, 0, 2, y);
  CHECK(std::vector<float>(y, y + 4) == std::vector<float>{5, 7, 1, 3});

  const std::uint16_t halves[] = {0x3C00, 0xC000, 0x0001, 0x7C00};  // 1, -2, the least subnormal, infinity
  double z[4];
  gather(ArrayView{halves, ElementType::float16, {4}, {2}}, nullptr, 0, 4, z);
  CHECK(z[0] == 1);
  CHECK(z[1] == -2);
  CHECK(z[2] == std::ldexp(1.0, -24));
  CHECK(std::isinf(z[3]));
}

TEST_CASE("array: the first value that is not finite is found, in any layout") {
  std::vector<float> x(1000, 1.0F);
  CHECK(first_nonfinite(view_of(x.data(), 100, {10})) == -1);
  x[537] = std::numeric_limits<float>::quiet_NaN();
  x[900] = std::numeric_limits<float>::infinity();
  CHECK(first_nonfinite(view_of(x.data(), 100, {10})) == 537);
  // Transposed: element 537 is row 7, column 53, and element 900 is row 0, column 90.
  const ArrayView transposed{x.data(), ElementType::float32, {10, 100}, {4, 40}};
  CHECK(first_nonfinite(transposed) == 90);
  x[900] = 1;
  CHECK(first_nonfinite(transposed) == 753);
  x[900] = std::numeric_limits<float>::infinity();
  x[537] = std::numeric_limits<float>::max();
  CHECK(first_nonfinite(view_of(x.data(), 100, {10})) == 900);
}

TEST_CASE("array: sparse rows and columns side by side are those of the array they stand for") {
  // 0 2 0 | 0 0 0 | 5 0 7, of which the last row names column 2 twice.
  const std::int16_t values[] = {9, 2, 5, 3, 4};
  const std::int32_t columns[] = {0, 1, 0, 2, 2},
                     starts[] = {1, 2, 2, 5};  // a part of more: values[0] is another row's
  ArrayView sparse{values, ElementType::int16, {3, 3}, {}, columns, starts};
  CHECK_FALSE(sparse.is_array());
  CHECK(contiguous<float>(sparse) == nullptr);
  float y[9];
  gather(sparse, nullptr, 0, 3, y);
  CHECK(std::vector<float>(y, y + 9) == std::vector<float>{0, 2, 0, 0, 0, 0, 5, 0, 7});
  const std::int32_t order[] = {2, 0};
  gather(sparse, order, 0, 2, y);
  CHECK(std::vector<float>(y, y + 6) == std::vector<float>{5, 0, 7, 0, 2, 0});
  const std::int64_t wide_columns[] = {0, 1, 0, 2, 2}, wide_starts[] = {1, 2, 2, 5};
  sparse.columns = wide_columns, sparse.starts = wide_starts, sparse.wide = true;
  gather(sparse, nullptr, 2, 1, y);
  CHECK(std::vector<float>(y, y + 3) == std::vector<float>{5, 0, 7});
  CHECK(label_range(sparse).least == 0);
  CHECK(label_range(sparse).greatest == 5);
  CHECK(label_range(sparse).greatest_at == 6);

  const float first[] = {1, 2, 3}, last[] = {0.5F, -1, std::numeric_limits<float>::infinity()};
  ArrayView side;
  side.shape = {3, 5};
  side.parts = {ArrayView{first, ElementType::float32, {3, 1}, {4, 4}}, sparse,
                ArrayView{last, ElementType::float32, {3, 1}, {4, 4}}};
  double z[10];
  gather(side, order, 0, 2, z);
  CHECK(std::vector<double>(z, z + 4) == std::vector<double>{3, 5, 0, 7});
  CHECK(std::isinf(z[4]));
  CHECK(std::vector<double>(z + 5, z + 10) == std::vector<double>{1, 0, 2, 0, 0.5});
  CHECK(first_nonfinite(side) == 14);
  CHECK(label_range(side).least == -1);
  CHECK(label_range(side).least_at == 9);
  CHECK(label_range(side).first_fraction == 4);

  const double odd[] = {1, std::numeric_limits<double>::quiet_NaN()};
  const std::int32_t odd_columns[] = {1, 2}, odd_starts[] = {0, 1, 1, 2};
  CHECK(first_nonfinite(ArrayView{odd, ElementType::float64, {3, 4}, {}, odd_columns, odd_starts}) == 10);
}

TEST_CASE("array: label range") {
  const std::int64_t labels[] = {3, 0, -2, 7, 1};
  const LabelRange range = label_range(ArrayView{labels, ElementType::int64, {5}, {8}});
  CHECK(range.least == -2);
  CHECK(range.least_at == 2);
  CHECK(range.greatest == 7);
  CHECK(range.greatest_at == 3);
  CHECK(range.first_fraction == -1);
  const float fractions[] = {1.0F, 2.5F};
  CHECK(label_range(view_of(fractions, 2, {})).first_fraction == 1);
}

TEST_CASE("config: wrong types, missing and unknown keys are named") {
  Config config{{"units", std::int64_t{3}}, {"rate", 0.5}, {"unitz", std::int64_t{4}}};
  CHECK(config.integer("units") == 3);
  CHECK(config.number("units") == 3.0);
  CHECK_THROWS_WITH(config.integer("rate"), "'rate' must be an integer");
  CHECK_THROWS_WITH(config.word("name"), "'name' must be a string, but is missing");
  CHECK_THROWS_WITH_AS(config.finish("dense"), doctest::Contains("did you mean 'units'?"), std::invalid_argument);
}

TEST_CASE("memory: tensors alive together never overlap, others may") {
  const std::vector<Lifetime> tensors{{100, 0, 1}, {50, 1, 2}, {100, 2, 3}, {10, 0, 3}, {70, 3, 3}};
  const Placement placement = place(tensors, 16);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    CHECK(placement.offsets[i] % 16 == 0);
    for (std::size_t j = 0; j < i; ++j) {
      const bool together = tensors[i].first <= tensors[j].last && tensors[j].first <= tensors[i].last;
      const bool apart = placement.offsets[i] + tensors[i].size <= placement.offsets[j] ||
                         placement.offsets[j] + tensors[j].size <= placement.offsets[i];
      CHECK((!together || apart));
    }
  }
  CHECK(placement.total < 100 + 50 + 100 + 10 + 70);
}

TEST_CASE("feed: an epoch's order is a permutation that depends on the seed and the epoch only") {
  std::vector<std::int32_t> first, again, other_epoch, other_seed;
  shuffle_rows(first, 1000, 7, 0);
  shuffle_rows(again, 1000, 7, 0);
  shuffle_rows(other_epoch, 1000, 7, 1);
  shuffle_rows(other_seed, 1000, 8, 0);
  CHECK(first == again);
  CHECK(first != other_epoch);
  CHECK(first != other_seed);
  std::sort(first.begin(), first.end());
  std::vector<std::int32_t> all(1000);
  std::iota(all.begin(), all.end(), 0);
  CHECK(first == all);
}

}  // namespace ranvier
