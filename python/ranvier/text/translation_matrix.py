from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.errors import one_of
from ranvier.text.vector_table import is_key, unit

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike
    from ranvier.text.keyed_vectors import KeyedVectors


class TranslationMatrix:
    """A linear map from the vectors of one language to those of another, learned from pairs of words.

    W minimizes sum |W x - z|^2 over the pairs, each vector with length 1. A word is translated by the words nearest to
    W x. With `orthogonal` W keeps angles: then the minimum is U V^T of the singular value decomposition of Z^T X
    (Procrustes), which needs fewer pairs.

    Args:
        source, target: `KeyedVectors` of the two languages.
        word_pairs: pairs (word, translation) to train on at once.
        orthogonal: whether W must be orthogonal; both languages have vectors of one size then.

    Source: Mikolov, Le and Sutskever (2013), "Exploiting Similarities among Languages for Machine Translation"; Xing et
    al. (2015), "Normalized Word Embedding and Orthogonal Transform for Bilingual Word Translation".

    >>> import numpy as np
    >>> from ranvier.text import KeyedVectors
    >>> english = KeyedVectors(2, keys=["one", "two", "three"], vectors=np.array([[1, 0], [1, 1], [0, 1.0]]))
    >>> turned = np.array([[0, 1], [-1, 1], [-1, 0.0]])
    >>> german = KeyedVectors(2, keys=["eins", "zwei", "drei"], vectors=turned)
    >>> TranslationMatrix(english, german, [("one", "eins"), ("three", "drei")]).translate(["two"], topn=1)
    {'two': ['zwei']}
    """

    def __init__(
        self,
        source: KeyedVectors,
        target: KeyedVectors,
        word_pairs: Sequence[tuple[Any, Any]] | None = None,
        *,
        orthogonal: bool = False,
    ) -> None:
        if orthogonal and source.vector_size != target.vector_size:
            raise ValueError(
                f"[TranslationMatrix] an orthogonal map needs vectors of one size, got {source.vector_size} and "
                f"{target.vector_size}"
            )
        self.source, self.target = source, target
        self.orthogonal = bool(orthogonal)
        self.translation_matrix: Array | None = None
        if word_pairs is not None:
            self.train(word_pairs)

    def train(self, word_pairs: Sequence[tuple[Any, Any]]) -> None:
        """Finds W from pairs (word, translation); `translation_matrix` is its transpose, (source size, target size).

        Raises: UnknownWordError, a KeyError; ValueError for no pairs.
        """
        pairs = [tuple(pair) for pair in word_pairs]
        if not pairs or any(len(pair) != 2 for pair in pairs):
            raise ValueError(f"[TranslationMatrix] expected pairs (word, translation), got {pairs[:2]!r}")
        x = np.array([unit(self.source.get_vector(word)) for word, _ in pairs])
        z = np.array([unit(self.target.get_vector(word)) for _, word in pairs])
        if self.orthogonal:
            left, _, right = np.linalg.svd(x.T @ z)
            self.translation_matrix = left @ right
        else:
            self.translation_matrix = np.linalg.lstsq(x, z, rcond=None)[0]

    def map(self, vectors: ArrayLike) -> Array:
        """Vectors of the source, (vectors, source size), as vectors of the target.

        Raises: ValueError before training, and for another size.
        """
        if self.translation_matrix is None:
            raise ValueError("[TranslationMatrix] has not been trained: call train(word_pairs) first")
        array = np.asarray(vectors, np.float64)
        if array.ndim != 2 or array.shape[1] != self.source.vector_size:
            raise ValueError(
                f"[TranslationMatrix] expected vectors of shape (*, {self.source.vector_size}), got {array.shape}"
            )
        return array @ self.translation_matrix

    def translate(
        self, source_words: Any, topn: int = 5, *, method: str = "nearest", sample: int | None = 10000
    ) -> dict[Any, list[str]]:
        """The `topn` likeliest translations of each word.

        Args:
            source_words: a word, or a list of them.
            topn: how many translations.
            method: "nearest" in angle; or "csls", which takes from each similarity the mean similarity of the
                candidate to its ten nearest mapped words, so that words that are near to everything win less often
                (Conneau et al. 2018, "Word Translation Without Parallel Data").
            sample: how many rows of the source, from the first, are mapped for that; None: all.

        Raises: UnknownWordError, a KeyError; ValueError before training.
        """
        one_of("translate", "method", method, ("nearest", "csls"))
        words = [source_words] if is_key(source_words) else list(source_words)
        mapped = self.map(
            np.array([self.source.get_vector(word) for word in words]).reshape(-1, self.source.vector_size)
        )
        if method == "nearest":
            found = self.target.similar_by_vector(mapped, topn)
            return {word: [name for name, _ in similar] for word, similar in zip(words, found, strict=True)}
        others = self.map(self.source.vectors[:sample])
        hub = type(self.target)(self.target.vector_size, keys=map(str, range(len(others))), vectors=others)
        nearest = hub.similar_by_vector(self.target.vectors, 10)
        crowd = np.array([np.mean([value for _, value in similar]) for similar in nearest])
        score = 2 * self.target.similar_by_vector(mapped, None) - crowd
        best = np.argsort(-score, axis=1, kind="stable")[:, :topn]
        return {word: [self.target.index_to_key[i] for i in row] for word, row in zip(words, best, strict=True)}
