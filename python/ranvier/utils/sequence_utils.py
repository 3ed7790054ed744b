"""Sequences of different lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ranvier.errors import one_of

if TYPE_CHECKING:
    from numpy.typing import DTypeLike

    from ranvier._typing import Array, ArrayLike


def pad_sequences(
    sequences: Sequence[ArrayLike],
    maxlen: int | None = None,
    dtype: DTypeLike = "int32",
    padding: Literal["pre", "post"] = "pre",
    truncating: Literal["pre", "post"] = "pre",
    value: Any = 0.0,
) -> Array:
    """Brings sequences to one length: longer ones lose their beginning or end, shorter ones are filled up.

    Args:
        sequences: arrays or lists; their steps are numbers, or arrays of one shape. They may be empty.
        maxlen: steps of the result; None: as many as the longest has.
        dtype: type of the result; `object` for strings.
        padding: where shorter sequences are filled up, "pre" in front or "post" behind. `Masking` and
            `Embedding(mask_zero=True)` take both.
        truncating: what is cut off longer ones, "pre" the beginning or "post" the end.
        value: what they are filled up with.

    Output shape: `(len(sequences), maxlen)`, and the shape of a step behind it.
    Raises: TypeError if something is no sequence; ValueError for steps of different shapes, a negative length, values
        that do not fit in `dtype`, and unknown words.

    >>> pad_sequences([[1], [2, 3], [4, 5, 6, 7]], maxlen=3)
    array([[0, 0, 1],
           [0, 2, 3],
           [5, 6, 7]], dtype=int32)
    """
    one_of("pad_sequences", "padding", padding, ("pre", "post"))
    one_of("pad_sequences", "truncating", truncating, ("pre", "post"))
    if maxlen is not None and maxlen < 0:
        raise ValueError(f"[pad_sequences] maxlen must be at least 0, got {maxlen}")
    if not hasattr(sequences, "__len__") or isinstance(sequences, str):
        raise TypeError(f"[pad_sequences] expected a list of sequences, got {type(sequences).__name__}")
    rows = [_array(i, row) for i, row in enumerate(sequences)]
    steps = {row.shape[1:]: i for i, row in reversed(list(enumerate(rows))) if len(row)}
    if len(steps) > 1:
        (shape, first), (other, second) = sorted(steps.items(), key=lambda item: item[1])[:2]
        raise ValueError(
            f"[pad_sequences] steps must have one shape: those of sequence {first} have {shape}, "
            f"of sequence {second} {other}"
        )
    length = max(map(len, rows), default=0) if maxlen is None else int(maxlen)
    kind = np.dtype(dtype)
    if isinstance(value, str) and kind.kind not in "OUS":
        raise ValueError(f"[pad_sequences] dtype {kind.name} cannot hold {value!r}: choose dtype=object")
    padded = np.full((len(rows), length, *next(iter(steps), ())), value, kind)
    for i, row in enumerate(rows):
        kept = row[max(len(row) - length, 0) :] if truncating == "pre" else row[:length]
        if not len(kept):
            continue
        start = length - len(kept) if padding == "pre" else 0
        padded[i, start : start + len(kept)] = _converted(i, kept, kind)
    return padded


def _array(position: int, row: Any) -> Array:
    if not hasattr(row, "__len__") or isinstance(row, str):
        raise TypeError(f"[pad_sequences] sequence {position} must be a list or an array, got {row!r}")
    try:
        return np.asarray(row)
    except ValueError:
        raise ValueError(f"[pad_sequences] sequence {position} has steps of different shapes") from None


def _converted(position: int, row: Array, kind: np.dtype[Any]) -> Array:
    try:
        with np.errstate(invalid="ignore"):  # NaN as an integer: found below
            converted = row.astype(kind)
    except (TypeError, ValueError):
        raise ValueError(f"[pad_sequences] sequence {position} holds values that {kind.name} cannot: {row!r}") from None
    if kind.kind in "iu" and row.dtype.kind in "iuf" and (wrong := converted != np.trunc(row)).any():
        raise ValueError(f"[pad_sequences] sequence {position} holds {row[wrong].flat[0]}, which {kind.name} cannot")
    return converted
