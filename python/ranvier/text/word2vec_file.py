"""A whole Word2Vec in a file, so that it can be trained on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ranvier.errors import ModelFileError
from ranvier.saving.native_file import NativeFile, write

if TYPE_CHECKING:
    from ranvier.text.word2vec import Word2Vec

    Model = TypeVar("Model", bound=Word2Vec)

_STATE = ("corpus_count", "corpus_total_words", "losses", "epochs_trained")


def save(model: Word2Vec, path: str | os.PathLike[str], overwrite: bool) -> None:
    """Writes settings, vocabulary and all weights."""
    words = [word.encode() for word in model.wv.index_to_key]
    tensors: dict[str, Any] = {
        "words": np.frombuffer(b"".join(words), np.uint8),
        "word_ends": np.cumsum([len(word) for word in words], dtype=np.int64),
        "vectors": model.wv.vectors,
    }
    optional = {"counts": model.wv.expandos.get("count"), "syn1neg": model.syn1neg, "syn1": model.syn1}
    tensors |= {name: tensor for name, tensor in optional.items() if tensor is not None}
    description = {"settings": model.settings(), "state": {name: getattr(model, name) for name in _STATE}}
    write(path, "word2vec", description, tensors, overwrite)


def load(kind: type[Model], path: str | os.PathLike[str]) -> Model:
    """The model of a file.

    Raises: FileNotFoundError; ModelFileError for a file that is damaged or of something else.
    """
    from ranvier.text.keyed_vectors import KeyedVectors

    with NativeFile(path) as file:
        file.require("word2vec")
        tensors = {name: file.tensor(name) for name in file.names}
        settings, state = file.part("settings"), file.part("state")
        where = file.where
    try:
        model = kind(**settings)
        text, ends = tensors["words"].tobytes(), tensors["word_ends"].tolist()
        words = [text[begin:end].decode() for begin, end in zip([0, *ends][:-1], ends, strict=True)]
        model.wv = KeyedVectors(model.vector_size, keys=words, vectors=tensors["vectors"], counts=tensors.get("counts"))
        for name in ("syn1neg", "syn1"):
            matrix = tensors.get(name)
            if matrix is not None and matrix.shape != model.wv.vectors.shape:
                raise ValueError(f"expected {name} of shape {model.wv.vectors.shape}, got {matrix.shape}")
            setattr(model, name, matrix)
        for name in _STATE:
            setattr(model, name, type(getattr(model, name))(state[name]))
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"[{where}] is damaged, or of another version: {error}") from None
    return model
