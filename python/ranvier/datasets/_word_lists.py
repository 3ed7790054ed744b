"""Texts whose words are numbers, the most frequent first: what both such sets share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from ranvier.datasets._files import stored

if TYPE_CHECKING:
    from ranvier._typing import Array


def word_index(path: str, name: str, file_hash: str) -> dict[str, int]:
    """The rank of each word, from the file `name` of Keras's store."""
    index: dict[str, int] = json.loads(stored(path, name, file_hash).read_text("utf-8"))
    return index


def begun(texts: Array, start_char: int | None, index_from: int | None) -> list[list[int]]:
    """The texts behind a first number, every word `index_from` greater."""
    shift = index_from or 0
    start = [] if start_char is None else [start_char]
    return [[*start, *(word + shift for word in text)] for text in texts]


def shorter(texts: list[list[int]], labels: Array, maxlen: int | None) -> tuple[list[list[int]], Array]:
    """The texts below a length, and their labels; all of them for None.

    Raises: ValueError if none is.
    """
    if not maxlen:
        return texts, labels
    kept = [i for i, text in enumerate(texts) if len(text) < maxlen]
    if not kept:
        raise ValueError(f"[datasets] no text is shorter than maxlen={maxlen}: the shortest has {min(map(len, texts))}")
    return [texts[i] for i in kept], labels[kept]


def limited(texts: list[list[int]], num_words: int | None, skip_top: int, oov_char: int | None) -> Array:
    """The texts with `oov_char` in the place of numbers below `skip_top` and from `num_words` on, or without these."""
    most = num_words or max(max(text, default=0) for text in texts)
    if oov_char is None:
        chosen = [[word for word in text if skip_top <= word < most] for text in texts]
    else:
        chosen = [[word if skip_top <= word < most else oov_char for word in text] for text in texts]
    rows = np.empty(len(chosen), dtype=object)
    rows[:] = chosen
    return rows
