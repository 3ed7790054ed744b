"""The vocabulary of a Word2Vec: which words, how they begin, how often they are kept, what they take."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _core

if TYPE_CHECKING:
    from ranvier._typing import Array
    from ranvier.text.corpus import Corpus
    from ranvier.text.keyed_vectors import KeyedVectors
    from ranvier.text.word2vec_settings import Settings

_INITIAL_STREAM = 1 << 62  # of initial weights, as elsewhere in the library
_WORD_BYTES = 200  # of a str, its place in the list and in the dictionary, and its count
_DROP, _KEEP = 1, 2  # what a trim_rule says


def adopt(
    settings: Settings, corpus: Corpus, known: KeyedVectors | None, trim_rule: Callable[[str, int, int], int] | None
) -> tuple[list[str], Array]:
    """Words and counts of the vocabulary that a corpus makes, or adds to one that is known.

    Raises: ValueError if no word is frequent enough.
    """
    limits = [limit for limit in (settings.max_vocab_size, settings.max_final_vocab) if limit is not None]
    numbers = corpus.frequent(settings.min_count, min(limits, default=None))
    if trim_rule is not None:
        numbers = _trimmed(corpus, numbers, settings.min_count, trim_rule)
    if not settings.sorted_vocab:
        numbers = np.sort(numbers)
    words, counts = corpus.native.words(numbers), corpus.counts[numbers]
    if known is None or not len(known):
        if not words:
            _refuse(corpus, settings)
        return words, counts
    old = known.expandos["count"].copy()
    places = corpus.native.find(known.index_to_key)
    old[places >= 0] += corpus.counts[places[places >= 0]]
    new = [i for i, word in enumerate(words) if word not in known.key_to_index]
    return [*known.index_to_key, *(words[i] for i in new)], np.concatenate([old, counts[new]])


def _refuse(corpus: Corpus, settings: Settings) -> None:
    greatest = int(np.argmax(corpus.counts))
    word, count = corpus.native.words(np.array([greatest]))[0], int(corpus.counts[greatest])
    limit = "" if settings.max_final_vocab is None and settings.max_vocab_size is None else " and the limit of words"
    raise ValueError(
        f"[Word2Vec] expected words that occur min_count={settings.min_count} times, got none: of "
        f"{len(corpus.counts)} words the most frequent, {word!r}, occurs {count} times; give a smaller min_count{limit}"
    )


def _trimmed(corpus: Corpus, usual: Array, min_count: int, trim_rule: Callable[[str, int, int], int]) -> Array:
    kept = np.zeros(len(corpus.counts), bool)
    kept[usual] = True
    for number, word in enumerate(corpus.words):
        verdict = trim_rule(word, int(corpus.counts[number]), min_count)
        if verdict in (_DROP, _KEEP):
            kept[number] = verdict == _KEEP
    order = np.argsort(-corpus.counts, kind="stable")
    return order[kept[order]]


def numbers_of(corpus: Corpus, wv: KeyedVectors) -> Array:
    """The number that each word of a corpus has in the vocabulary, or -1.

    Raises: ValueError if they have no word in common.
    """
    numbers = np.full(len(corpus.counts), -1, np.int32)
    places = corpus.native.find(wv.index_to_key)
    numbers[places[places >= 0]] = np.flatnonzero(places >= 0)
    if not (numbers >= 0).any():
        raise ValueError(
            f"[Word2Vec] expected a text with words of the vocabulary, got none: {len(corpus.counts)} words in the "
            f"text, {len(wv)} in the vocabulary; build_vocab(..., update=True) adds them"
        )
    return numbers


def initial_rows(seed: int, first: int, last: int, size: int) -> Array:
    """Vectors first .. last - 1 before any training: uniform in (-1, 1) / size, each drawn for itself."""
    padded = -(-size // 4) * 4  # random bits come four at a time
    bits = _core.random_bits(seed, _INITIAL_STREAM, first * padded, (last - first) * padded)
    rows = bits.reshape(-1, padded)[:, :size]
    return ((rows * 2.0**-31 - 1) / size).astype(np.float32)


def keep_thresholds(counts: Array, sample: float) -> Array:
    """A word is kept if 32 random bits are at most this: with probability sqrt(t / f) + t / f for its share f of the
    text and t = `sample` (Mikolov's program), which may also be a count, as in gensim.
    """  # noqa: D205
    if not sample:
        return np.full(len(counts), 2**32 - 1, np.uint32)
    threshold = sample * counts.sum() if sample < 1 else int(sample * (3 + np.sqrt(5)) / 2)
    share = np.maximum(counts, 1) / threshold
    probability = np.minimum((np.sqrt(share) + 1) / share, 1)
    return np.asarray(probability * (2**32 - 1), np.uint32)


def estimate(settings: Settings, words: int, report: dict[str, int] | None) -> dict[str, int]:
    """Bytes by part."""
    padded = words * (-(-settings.vector_size // 16) * 16) * 4
    parts = dict(report or {})
    parts["vocab"] = words * _WORD_BYTES
    parts["vectors"] = words * settings.vector_size * 4
    if settings.hs:
        parts["syn1"] = padded
    if settings.negative:
        parts["syn1neg"] = padded
    path = 8 * (max(words, 2) - 1).bit_length() if settings.hs else 0
    parts["training"] = padded + words * (8 + path + (8 if settings.negative else 0))
    parts["total"] = sum(parts.values())
    return parts


def tables(counts: Array, settings: Settings) -> dict[str, Any]:
    """What the native trainer is configured with."""
    names = ("sg", "hs", "cbow_mean", "shrink_windows", "window", "negative", "ns_exponent", "seed")
    flags = ("sg", "hs", "cbow_mean", "shrink_windows")
    return {name: bool(getattr(settings, name)) if name in flags else getattr(settings, name) for name in names}
