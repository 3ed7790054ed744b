// Word vectors: the kernels of a step, whole steps of word2vec, and those of GloVe, against plain loops in double.
#include <algorithm>
#include <array>

#include "testing.hpp"
#include "text/word_steps.hpp"

namespace testing {

namespace {

using namespace ranvier::words;
using ranvier::Buffer;
using ranvier::round_up;
using Row = std::vector<double>;

constexpr index kSizes[] = {1, 15, 16, 17, 100, 300};
constexpr double kClose = 1e-5;

// Rows of `size` numbers, filled up with zeros, and one more of sentinels, which nobody may touch.
struct Matrix {
  index rows, size, columns;
  Buffer<float> memory;
  std::vector<Row> expected;  // of the plain loops

  Matrix(index rows, index size, unsigned seed)
      : rows(rows), size(size), columns(round_up(size, kWordColumns)), memory((rows + 1) * columns) {
    const auto values = random_vector<float>(rows * size, seed);
    for (index i = 0; i < rows; i++) {
      std::copy_n(values.data() + i * size, size, row(i));
      expected.emplace_back(row(i), row(i) + size);
    }
    std::fill_n(row(rows), columns, 42.F);
  }

  float* row(index i) { return memory.data() + i * columns; }
  RowMatrix view() { return {memory.data(), rows, columns}; }

  void check() {
    double worst = 0;
    for (index i = 0; i < rows; i++) {
      for (index d = 0; d < columns; d++) {
        const double wanted = d < size ? expected[i][d] : 0;
        worst = std::max(worst, std::fabs(double(row(i)[d]) - wanted));
      }
    }
    CHECK(worst < kClose);
    CHECK(std::all_of(row(rows), row(rows) + columns, [](float v) { return v == 42.F; }));
  }
};

double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); d++) sum += a[d] * b[d];
  return sum;
}

// y += factor x
void add(Row& y, double factor, const Row& x) {
  for (std::size_t d = 0; d < y.size(); d++) y[d] += factor * x[d];
}

double sigmoid(double z) { return 1 / (1 + std::exp(-z)); }
double cross_entropy(double z, double t) { return std::log1p(std::exp(-std::fabs(z))) + std::max(z, 0.) - t * z; }

// A row of outputs and what it should say.
struct Output {
  Row* y;
  double target;
};

// One step as docs/text.md has it: all slopes first, then the moves, set by set and example by example.
double plain_step(const Word2VecOptions& options, const std::vector<Row*>& neighbours,
                  const std::vector<std::vector<std::vector<Output>>>& sets, double rate) {
  const std::size_t D = neighbours[0]->size();
  Row mean(D, 0.);
  for (const Row* x : neighbours) add(mean, options.mean ? 1. / double(neighbours.size()) : 1., *x);
  const auto input = [&](std::size_t e) -> const Row& { return options.skip_gram ? *neighbours[e] : mean; };
  double loss = 0;
  std::vector<std::vector<std::vector<double>>> slopes;
  for (const auto& set : sets) {
    slopes.emplace_back();
    for (std::size_t e = 0; e < set.size(); e++) {
      slopes.back().emplace_back();
      for (const Output& output : set[e]) {
        const double z = dot(input(e), *output.y);
        loss += cross_entropy(z, output.target);
        slopes.back().back().push_back(rate * (output.target - sigmoid(z)));
      }
    }
  }
  Row all(D, 0.);
  for (std::size_t s = 0; s < sets.size(); s++) {
    for (std::size_t e = 0; e < sets[s].size(); e++) {
      const Row x = input(e);
      Row error(D, 0.);
      for (std::size_t r = 0; r < sets[s][e].size(); r++) {
        add(error, slopes[s][e][r], *sets[s][e][r].y);
        add(*sets[s][e][r].y, slopes[s][e][r], x);
      }
      add(options.skip_gram ? *neighbours[e] : all, 1, error);
    }
  }
  if (!options.skip_gram)
    for (Row* x : neighbours) add(*x, options.mean ? 1. : 1. / double(neighbours.size()), all);
  return loss;
}

struct Case {
  bool skip_gram, hierarchical, mean;
  index negative;
};

