"""Vectors in the house's own format: one `.safetensors` file that can be mapped into memory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier._core import text as native
from ranvier.errors import ModelFileError
from ranvier.saving import native_file
from ranvier.text.errors import VectorFileError
from ranvier.text.vector_table import VectorTable

if TYPE_CHECKING:
    from ranvier._typing import Array

_ATTRIBUTE = "attribute/"


def write(path: str | os.PathLike[str], table: VectorTable) -> None:
    """Writes a table, whole or not at all."""
    try:
        words = [word.encode() for word in table.index_to_key]
    except UnicodeEncodeError as error:
        raise ValueError(f"[save] the word {error.object!r:.100} is no text: {error.reason}") from None
    tensors = {
        "vectors": np.asarray(table.vectors),
        "words": np.frombuffer(b"".join(words), np.uint8),
        "word_ends": np.cumsum([len(word) for word in words], dtype=np.int64),
    }
    tensors |= {_ATTRIBUTE + name: values for name, values in table.expandos.items()}
    native_file.write(path, "vectors", {"vector_size": table.vector_size}, tensors, overwrite=True)


def read(path: str | os.PathLike[str], mapped: bool) -> tuple[list[str], Array, dict[str, Array]]:
    """Words, vectors and attributes of a file; with `mapped` the vectors are views of the file.

    Raises: FileNotFoundError; VectorFileError for a file that is damaged or holds no vectors.
    """
    try:
        with native_file.NativeFile(path) as file:
            file.require("vectors")
            words = native.decode_words(file.tensor("words"), file.tensor("word_ends"))
            vectors: Any = file.mapped("vectors") if mapped else file.tensor("vectors")
            names = [name for name in file.names if name.startswith(_ATTRIBUTE)]
            attributes = {name.removeprefix(_ATTRIBUTE): file.tensor(name) for name in sorted(names)}
    except (ModelFileError, UnicodeDecodeError) as error:
        raise VectorFileError(str(error)) from None
    except ValueError as error:
        raise VectorFileError(f"[{os.path.basename(path)}] is damaged: {error}") from None  # noqa: PTH119
    if vectors.ndim != 2 or len(vectors) != len(words) or any(v.shape != (len(words),) for v in attributes.values()):
        raise VectorFileError(f"[{os.path.basename(path)}] is damaged: {len(words)} words, vectors {vectors.shape}")  # noqa: PTH119
    return words, vectors, attributes
