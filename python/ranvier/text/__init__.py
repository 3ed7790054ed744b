"""Words as vectors: `KeyedVectors` holds them, answers questions about them, reads and writes their files."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ranvier.text.errors import UnknownWordError, VectorFileError
    from ranvier.text.keyed_vectors import KeyedVectors
    from ranvier.text.translation_matrix import TranslationMatrix

# What is imported when it is first used, and where it lives.
_HOMES = {
    "KeyedVectors": "keyed_vectors",
    "TranslationMatrix": "translation_matrix",
    "UnknownWordError": "errors",
    "VectorFileError": "errors",
}

__all__ = ["KeyedVectors", "TranslationMatrix", "UnknownWordError", "VectorFileError"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"ranvier.text.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