// Steps of a few words with neighbours that are there twice, and so few words that noise comes twice as well.
void check_steps(const Case& how, index size) {
  const std::vector<std::int64_t> counts = {50, 30, 20, 9, 5, 3, 1};
  const auto words = static_cast<index>(counts.size());
  Matrix input(words, size, 1), noise(words, size, 2), tree(words, size, 3);
  Word2VecModel model;
  model.options.skip_gram = how.skip_gram, model.options.hierarchical = how.hierarchical;
  model.options.mean = how.mean, model.options.negative = how.negative;
  model.input = input.view(), model.noise_output = noise.view(), model.tree_output = tree.view();
  model.noise = NoiseTable(counts, 0.75);
  model.tree = HuffmanTree(counts);
  ModelRows rows(model, 1);
  WordStep step(model, rows, 3);
  for (const std::vector<std::int32_t>& around : {std::vector<std::int32_t>{2, 4, 2, 0, 6, 5}, {3}}) {
    const Step taken{1, 0, static_cast<std::int32_t>(around.size()), 0, 77};
    constexpr double kRate = 0.25;
    step.prepare(taken, around.data(), float(kRate));
    std::vector<float> z(static_cast<std::size_t>(step.dots()));
    step.forward({0, input.columns}, z.data());
    const double loss = step.slopes(z.data());
    step.backward({0, input.columns}, z.data());

    std::vector<Row*> neighbours;
    for (const std::int32_t c : around) neighbours.push_back(&input.expected[c]);
    const std::size_t examples = how.skip_gram ? around.size() : 1;
    std::vector<std::vector<std::vector<Output>>> sets;
    if (how.negative > 0) {
      sets.emplace_back(examples);
      std::uint64_t drawn = kFirstNoise;
      for (auto& outputs : sets.back()) {
        outputs.push_back({&noise.expected[taken.target], 1});
        for (index k = 0; k < how.negative; k++)
          outputs.push_back({&noise.expected[model.noise.word_but(taken.target, draw(taken.key, drawn++))], 0});
      }
    }
    if (how.hierarchical) {
      sets.emplace_back(examples);
      for (auto& outputs : sets.back())
        for (index n = model.tree.starts[taken.target]; n < model.tree.starts[taken.target + 1]; n++)
          outputs.push_back({&tree.expected[model.tree.nodes[n]], model.tree.turns[n]});
    }
    CHECK(loss == doctest::Approx(plain_step(model.options, neighbours, sets, kRate)).epsilon(kClose));
    input.check(), noise.check(), tree.check();
  }
}

}  // namespace

TEST_CASE("a step of word2vec is that of a plain loop") {
  const std::string before = active().isa;
  for_each_isa<float>([](const Kernels<float>&, const std::string& isa) {
    REQUIRE(select(isa.c_str()));
    for (index size : kSizes) {
      for (const bool skip_gram : {true, false}) {
        for (const Case& how : {Case{skip_gram, false, true, 5}, Case{skip_gram, true, true, 0},
                                Case{skip_gram, true, false, 11}, Case{skip_gram, false, false, 1}}) {
          INFO("size ", size, skip_gram ? ", skip-gram" : ", CBOW", ", hs ", how.hierarchical, ", negative ",
               how.negative);
          check_steps(how, size);
        }
      }
    }
  });
  select(before.c_str());
}

TEST_CASE("dot products of word rows, over any range of columns") {
  for_each_isa<float>([](const Kernels<float>& k, const std::string&) {
    for (index size : kSizes) {
      constexpr index kRows = 19;
      Matrix x(3, size, 4), y(kRows, size, 5);
      for (index rows = 1; rows <= kRows; rows++) {
        std::vector<const float*> inputs, outputs;
        for (index e = 0; e < x.rows; e++) {
          inputs.push_back(x.row(e));
          for (index r = 0; r < rows; r++) outputs.push_back(y.row((e + r) % kRows));
        }
        for (index first = 0; first < x.columns; first += 5 * kWordColumns) {
          for (const index last : {std::min(first + kWordColumns, x.columns), x.columns}) {
            std::vector<float> z(outputs.size() + 1, 42.F);
            k.words->dots(inputs.data(), outputs.data(), x.rows, rows, first, last, z.data());
            CHECK(z.back() == 42.F);
            double worst = 0;
            for (std::size_t i = 0; i < outputs.size(); i++) {
              double wanted = 0;
              for (index d = first; d < last; d++) wanted += double(inputs[i / rows][d]) * double(outputs[i][d]);
              worst = std::max(worst, std::fabs(double(z[i]) - wanted));
            }
            INFO("size ", size, ", ", rows, " rows, columns ", first, " to ", last);
            CHECK(worst < kClose);
          }
        }
      }
    }
  });
}

TEST_CASE("slopes and losses, also where the sigmoid has no more to give") {
  for_each_isa<float>([](const Kernels<float>& k, const std::string&) {
    for (index n : kSizes) {
      std::vector<float> z = random_vector<float>(n + 1, 6, -8, 8), t(n);
      for (index i = 0; i < n; i++) t[i] = float(i % 2);
      z[n] = 42.F;
      z[0] = 300.F;  // whose target is 0
      if (n > 3) z[3] = -300.F;
      double loss = 0;
      std::vector<double> expected;
      for (index i = 0; i < n; i++) {
        loss += cross_entropy(double(z[i]), double(t[i]));
        expected.push_back(0.3 * (double(t[i]) - sigmoid(double(z[i]))));
      }
      std::vector<float> silent = z;
      CHECK(k.words->measured(z.data(), t.data(), n, 0.3F) == doctest::Approx(loss).epsilon(1e-6));
      CHECK(k.words->slopes(silent.data(), t.data(), n, 0.3F) == 0);
      CHECK(same_bits(z, silent));
      CHECK(z[n] == 42.F);
      for (index i = 0; i < n; i++) CHECK(std::fabs(double(z[i]) - expected[i]) < 1e-6);
    }
  });
}

