"""Data at the door: turned into arrays without copying, and checked once, before anything changes.

Each message names the argument, what was expected, what came, the first bad row and the way out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _core
from ranvier.models.rows import Rows, frame_rows, is_frame, is_sparse, sparse_rows

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike, Shape

_WAYS_OUT = {
    "O": "convert it, for example with x.astype('float32'), after replacing what is no number",
    "U": "encode text as numbers first",
    "S": "encode text as numbers first",
    "T": "encode text as numbers first",
    "c": "give the real and the imaginary part as two features",
    "M": "convert times to numbers first, for example to seconds",
    "m": "convert times to numbers first, for example to seconds",
    "V": "give each field as a column of a plain array",
}


def numbers(where: str, argument: str, value: ArrayLike) -> Array:
    """`value` as an array of booleans, integers or real numbers; an array that is one already is not copied.

    Raises: TypeError for another kind of data; ValueError for rows of different lengths or a single number.
    """
    array = value if type(value) is np.ndarray else _as_array(where, argument, value)
    kind = array.dtype.kind
    if kind not in "biuf" or array.dtype.itemsize > 8:
        first = ""
        if kind == "O" and array.ndim and array.size:
            first = f" (the first is {array.flat[0]!r:.40}, a {type(array.flat[0]).__name__})"
        got = f"a {type(value).__name__}" if array.ndim == 0 else f"an array of {array.dtype}{first}"
        way_out = _WAYS_OUT.get(kind, "convert it with x.astype('float64')")
        raise TypeError(f"[{where}] {argument} must be an array of numbers, got {got}: {way_out}")
    if array.ndim == 0:
        raise ValueError(
            f"[{where}] {argument} must be an array with a row for each sample, got the single number {value!r}"
        )
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def rows(where: str, argument: str, value: ArrayLike) -> Array | Rows:
    """`value` as rows of numbers: what `numbers` takes, sparse rows, or the columns of a data frame; not copied.

    Raises: see `numbers`; ValueError for sparse rows that are damaged.
    """
    if type(value) is np.ndarray:
        return numbers(where, argument, value)
    if is_sparse(value):
        found = sparse_rows(where, argument, value)
        numbers(where, argument, found.data)
        return found
    if is_frame(value) and len(value.columns):
        return frame_rows(value, lambda name, column: numbers(where, f"{argument}[{name!r}]", column))
    return numbers(where, argument, value)


def _as_array(where: str, argument: str, value: ArrayLike) -> Array:
    if isinstance(value, np.ndarray):  # a memory map and its like
        return value.view(np.ndarray)
    if value is None:
        raise ValueError(f"[{where}] {argument} is missing")
    if is_sparse(value):
        raise TypeError(f"[{where}] {argument} must be an array of numbers, got a sparse one: use {argument}.toarray()")
    if hasattr(value, "to_numpy"):  # pandas, polars
        array = np.asarray(value.to_numpy())
        if array.dtype.kind == "O" and hasattr(getattr(value, "dtype", None), "na_value"):
            array = _without_missing(value, array)
        return array
    if hasattr(value, "__dlpack__"):
        try:
            return np.from_dlpack(value)
        except (RuntimeError, BufferError, TypeError, ValueError):
            pass  # a device, a type or a flag that NumPy lacks: the library may know how to convert it
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"[{where}] {argument} must hold rows of one shape: {error}. Pad them to one length first"
        ) from None


def _without_missing(series: Any, array: Array) -> Array:
    # pandas makes objects of numbers if some may be missing.
    try:
        return np.asarray(series.to_numpy(dtype="float64", na_value=np.nan))
    except (TypeError, ValueError):
        return array


def per_name(where: str, argument: str, value: Any, names: Sequence[str]) -> list[Any]:
    """One item for each input or output: from a list in their order, a dict by name, or the thing itself if it is one.

    Raises: ValueError if their number or a name differs.
    """
    if isinstance(value, Mapping):
        if set(value) != set(names):
            raise ValueError(f"[{where}] {argument} needs the keys {list(names)}, got {list(value)}")
        return [value[name] for name in names]
    if len(names) == 1:
        return [value]
    if not isinstance(value, list | tuple) or len(value) != len(names):
        got = f"{len(value)}" if isinstance(value, list | tuple) else f"a {type(value).__name__}"
        raise ValueError(f"[{where}] {argument} must be a list of {len(names)} arrays, for {list(names)}; got {got}")
    return list(value)


def single_input(value: Any, rank: int | None) -> Any:
    """What a model with one input is given, where a list of one whole array means that array."""
    if not isinstance(value, list | tuple) or len(value) != 1 or not isinstance(value[0], np.ndarray):
        return value
    # A list of one row looks the same, but the row has no batch axis.
    whole = value[0].ndim > 1 if rank is None else value[0].ndim == rank
    return value[0] if whole else value


def fitted(where: str, argument: str, array: Any, shape: Shape) -> Any:
    """`array` seen with rows of this shape: a last axis of size 1 is added or dropped where that is the difference.

    Sizes of the shape that are None may be any.

    Raises: ValueError if the rows have another shape.
    """
    rows = array.shape[1:]
    if fits(rows, shape):
        return array
    if isinstance(array, Rows):
        raise ValueError(f"[{where}] {argument}: expected shape {starred(shape)}, got {array.shape}")
    if fits((*rows, 1), shape):
        return array[..., None]
    if fits(rows, (*shape, 1)):
        return array[..., 0]
    hint = "; did you mean its transpose, .T?" if array.ndim == 2 and array.shape[:1] == shape else ""
    raise ValueError(f"[{where}] {argument}: expected shape {starred(shape)}, got {array.shape}{hint}")


def fits(rows: Sequence[int], shape: Sequence[int | None]) -> bool:
    """Whether rows have a shape, of which sizes that are None may be any."""
    return rows == shape or (
        len(rows) == len(shape) and all(wanted in (None, size) for size, wanted in zip(rows, shape, strict=True))
    )


def with_columns(array: Any) -> Any:
    """Rows of a vector as rows of one column."""
    return array[:, None] if array.ndim == 1 else array


def starred(shape: Shape) -> str:
    """A row's shape as messages write it, the batch as a star: "(*, 784)"."""
    return f"(*, {', '.join(map(str, shape))})" if shape else "(*,)"


def finite(where: str, argument: str, array: Array | Rows) -> None:
    """Raises ValueError naming the position of the first NaN or infinity."""
    flat = _core.first_nonfinite(array)
    if flat >= 0:
        at = position(array, flat)
        row = np.unravel_index(flat, array.shape)[0]
        value = array.element(flat) if isinstance(array, Rows) else array.flat[flat]
        raise ValueError(f"[{where}] {argument}{at} is {value}, in row {row}: replace it, or drop such rows")


def position(array: Array | Rows, flat: int) -> str:
    """A flat index as it is written behind the array's name: "[3, 1]"."""
    return "[" + ", ".join(str(int(axis)) for axis in np.unravel_index(flat, array.shape)) + "]"


def same_rows(where: str, argument: str, array: Array | Rows, rows: int) -> None:
    """Raises ValueError unless the array has this many rows."""
    if len(array) != rows:
        raise ValueError(f"[{where}] x has {rows} rows, but {argument} has {len(array)}: each row needs its own")
