"""What can be asked about vectors: similarities, neighbours, analogies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ranvier import _core
from ranvier.text.errors import UnknownWordError
from ranvier.text.vector_table import VectorTable, is_key, unit

if TYPE_CHECKING:
    from typing import TypeAlias

    from ranvier._typing import Array, ArrayLike

    Key: TypeAlias = str | int
    Similar: TypeAlias = list[tuple[str, float]]


class VectorQueries(VectorTable):
    """Similarity is the cosine of the angle between two vectors; a vector of zeros is similar to nothing (0).

    Lengths are found in the same pass over memory as products, so that similarities are right after any change.
    """

    # --- Neighbours ---------------------------------------------------------------------------------------------------

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
    ) -> Similar | Array:
        """The words nearest to the mean of some directions: those of `positive` minus those of `negative`.

        Args:
            positive: a key or a vector, or a list of them; a pair (key, weight) counts that much.
            negative: the same, with weights of -1.
            topn: how many words; None: the similarities of all as an array.
            clip_start: the first row to look at.
            clip_end: the row to end before.
            restrict_vocab: looks at so many first rows only, whatever the other two say.
            indexer: an object with a method `most_similar(vector, topn)` that answers instead, such as an index.

        Returns: pairs (word, similarity), the most similar first, without the words that were given.
        Raises: UnknownWordError, a KeyError; ValueError where nothing is given.

        >>> import numpy as np
        >>> from ranvier.text import KeyedVectors
        >>> vectors = np.array([[1, 0], [1, 1], [0, 1], [-1, 0]], np.float32)
        >>> compass = KeyedVectors(2, keys=["e", "ne", "n", "w"], vectors=vectors)
        >>> [word for word, _ in compass.most_similar("ne", topn=2)]
        ['e', 'n']
        """
        if topn is not None and topn < 1:
            return []
        direction, rows = self._direction(positive, negative)
        if indexer is not None and topn is not None:
            return cast("Similar", indexer.most_similar(unit(direction).astype(np.float32), topn))
        first, last = self._rows(clip_start, clip_end, restrict_vocab)
        if topn is None:
            return self._cosines(direction, first, last)
        return self._nearest(direction[None], topn, [rows], first, last)[0]

    def most_similar_many(
        self,
        queries: Sequence[tuple[Any, Any]],
        topn: int = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
    ) -> list[Similar]:
        """`most_similar` for many queries at once, pairs (positive, negative): much faster than one after the other.

        >>> import numpy as np
        >>> from ranvier.text import KeyedVectors
        >>> vectors = np.array([[1, 0], [1, 1], [0, 1], [-1, 0]], np.float32)
        >>> compass = KeyedVectors(2, keys=["e", "ne", "n", "w"], vectors=vectors)
        >>> compass.most_similar_many([("n", None), ("n", "ne")], topn=1)
        [[('ne', 0.707...)], [('w', 0.92...)]]
        """
        first, last = self._rows(clip_start, clip_end, restrict_vocab)
        made = [self._direction(positive, negative) for positive, negative in queries]
        if topn < 1:
            return [[] for _ in made]
        directions = np.array([direction for direction, _ in made]).reshape(len(made), self.vector_size)
        return self._nearest(directions, topn, [rows for _, rows in made], first, last)

    def similar_by_key(self, key: Any, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """The words nearest to a key; for a list of keys, a list of such answers, found in one pass."""
        if is_key(key):
            return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)
        rows = [self.get_index(k) for k in key]
        return self._similar_to_all(self.vectors[rows], [[row] for row in rows], topn, restrict_vocab)

    def similar_by_word(self, word: Any, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """The same as `similar_by_key`."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_vector(self, vector: ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None) -> Any:
        """The words nearest to a vector; for a matrix, a list of such answers, one for each row."""
        array = np.asarray(vector)
        if array.ndim == 1:
            return self.most_similar([array], topn=topn, restrict_vocab=restrict_vocab)
        return self._similar_to_all(array, [[] for _ in array], topn, restrict_vocab)

    def _similar_to_all(
        self, vectors: Array, skipped: list[list[int]], topn: int | None, restrict_vocab: int | None
    ) -> list[Similar] | Array:
        first, last = self._rows(0, None, restrict_vocab)
        directions = np.array([self._checked(vector) for vector in vectors]).reshape(len(vectors), self.vector_size)
        if topn is None:
            return _core.text.similarities(self.vectors, first, last, directions)
        return self._nearest(directions, topn, skipped, first, last)

    def _nearest(self, directions: Array, topn: int, skipped: list[list[int]], first: int, last: int) -> list[Similar]:
        """The neighbours of each row of `directions` without those in `skipped`; the core scales them to length 1."""
        topn = max(0, min(topn, last - first))
        rows, values = _core.text.nearest(self.vectors, first, last, directions, topn, skipped)
        words = self.index_to_key
        return [
            [(words[row], value) for row, value in zip(found, similarity, strict=True) if row >= 0]
            for found, similarity in zip(rows.tolist(), values.tolist(), strict=True)
        ]

    def _cosines(self, direction: Array, first: int, last: int) -> Array:
        cosines: Array = _core.text.similarities(self.vectors, first, last, direction[None])[0]
        return cosines

    def _rows(self, clip_start: int, clip_end: int | None, restrict_vocab: int | None) -> tuple[int, int]:
        if restrict_vocab:
            clip_start, clip_end = 0, restrict_vocab
        first, last, _ = slice(clip_start, clip_end or None).indices(len(self))
        return first, max(first, last)

    def _direction(self, positive: Any, negative: Any) -> tuple[Array, list[int]]:
        """A vector along the sum of all, where keys count with length 1, and the rows of those that were keys."""
        items = [_weighted(item, 1.0) for item in _listed(positive)]
        items += [_weighted(item, -1.0) for item in _listed(negative)]
        if not items:
            raise ValueError("[most_similar] expected a key or a vector in `positive` or `negative`, got none")
        if len(items) == 1 and items[0][1] == 1 and is_key(items[0][0]):  # whose length says nothing
            row = self.get_index(items[0][0])
            return self.vectors[row], [row]
        total = np.zeros(self.vector_size)
        rows = []
        for item, weight in items:
            if is_key(item):
                rows.append(self.get_index(item))
                total += weight * unit(self.vectors[rows[-1]])
            else:
                total += weight * self._checked(item)
        return total, rows

    def _checked(self, vector: ArrayLike) -> Array:
        array = np.asarray(vector, np.float64)
        if array.shape != (self.vector_size,):
            raise ValueError(f"[KeyedVectors] expected a vector of {self.vector_size} numbers, got {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError("[KeyedVectors] expected a vector of finite numbers")
        return array

    def most_similar_cosmul(
        self, positive: Any = None, negative: Any = None, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Similar | Array:
        """The words with the greatest product of similarities to `positive` over that to `negative`.

        Each similarity is moved to (1 + cos) / 2 first, so that one large difference counts less than in
        `most_similar`: 3CosMul of Levy and Goldberg (2014), "Linguistic Regularities in Sparse and Explicit Word
        Representations". Arguments are those of `most_similar`, without weights.

        Raises: UnknownWordError, a KeyError; ValueError where `positive` is empty.
        """
        if topn is not None and topn < 1:
            return []
        for_, against = _listed(positive), _listed(negative)
        if not for_:
            raise ValueError("[most_similar_cosmul] expected a key or a vector in `positive`, got none")
        first, last = self._rows(0, None, restrict_vocab)
        rows = [self.get_index(item) for item in for_ + against if is_key(item)]
        directions = [self.vectors[self.get_index(i)] if is_key(i) else self._checked(i) for i in for_ + against]
        shifted = (1 + _core.text.similarities(self.vectors, first, last, np.array(directions))) / 2
        score: Array = shifted[: len(for_)].prod(0) / (shifted[len(for_) :].prod(0) + 1e-6)
        if topn is None:
            return score
        score[[row for row in rows if row < last]] = -np.inf
        return [(self.index_to_key[i], float(score[i])) for i in _greatest(score, topn) if score[i] > -np.inf]

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Key:
        """The key of a list that is most similar to `key1`."""
        return keys_list[int(np.argmin(self.distances(key1, keys_list)))]

    def closer_than(self, key1: Key, key2: Key) -> list[str]:
        """The words that are closer to `key1` than `key2` is, in the order of the rows."""
        one, two = self.get_index(key1), self.get_index(key2)
        similar = self._cosines(self.vectors[one], 0, len(self))
        return [self.index_to_key[row] for row in np.flatnonzero(similar > similar[two]) if row != one]

    def rank(self, key1: Key, key2: Key) -> int:
        """Which neighbour of `key1` the other is: 1 for the closest."""
        return len(self.closer_than(key1, key2)) + 1

    # --- Similarities -------------------------------------------------------------------------------------------------

    def similarity(self, w1: Key, w2: Key) -> float:
        """The cosine of the angle between two words.

        >>> import numpy as np
        >>> from ranvier.text import KeyedVectors
        >>> KeyedVectors(2, keys=["a", "b"], vectors=np.array([[3.0, 4.0], [4.0, 3.0]])).similarity("a", "b")
        0.96
        """
        return _cosine(self.vectors[self.get_index(w1)], self.vectors[self.get_index(w2)])

    def distance(self, w1: Key, w2: Key) -> float:
        """1 - similarity."""
        return 1 - self.similarity(w1, w2)

    def distances(self, word_or_vector: Key | Array, other_words: Sequence[Key] | None = ()) -> Array:
        """1 - similarity of a word or a vector to each of `other_words`, or to all words if that is empty.

        Raises: UnknownWordError, a KeyError.
        """
        own = self.vectors[self.get_index(word_or_vector)] if is_key(word_or_vector) else word_or_vector
        own = self._checked(own)
        if other_words is None or len(other_words) == 0:
            return 1 - self._cosines(own, 0, len(self))
        others = self.vectors[[self.get_index(word) for word in other_words]]
        return 1 - self.cosine_similarities(own, others)

    @staticmethod
    def cosine_similarities(vector_1: ArrayLike, vectors_all: ArrayLike) -> Array:
        """The cosine of the angle between one vector and each row of a matrix."""
        rows, vector = np.asarray(vectors_all), np.asarray(vector_1)
        if rows.dtype not in ("float32", "float64", "float16"):
            rows = rows.astype(np.float32)
        cosines: Array = _core.text.similarities(rows, 0, len(rows), vector[None])[0]
        return cosines

    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> float:
        """The cosine of the angle between the means of two lists of words; words without a vector are left out.

        Raises: ZeroDivisionError where a list is empty.
        """
        if not (len(ws1) and len(ws2)):
            raise ZeroDivisionError("[n_similarity] expected two lists of words, got an empty one")
        means = [self.get_mean_vector(words, pre_normalize=False) for words in (ws1, ws2)]
        return _cosine(*means)

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Similarity of two words as a share of the summed similarities of `wa` to its `topn` neighbours.

        Above 0.10 for ten neighbours speaks for a synonym: Leeuwenberg et al. (2016), "A Minimally Supervised Approach
        for Synonym Extraction with Word Embeddings".

        Raises: ValueError where there are no neighbours.
        """
        similar = self.similar_by_key(wa, topn)
        if not similar:
            raise ValueError("[relative_cosine_similarity] expected neighbours, but there are none")
        return float(self.similarity(wa, wb) / sum(value for _, value in similar))

    def doesnt_match(self, words: Iterable[Key]) -> Key:
        """The word that is least similar to the mean of them all.

        Raises: ValueError if none of them has a vector.

        >>> import numpy as np
        >>> from ranvier.text import KeyedVectors
        >>> vectors = np.array([[1, 0.1], [1, -0.1], [1, 0], [0, 1]], np.float32)
        >>> KeyedVectors(2, keys=["breakfast", "lunch", "dinner", "cereal"], vectors=vectors).doesnt_match(
        ...     ["breakfast", "cereal", "dinner", "lunch"]
        ... )
        'cereal'
        """
        return self.rank_by_centrality(words)[-1][1]

    def rank_by_centrality(self, words: Iterable[Key], use_norm: bool = True) -> list[tuple[float, Key]]:
        """Pairs (similarity to the mean of them all, word), the most similar first.

        Args:
            words: those without a vector are left out.
            use_norm: whether each counts with length 1 in the mean.

        Raises: ValueError if none of them has a vector.
        """
        used = [word for word in words if word in self]
        if not used:
            raise ValueError("[rank_by_centrality] expected words with vectors, got none")
        directions = np.asarray(self.vectors[[self.get_index(word) for word in used]], np.float64)
        if use_norm:
            lengths = np.sqrt(np.einsum("ij,ij->i", directions, directions))
            lengths[lengths == 0] = 1
            directions = directions / lengths[:, None]
        scores = directions @ unit(directions.sum(0))
        return sorted(zip(scores.tolist(), used, strict=True), key=lambda pair: -pair[0])

    def get_mean_vector(
        self,
        keys: Sequence[Key | Array],
        weights: ArrayLike | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> Array:
        """The weighted mean of vectors: sum of w x over sum of |w|.

        Args:
            keys: words, rows, or vectors themselves, which are taken as they are.
            weights: one for each key; 1 without.
            pre_normalize: whether vectors of words count with length 1.
            post_normalize: whether the mean is scaled to length 1.
            ignore_missing: whether words without a vector are left out.

        Raises: ValueError for no keys, or weights that do not fit; UnknownWordError, a KeyError.
        """
        if len(keys) == 0:
            raise ValueError("[get_mean_vector] expected keys, got none")
        factors = np.ones(len(keys)) if weights is None else np.asarray(weights, np.float64)
        if factors.shape != (len(keys),):
            raise ValueError(f"[get_mean_vector] expected {len(keys)} weights, one for each key, got {factors.shape}")
        mean, total = np.zeros(self.vector_size), 0.0
        for key, weight in zip(keys, factors, strict=True):
            if not is_key(key):
                vector = self._checked(cast("Array", key))
            elif key in self:
                row = self.vectors[self.get_index(key)]
                vector = unit(row) if pre_normalize else np.asarray(row, np.float64)
            elif ignore_missing:
                continue
            else:
                raise UnknownWordError(key, self.index_to_key)
            mean += weight * vector
            total += abs(weight)
        mean = mean / total if total > 0 else mean
        return (unit(mean) if post_normalize else mean).astype(self.dtype)


def _cosine(a: Array, b: Array) -> float:
    """Between -1 and 1, whatever the last bit says; 0 for zeros."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    lengths = math.sqrt(a.dot(a)) * math.sqrt(b.dot(b))
    return 0.0 if lengths == 0 else max(min(float(a.dot(b)) / lengths, 1.0), -1.0)  # NaN stays NaN


def _listed(items: Any) -> list[Any]:
    if items is None:
        return []
    if is_key(items) or (isinstance(items, np.ndarray) and items.ndim == 1):
        return [items]
    return list(items)


def _weighted(item: Any, weight: float) -> tuple[Any, float]:
    if isinstance(item, tuple) and len(item) == 2:
        return item[0], float(item[1])
    return item, weight


def _greatest(score: Array, count: int) -> list[int]:
    """Positions of the greatest scores, the first of equals first."""
    if count < len(score):
        bar = np.partition(score, len(score) - count)[len(score) - count]
        candidates = np.flatnonzero(score >= bar)
    else:
        candidates = np.arange(len(score))
    order = np.argsort(-score[candidates], kind="stable")
    return [int(i) for i in candidates[order][:count]]