TEST_CASE("rows move in order, one that is there twice moves twice") {
  for_each_isa<float>([](const Kernels<float>& k, const std::string&) {
    for (index size : kSizes) {
      for (index rows : {index(1), index(2), k.words->rows_at_once, k.words->rows_at_once + 1, index(19)}) {
        for (const bool apart : {true, false}) {
          if (!apart && rows > k.words->rows_at_once) continue;
          Matrix x(2, size, 7), y(rows, size, 8);  // x[1] takes the errors
          std::vector<float*> addresses;
          std::vector<index> which;
          for (index r = 0; r < rows; r++) which.push_back(rows > 12 && r == 12 ? 0 : r);  // in another group
          for (index r : which) addresses.push_back(y.row(r));
          const auto slopes = random_vector<float>(rows, 9);
          const Row from = x.expected[0];
          for (index r = 0; r < rows; r++) {
            add(x.expected[apart ? 1 : 0], double(slopes[r]), y.expected[which[r]]);
            add(y.expected[which[r]], double(slopes[r]), from);
          }
          k.words->update(x.row(0), addresses.data(), rows, 0, x.columns, slopes.data(), apart ? x.row(1) : nullptr);
          INFO("size ", size, ", ", rows, " rows");
          x.check(), y.check();
        }
      }
    }
  });
}

TEST_CASE("rows are gathered and errors scattered") {
  for_each_isa<float>([](const Kernels<float>& k, const std::string&) {
    for (index size : kSizes) {
      for (index n : {1, 2, 9}) {
        Matrix rows(n, size, 10), y(2, size, 11);
        std::vector<float*> addresses;
        for (index i = 0; i < n; i++) addresses.push_back(rows.row(i));
        y.expected[0].assign(size, 0.);
        for (const Row& row : rows.expected) add(y.expected[0], 0.25, row);
        k.words->gather(addresses.data(), n, 0, rows.columns, 0.25F, y.row(0));
        for (Row& row : rows.expected) add(row, 0.5, y.expected[1]);
        k.words->scatter(addresses.data(), n, 0, rows.columns, 0.5F, y.row(1));
        rows.check(), y.check();
      }
    }
  });
}

TEST_CASE_TEMPLATE("steps of GloVe are those of a plain loop", T, float, double) {
  for_each_isa<T>([](const Kernels<T>& k, const std::string&) {
    for (index size : kSizes) {
      const index row = round_up(size, 16);
      constexpr std::array<GlovePair, 5> kPairs = {
          {{0, 1, 3.F}, {2, 2, 20.F}, {1, 0, 0.5F}, {0, 1, 7.F}, {2, 1, 10.F}}};
      // words 0 .. 2, then contexts 0 .. 2: parameters, then sums of squares, which begin at 1 or above
      Buffer<T> rows(6 * 2 * row);
      std::vector<Row> value, sum;
      for (index i = 0; i < 6; i++) {
        const auto drawn = random_vector<T>(size, unsigned(20 + i), -0.2, 0.2);
        std::copy(drawn.begin(), drawn.end(), rows.data() + 2 * row * i);
        std::fill_n(rows.data() + 2 * row * i + row, row, T(1 + i));
        value.emplace_back(drawn.begin(), drawn.end());
        sum.emplace_back(size, double(1 + i));
      }
      double loss = 0;
      const auto move = [&](index w, index c, double x) {
        const double difference = dot(value[w], value[c]) - std::log(x);
        const double weight = std::min(1., std::pow(x / 8., 0.75));
        loss += 0.5 * weight * difference * difference;
        const Row word = value[w], context = value[c];
        for (index d = 0; d < size; d++) {
          const double dw = 0.05 * weight * difference * context[d], dc = 0.05 * weight * difference * word[d];
          value[w][d] -= dw / std::sqrt(sum[w][d]), value[c][d] -= dc / std::sqrt(sum[c][d]);
          sum[w][d] += dw * dw, sum[c][d] += dc * dc;
        }
      };
      for (const GlovePair& pair : kPairs) {
        move(pair.i, 3 + pair.j, double(pair.x));
        if (pair.i != pair.j) move(pair.j, 3 + pair.i, double(pair.x));
      }
      const GloveRun<T> run{
          kPairs.data(), kPairs.size(), rows.data(), rows.data() + 6 * row, row, GloveRun<T>::kBoth, 8., 0.75, 0.05};
      constexpr double kTolerance = std::is_same_v<T, float> ? 1e-5 : 1e-11;
      CHECK(k.glove(run) == doctest::Approx(loss).epsilon(kTolerance));
      double worst = 0;
      for (index i = 0; i < 6; i++) {
        const T* const found = rows.data() + 2 * row * i;
        for (index d = 0; d < row; d++) {
          worst = std::max(worst, std::fabs(double(found[d]) - (d < size ? value[i][d] : 0)));
          worst = std::max(worst, std::fabs(double(found[row + d]) - (d < size ? sum[i][d] : double(1 + i))));
        }
      }
      INFO("size ", size);
      CHECK(worst < kTolerance);
    }
  });
}

}  // namespace testing
