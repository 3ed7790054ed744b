"""Words as vectors: `Corpus` reads text, `Word2Vec` learns vectors from it, `KeyedVectors` holds and answers."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ranvier.text.corpus import Corpus
    from ranvier.text.errors import UnknownWordError, VectorFileError
    from ranvier.text.keyed_vectors import KeyedVectors
    from ranvier.text.translation_matrix import TranslationMatrix
    from ranvier.text.word2vec import Word2Vec

# What is imported when it is first used, and where it lives.
_HOMES = {
    "Corpus": "corpus",
    "KeyedVectors": "keyed_vectors",
    "TranslationMatrix": "translation_matrix",
    "UnknownWordError": "errors",
    "VectorFileError": "errors",
    "Word2Vec": "word2vec",
}

__all__ = ["Corpus", "KeyedVectors", "TranslationMatrix", "UnknownWordError", "VectorFileError", "Word2Vec"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"ranvier.text.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
