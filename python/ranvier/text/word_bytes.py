"""Words as two arrays, for files that hold nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ranvier.errors import ModelFileError

if TYPE_CHECKING:
    from ranvier._typing import Array


def packed(words: Sequence[str]) -> tuple[Array, Array]:
    """Their UTF-8, one after the other, and where each ends.

    >>> [array.tolist() for array in packed(["ab", "c"])]
    [[97, 98, 99], [2, 3]]
    """
    encoded = [word.encode() for word in words]
    return np.frombuffer(b"".join(encoded), np.uint8), np.cumsum([len(word) for word in encoded], dtype=np.int64)


def unpacked(text: Array, ends: Array, where: str) -> list[str]:
    """The words again.

    Raises: ModelFileError for arrays that hold none.

    >>> unpacked(*packed(["ab", "c"]), "file")
    ['ab', 'c']
    """
    data, starts = text.tobytes(), [0, *ends[:-1].tolist()]
    try:
        return [data[begin:end].decode() for begin, end in zip(starts, ends.tolist(), strict=True)]
    except (UnicodeDecodeError, ValueError) as error:
        raise ModelFileError(f"[{where}] is damaged: its words are no UTF-8: {error}") from None
