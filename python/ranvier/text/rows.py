"""Texts in whatever form they come, as the core takes them: a tuple of strings or UTF-8, and where rows begin."""

from __future__ import annotations

import os
import string
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ranvier._typing import Array

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def batches(data: Any, steps: int | None) -> Iterator[Any]:
    """The batches of an iterator, or data that are none as a single one."""
    if not hasattr(data, "__next__"):
        yield data
        return
    for batch in islice(data, steps):
        yield batch[0] if isinstance(batch, tuple) else batch


def flat(texts: Any, standardize: Any, split: Any) -> tuple[tuple[Any, ...], Array | None]:
    """All texts of all rows, and where each row begins, or None if each row is one text.

    Raises: TypeError for what is no text, with its position; ValueError for what is no Unicode or of another shape.
    """
    given = _listed(texts, split)
    nested = split is None and any(isinstance(row, list | tuple | np.ndarray) for row in given)
    if not nested and not callable(split):
        return _checked(given, standardize), None
    parts = [list(row) if isinstance(row, list | tuple | np.ndarray) else [row] for row in given]
    if callable(split):
        how = partial(_standardized, how=standardize) if isinstance(standardize, str) else standardize
        parts = [_split(text, split, row) for row, text in enumerate(_checked(given, how, whole=True))]
        standardize = None
    starts = np.concatenate([[0], np.cumsum([len(part) for part in parts], dtype=np.int64)])
    return _checked([token for part in parts for token in part], standardize), starts


def _listed(texts: Any, split: Any) -> list[Any]:
    if isinstance(texts, str | bytes):
        raise TypeError(f"[Vocabulary] expected a list of texts, got the text {texts[:40]!r}: put it into a list")
    if hasattr(texts, "to_numpy"):  # a column
        texts = texts.to_numpy()
    if isinstance(texts, np.ndarray):
        if texts.ndim == 2 and texts.shape[1] == 1:
            texts = texts[:, 0]
        if texts.ndim != 1 and not (texts.ndim == 2 and split is None):
            raise ValueError(f"[Vocabulary] expected texts of shape (texts,) or (texts, 1), got {texts.shape}")
        return list(texts.tolist())
    try:
        given = list(texts)
    except TypeError:
        raise TypeError(f"[Vocabulary] expected a list of texts, got {texts!r:.80}") from None
    if split is not None:
        # (texts, 1) as nested lists
        given = [row[0] if isinstance(row, list | tuple) and len(row) == 1 else row for row in given]
    return given


def _checked(texts: Sequence[Any], standardize: Any, whole: bool = False) -> tuple[Any, ...]:
    # The core lowers letters of ASCII; the few texts with others are lowered here. Bytes come out for those.
    lower = standardize in ("lower", "lower_and_strip_punctuation")
    checked = []
    for row, text in enumerate(texts):
        if isinstance(text, bytes):
            text = _decoded(text, row)
        elif not isinstance(text, str):
            raise TypeError(f"[Vocabulary] expected texts, got {text!r:.80} at position {row}")
        if callable(standardize):
            text = standardize(text)
            if not isinstance(text, str):
                raise TypeError(f"[Vocabulary] standardize must return a text, got {text!r:.80} for text {row}")
        checked.append(text if whole or text.isascii() else _encoded(text.lower() if lower else text, row))
    return tuple(checked)


def _standardized(text: str, how: str) -> str:
    text = text.lower() if "lower" in how else text
    return text.translate(_NO_PUNCTUATION) if "strip" in how else text


def _split(text: str, split: Callable[[str], Any], row: int) -> list[Any]:
    tokens = split(text)
    if isinstance(tokens, str | bytes):
        raise TypeError(f"[Vocabulary] split must return a list of tokens, got {tokens!r:.80} for text {row}")
    return list(tokens)


def _decoded(text: bytes, row: int) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"[Vocabulary] expected UTF-8, got bytes that are none at position {row}: {error}") from None


def _encoded(text: str, row: int) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"[Vocabulary] the text at position {row} has characters that are no Unicode: {error}"
        ) from None


def listed(vocabulary: Sequence[str] | str | os.PathLike[str]) -> list[str]:
    """The tokens of a sequence, or of the lines of a file.

    Raises: TypeError for tokens that are no strings; ValueError for a file that is no UTF-8; OSError.
    """
    if isinstance(vocabulary, str | os.PathLike):
        try:
            return Path(vocabulary).read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError as error:
            raise ValueError(f"[Vocabulary] {str(vocabulary)!r} is no UTF-8: {error}") from None
    tokens = [token.decode() if isinstance(token, bytes) else token for token in vocabulary]
    for place, token in enumerate(tokens):
        if not isinstance(token, str):
            raise TypeError(f"[Vocabulary] expected tokens that are strings, got {token!r:.80} at position {place}")
    return [str(token) for token in tokens]
