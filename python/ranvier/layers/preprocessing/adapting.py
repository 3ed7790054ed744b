"""Data in pieces, for layers that learn from them before training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ranvier._typing import Array

_ROWS = 1 << 16


def pieces(data: Any) -> Iterator[Array]:
    """The rows of an array, or of the first arrays of an iterable's batches, some at a time: never a copy of all.

    Args:
        data: an array (rows, ...) or something that can be made one, or an iterator of batches x or (x, y).
    """
    if hasattr(data, "__next__"):
        for batch in data:
            yield np.asarray(batch[0] if isinstance(batch, tuple) else batch)
        return
    array = np.asarray(data)
    for first in range(0, len(array), _ROWS):
        yield array[first : first + _ROWS]
