"""Words as vectors: corpora, vocabularies, word2vec and what is done with the vectors.

Nothing here is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ranvier.text.corpus import Corpus

_HOMES = {"Corpus": "corpus"}

__all__ = ["Corpus"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
