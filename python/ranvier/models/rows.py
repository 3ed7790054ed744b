"""Rows that are no plain array and are never made one: compressed sparse rows, and columns of different types.

Native code reads a batch of them where they lie. What both are, besides: long as an array is, with a shape, a type, and
slices that are views.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from ranvier._typing import Array, Shape


class Rows:
    """The base of both.

    Args:
        shape: rows and columns.
        dtype: a number type that holds all values.
    """

    def __init__(self, shape: Shape, dtype: np.dtype[Any]) -> None:
        self.shape = shape
        self.dtype = dtype

    @property
    def ndim(self) -> int:
        """Always 2."""
        return 2

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: slice) -> Rows:
        first, last, step = key.indices(len(self))
        if step != 1:
            raise ValueError(f"[rows] expected a slice without a step, got {key!r}")
        return self._part(first, max(first, last))

    def _part(self, first: int, last: int) -> Rows:
        raise NotImplementedError

    def element(self, flat: int) -> Any:
        """The value at a flat index, in row-major order."""
        raise NotImplementedError


class SparseRows(Rows):
    """Compressed sparse rows: data[k] stands in column columns[k] of row r for starts[r] <= k < starts[r + 1].

    Args:
        data: the values.
        columns: their columns, int32 or int64.
        starts: where rows begin, of the same type; one more than there are rows.
        width: number of columns.

    Raises: ValueError where the arrays do not fit each other.
    """

    def __init__(self, data: Array, columns: Array, starts: Array, width: int) -> None:
        super().__init__((len(starts) - 1, width), data.dtype)
        self.data, self.columns, self.starts = data, columns, starts

    def check(self, where: str, argument: str) -> None:
        """Raises ValueError unless native code can follow the indices."""
        first, last = int(self.starts[0]), int(self.starts[-1])
        right = 0 <= first <= last <= min(len(self.data), len(self.columns)) and bool(
            (self.starts[1:] >= self.starts[:-1]).all()
        )
        if right and last > first:
            right = self.columns[first:last].min() >= 0 and self.columns[first:last].max() < self.shape[1]
        if not right:
            raise ValueError(f"[{where}] {argument}: the indices of its sparse rows do not fit its shape {self.shape}")

    def _part(self, first: int, last: int) -> Rows:
        return SparseRows(self.data, self.columns, self.starts[first : last + 1], self.shape[1])

    def element(self, flat: int) -> Any:
        row, column = divmod(flat, self.shape[1])
        place = slice(int(self.starts[row]), int(self.starts[row + 1]))
        return self.data[place][self.columns[place] == column].sum()


class Columns(Rows):
    """Columns side by side, each with its own type.

    Args:
        columns: arrays (rows,).
    """

    def __init__(self, columns: list[Array]) -> None:
        dtype = np.result_type(*(column.dtype for column in columns))
        super().__init__((len(columns[0]), len(columns)), dtype)
        self._columns = columns  # which keeps their memory
        whole = _together(columns)
        self.parts = [column[:, None] for column in columns] if whole is None else [whole]

    def _part(self, first: int, last: int) -> Rows:
        return Columns([column[first:last] for column in self._columns])

    def element(self, flat: int) -> Any:
        row, column = divmod(flat, self.shape[1])
        return self._columns[column][row]


def _together(columns: list[Array]) -> Array | None:
    """The array that columns are those of, or None: rows of one are read faster."""
    first = columns[0]
    starts = [column.__array_interface__["data"][0] for column in columns]
    step = starts[1] - starts[0] if len(columns) > 1 else first.itemsize
    if any(start != starts[0] + i * step for i, start in enumerate(starts)):
        return None
    if any((column.dtype, column.strides) != (first.dtype, first.strides) for column in columns):
        return None
    return np.lib.stride_tricks.as_strided(first, (len(first), len(columns)), (first.strides[0], step))


def sparse_rows(where: str, argument: str, value: Any) -> SparseRows:
    """A sparse matrix or array of SciPy, or of another library with its attributes.

    One that is not of compressed rows is converted, which takes memory for its values, never for its zeros.
    Raises: ValueError for what is not two-dimensional, or damaged.
    """
    if len(value.shape) != 2:
        raise ValueError(f"[{where}] {argument} must have rows and columns, got a sparse array of shape {value.shape}")
    csr = value if getattr(value, "format", "csr") == "csr" else value.tocsr()
    rows = _rows_of(csr)
    rows.check(where, argument)
    if not getattr(csr, "has_canonical_format", True):
        csr = csr.copy()
        csr.sum_duplicates()  # an index may be in range where the sum of two is not
        rows = _rows_of(csr)
    return rows


def _rows_of(csr: Any) -> SparseRows:
    columns, starts = np.asarray(csr.indices), np.asarray(csr.indptr)
    if columns.dtype != starts.dtype or columns.dtype not in (np.int32, np.int64):
        columns, starts = columns.astype(np.int64), starts.astype(np.int64)
    data, columns, starts = (np.ascontiguousarray(array) for array in (csr.data, columns, starts))
    return SparseRows(data, columns, starts, int(csr.shape[1]))


def is_sparse(value: Any) -> bool:
    """Whether it is a sparse matrix or array, of SciPy or of its form."""
    return hasattr(value, "tocsr") or all(hasattr(value, name) for name in ("indptr", "indices", "data", "shape"))


def is_frame(value: Any) -> bool:
    """Whether it is a data frame, of pandas or polars."""
    return hasattr(value, "columns") and hasattr(value, "to_numpy")


def frame_rows(frame: Any, number: Callable[[str, Any], Array]) -> Columns:
    """The columns of a data frame, which are copied only where their memory is of another form than NumPy's.

    Args:
        frame: of pandas or polars.
        number: makes an array of one column; called with its name and its values.
    """
    names = list(frame.columns)
    if hasattr(frame, "iloc"):  # names may be there twice
        return Columns([number(str(name), frame.iloc[:, i]) for i, name in enumerate(names)])
    return Columns([number(str(name), frame[name]) for name in names])
