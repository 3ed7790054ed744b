#include "layers/channels_first.hpp"

#include <algorithm>

namespace ranvier {

namespace {

constexpr index kBlock = 16;  // a cache line of floats

/// to (columns, rows) = the transpose of from (rows, columns), for this thread's images of a batch of them.
template <class T>
void turn(const Pass<T>& pass, const T* from, T* to, index rows, index columns) {
  const Range images = pass.team->share(pass.batch);
  for (index image = images.begin; image < images.end; ++image) {
    const T* const a = from + image * rows * columns;
    T* const b = to + image * rows * columns;
    for (index i0 = 0; i0 < rows; i0 += kBlock)
      for (index j0 = 0; j0 < columns; j0 += kBlock)
        for (index i = i0; i < std::min(i0 + kBlock, rows); ++i)
          for (index j = j0; j < std::min(j0 + kBlock, columns); ++j) b[j * rows + i] = a[i * columns + j];
  }
}

template <class T>
index aligned(index elements) {
  return round_up(elements, static_cast<index>(kCacheLine / sizeof(T)));
}

}  // namespace

template <class T>
Shape ChannelsFirst<T>::last(const Shape& x) {
  if (x.empty()) return x;
  Shape turned(x.begin() + 1, x.end());
  turned.push_back(x[0]);
  return turned;
}

// Made when a plan asks for memory, so that passes only look it up.
template <class T>
const typename ChannelsFirst<T>::Shapes& ChannelsFirst<T>::shapes(const Shape& x) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = shapes_.find(x);
  if (found != shapes_.end()) return found->second;
  const std::vector<Shape> inner{last(x)};
  return shapes_.emplace(x, Shapes{inner, inner_->output_shapes(inner)}).first->second;
}

template <class T>
std::vector<Shape> ChannelsFirst<T>::output_shapes(const std::vector<Shape>& x) const {
  this->require_inputs(x, 1);
  try {
    const Shape& y = shapes(x[0]).y[0];
    Shape turned{y.back()};
    turned.insert(turned.end(), y.begin(), y.end() - 1);
    return {turned};
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(std::string(error.what()) + " (the channels, which are first here, are named last)");
  }
}

// x, y and, where a backward pass follows, dy and dx with the channels last; then the inner layer's own.
template <class T>
index ChannelsFirst<T>::workspace(const std::vector<Shape>& x, index batch) const {
  const Shapes& inner = shapes(x[0]);
  return 2 * aligned<T>(batch * size(inner.x[0])) + 2 * aligned<T>(batch * size(inner.y[0])) +
         inner_->workspace(inner.x, batch);
}

template <class T>
index ChannelsFirst<T>::forward_workspace(const std::vector<Shape>& x, index batch) const {
  const Shapes& inner = shapes(x[0]);
  return aligned<T>(batch * size(inner.x[0])) + aligned<T>(batch * size(inner.y[0])) +
         inner_->forward_workspace(inner.x, batch);
}

template <class T>
typename ChannelsFirst<T>::Places ChannelsFirst<T>::places(const Pass<T>& pass) const {
  const index in = aligned<T>(pass.batch * pass.x_size(0)), out = aligned<T>(pass.batch * pass.y_size(0));
  T* const x = pass.workspace;
  return {x, x + in, x + in + out, x + in + 2 * out};
}

template <class T>
Pass<T> ChannelsFirst<T>::inner_pass(const Pass<T>& pass) const {
  const Shapes& inner = shapes((*pass.x_shapes)[0]);
  Pass<T> turned = pass;
  turned.x_shapes = &inner.x;
  turned.y_shapes = &inner.y;
  const Places at = places(pass);
  turned.workspace = pass.keep ? at.dx + aligned<T>(pass.batch * pass.x_size(0)) : at.dy;
  return turned;
}

template <class T>
void ChannelsFirst<T>::forward(const Pass<T>& pass) const {
  Places at = places(pass);
  Pass<T> turned = inner_pass(pass);
  turned.x = &at.x;
  turned.y = &at.y;
  const index channels = (*turned.x_shapes)[0].back(), made = (*turned.y_shapes)[0].back();
  turn(pass, pass.x[0], at.x, channels, pass.x_size(0) / channels);
  pass.team->barrier();
  inner_->forward(turned);
  pass.team->barrier();
  turn(pass, at.y, pass.y[0], pass.y_size(0) / made, made);
}

template <class T>
void ChannelsFirst<T>::backward(const Pass<T>& pass) const {
  Places at = places(pass);
  Pass<T> turned = inner_pass(pass);
  T* dx = pass.dx[0] ? at.dx : nullptr;
  turned.x = &at.x;
  turned.y = &at.y;
  turned.dy = &at.dy;
  turned.dx = &dx;
  const index channels = (*turned.x_shapes)[0].back(), made = (*turned.y_shapes)[0].back();
  turn(pass, pass.dy[0], at.dy, made, pass.y_size(0) / made);
  pass.team->barrier();
  inner_->backward(turned);
  if (!dx) return;
  pass.team->barrier();
  turn(pass, at.dx, pass.dx[0], pass.x_size(0) / channels, channels);
}

template class ChannelsFirst<float>;
template class ChannelsFirst<double>;

}  // namespace ranvier
