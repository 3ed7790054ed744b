#include "text/word_steps.hpp"

#include <algorithm>

namespace ranvier::words {

WordStep::WordStep(const Word2VecModel& model, ModelRows& rows, index window)
    : model_(model),
      rows_(rows),
      kernels_(*kernels::active().f32.words),
      x_(static_cast<std::size_t>(2 * window)),
      mean_(model.input.columns),
      error_(model.input.columns) {
  const index examples = model.options.skip_gram ? 2 * window : 1;
  const auto reserve = [examples](Outputs& outputs, index rows) {
    outputs.y.resize(static_cast<std::size_t>(examples * rows));
    outputs.targets.resize(static_cast<std::size_t>(examples * rows));
  };
  noise_.rows = model.noise_rows();
  reserve(noise_, noise_.rows);
  for (std::size_t i = 0; i < noise_.targets.size(); i += static_cast<std::size_t>(noise_.rows)) noise_.targets[i] = 1;
  if (model.options.hierarchical) reserve(tree_, model.tree.longest());
}

void WordStep::prepare(const Step& step, const std::int32_t* contexts, float rate) {
  rate_ = rate;
  neighbours_ = step.count;
  examples_ = model_.options.skip_gram ? neighbours_ : 1;
  for (index i = 0; i < neighbours_; ++i) x_[static_cast<std::size_t>(i)] = rows_.input.fetch(contexts[i]);
  if (model_.options.negative > 0) prepare_noise(step);
  if (model_.options.hierarchical) prepare_tree(step);
}

void WordStep::prepare_noise(const Step& step) {
  noise_.examples = examples_;
  float** y = noise_.y.data();
  float* const target = rows_.noise_output.fetch(step.target);
  std::uint64_t drawn = kFirstNoise;
  for (index e = 0; e < examples_; ++e) {
    *y++ = target;
    for (index r = 1; r < noise_.rows; ++r)
      *y++ = rows_.noise_output.fetch(model_.noise.word_but(step.target, draw(step.key, drawn++)));
  }
}

void WordStep::prepare_tree(const Step& step) {
  const auto begin = static_cast<std::size_t>(model_.tree.starts[static_cast<std::size_t>(step.target)]);
  const auto end = static_cast<std::size_t>(model_.tree.starts[static_cast<std::size_t>(step.target) + 1]);
  const std::size_t rows = end - begin;
  tree_.rows = static_cast<index>(rows);
  tree_.examples = examples_;
  for (std::size_t r = 0; r < rows; ++r) tree_.y[r] = rows_.tree_output.fetch(model_.tree.nodes[begin + r]);
  for (std::size_t e = 0; e < static_cast<std::size_t>(examples_); ++e) {
    if (e > 0) std::copy_n(tree_.y.data(), rows, tree_.y.data() + e * rows);
    std::copy_n(model_.tree.turns.data() + begin, rows, tree_.targets.data() + e * rows);
  }
}

double WordStep::run(float* z) {
  const Range columns{0, model_.input.columns};
  if (!model_.options.skip_gram || !model_.options.hierarchical) {
    forward(columns, z);
    const double loss = slopes(z);
    backward(columns, z);
    return loss;
  }
  double loss = 0;
  const auto take = [&](const Outputs& outputs, index e, index examples) {
    kernels_.dots(x_.data() + e, outputs.y.data() + e * outputs.rows, examples, outputs.rows, columns.begin,
                  columns.end, z);
    loss += take_slopes(outputs, e, examples, z);
  };
  if (noise_.count() > 0) {
    take(noise_, 0, noise_.examples);
    move(noise_, columns, z);
  }
  for (index e = 0; e < tree_.examples; ++e) {
    take(tree_, e, 1);
    move_example(tree_, e, columns, z);
  }
  return loss;
}

void WordStep::forward(Range columns, float* z) {
  const float* const* x = x_.data();
  const float* const mean = mean_.data();
  if (!model_.options.skip_gram) {
    const float factor = model_.options.mean ? 1 / static_cast<float>(neighbours_) : 1;
    kernels_.gather(x, neighbours_, columns.begin, columns.end, factor, mean_.data());
    x = &mean;
  }
  for (const Outputs* outputs : {&noise_, &tree_}) {
    if (outputs->count() == 0) continue;
    kernels_.dots(x, outputs->y.data(), examples_, outputs->rows, columns.begin, columns.end, z);
    z += outputs->count();
  }
}

double WordStep::slopes(float* z) const {
  double loss = 0;
  for (const Outputs* outputs : {&noise_, &tree_}) {
    if (outputs->count() == 0) continue;
    loss += take_slopes(*outputs, 0, outputs->examples, z);
    z += outputs->count();
  }
  return loss;
}

double WordStep::take_slopes(const Outputs& outputs, index first, index count, float* z) const {
  const auto slopes = model_.options.measure ? kernels_.measured : kernels_.slopes;
  return slopes(z, outputs.targets.data() + first * outputs.rows, count * outputs.rows, rate_);
}

void WordStep::backward(Range columns, const float* z) {
  if (model_.options.skip_gram) {
    move(noise_, columns, z);
    move(tree_, columns, z + noise_.count());
    return;
  }
  std::fill(error_.data() + columns.begin, error_.data() + columns.end, 0.0F);
  for (const Outputs* outputs : {&noise_, &tree_}) {
    kernels_.update(mean_.data(), outputs->y.data(), outputs->rows, columns.begin, columns.end, z, error_.data());
    z += outputs->count();
  }
  // As in the authors' program, each neighbour takes the whole step of the mean, and its share of the step of the sum.
  const float factor = model_.options.mean ? 1 : 1 / static_cast<float>(neighbours_);
  kernels_.scatter(x_.data(), neighbours_, columns.begin, columns.end, factor, error_.data());
}

void WordStep::move(const Outputs& outputs, Range columns, const float* z) {
  for (index e = 0; e < outputs.examples; ++e) move_example(outputs, e, columns, z + e * outputs.rows);
}

void WordStep::move_example(const Outputs& outputs, index e, Range columns, const float* z) {
  float* const* const y = outputs.y.data() + e * outputs.rows;
  float* const x = x_[static_cast<std::size_t>(e)];
  if (outputs.rows <= kernels_.rows_at_once) {
    kernels_.update(x, y, outputs.rows, columns.begin, columns.end, z, nullptr);
    return;
  }
  std::fill(error_.data() + columns.begin, error_.data() + columns.end, 0.0F);
  kernels_.update(x, y, outputs.rows, columns.begin, columns.end, z, error_.data());
  kernels_.scatter(&x, 1, columns.begin, columns.end, 1, error_.data());
}

}  // namespace ranvier::words
