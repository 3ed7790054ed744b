#include "layers/product.hpp"

#include <optional>

#include "network/network.hpp"
#include "pybind.hpp"

namespace ranvier {

namespace {

template <class T>
struct Matrix {
  index rows, columns, row_step, column_step;

  Matrix(const char* name, const py::array_t<T>& array) {
    if (array.ndim() != 2) fail(name, "expected a matrix, got ", array.ndim(), " axes");
    rows = array.shape(0), columns = array.shape(1);
    row_step = array.strides(0) / static_cast<index>(sizeof(T));
    column_step = array.strides(1) / static_cast<index>(sizeof(T));
    if (row_step != 1 && column_step != 1)
      fail(name, "expected rows or columns whose elements lie side by side; use np.ascontiguousarray");
  }
};

// out = a b (+ bias), max(., 0) if relu; a and b may be transposed views.
template <class T>
void multiply_arrays(const py::array_t<T>& a, const py::array_t<T>& b, py::array_t<T> out,
                     const std::optional<py::array_t<T>>& bias, bool relu) {
  const Matrix<T> A("a", a), B("b", b), C("out", out);
  if (A.columns != B.rows || C.rows != A.rows || C.columns != B.columns || C.column_step != 1)
    fail("multiply", "expected out of shape (", A.rows, ", ", B.columns, ") for a (", A.rows, ", ", A.columns,
         ") and b (", B.rows, ", ", B.columns, "), got (", C.rows, ", ", C.columns, ")");
  if (bias && bias->size() != B.columns) fail("bias", "expected ", B.columns, " elements, got ", bias->size());
  kernels::Gemm<T> g = product<T>(A.rows, B.columns, A.columns, a.data(), b.data(), out.mutable_data());
  g.a_row = A.row_step, g.a_col = A.column_step;
  g.b_row = B.row_step, g.b_col = B.column_step;
  g.c_row = C.row_step;
  g.bias = bias ? bias->data() : nullptr;
  g.relu = relu;

  const py::gil_scoped_release release;  // the arrays are alive, and nothing below touches Python
  const auto& k = kernels::table<T>();
  const double work = 2.0 * static_cast<double>(g.M) * static_cast<double>(g.N) * static_cast<double>(g.K);
  const int threads = work < kWorthThreads ? 1 : num_threads();
  const index stride = round_up(k.gemm_scratch(g), static_cast<index>(kCacheLine));
  thread_local Buffer<T> scratch;
  if (scratch.size() < stride * threads) scratch = Buffer<T>(stride * threads);
  T* const memory = scratch.data();
  run_team(threads, [&](Team& team) {
    Pass<T> pass{};
    pass.team = &team;
    pass.kernels = &k;
    pass.scratch = memory + stride * team.rank();
    multiply(pass, g);
  });
}

}  // namespace

template <class T>
void bind_product(py::module_& scalars) {
  scalars.def("multiply", &multiply_arrays<T>, py::arg("a").noconvert(), py::arg("b").noconvert(),
              py::arg("out").noconvert(), py::arg("bias") = py::none(), py::arg("relu") = false);
}

template void bind_product<float>(py::module_&);
template void bind_product<double>(py::module_&);

}  // namespace ranvier
