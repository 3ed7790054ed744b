"""A text as numbers."""

from __future__ import annotations

import bz2
import gzip
import lzma
import mmap
import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _core
from ranvier.errors import one_of

if TYPE_CHECKING:
    from ranvier._typing import Array

_SLICE_SECONDS = 0.05  # how long a Ctrl-C may wait
_CHUNK = 4 << 20  # bytes that are decompressed at a time
_LOWER_CODES = 0x20000  # no letter beyond has two cases
_OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


class Corpus:
    """A text, read once: every word as the number of its first appearance, sentence by sentence.

    Whatever takes sentences takes a corpus as well, and does not read it again.

    Args:
        sentences: any iterable of sentences, each a list of words, an iterator of them, or an array of integers. It is
            gone through once, so a generator will do. An integer stands for the word of its decimal digits.
        corpus_file: a UTF-8 text, one sentence a line, words between white space; `.gz`, `.bz2` and `.xz` are
            decompressed. A plain file is mapped into memory and shared between the threads.
        lower: whether letters become lower case, as by `str.lower`.
        errors: what becomes of bytes that are no UTF-8: "strict" (ValueError with line and byte), "replace" or
            "ignore".
        max_sentence_length: words; a longer sentence is cut into several, and nothing lost.
        max_vocab_size: how many different words are known while reading; None: all. After a sentence that leaves more,
            rare ones go, as in gensim: the k-th time those that have occurred less than k times. Their places in the
            text go with them, and one that comes again is new. A file is then read by one thread.
        workers: threads that read a file; None: all that the process may use.

    Raises: TypeError for sentences that are strings or words that are neither strings nor integers; ValueError for
        other arguments that cannot be, and for invalid UTF-8; OSError where a file cannot be read.

    >>> corpus = Corpus([["to", "be", "or", "not", "to", "be"]])
    >>> corpus.words, corpus.counts.tolist(), corpus.tokens.tolist()
    (['to', 'be', 'or', 'not'], [2, 2, 1, 1], [0, 1, 2, 3, 0, 1])
    """

    def __init__(
        self,
        sentences: Iterable[Any] | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        *,
        lower: bool = False,
        errors: str = "strict",
        max_sentence_length: int = 10_000,
        max_vocab_size: int | None = None,
        workers: int | None = None,
    ) -> None:
        if (sentences is None) == (corpus_file is None):
            raise ValueError("[Corpus] expected either sentences or corpus_file, got " + _both_or_none(sentences))
        one_of("Corpus", "errors", errors, ("strict", "replace", "ignore"))
        if max_sentence_length < 1:
            raise ValueError(f"[Corpus] max_sentence_length must be at least 1, got {max_sentence_length}")
        if max_vocab_size is not None and max_vocab_size < 1:
            raise ValueError(f"[Corpus] max_vocab_size must be None or at least 1, got {max_vocab_size}")
        threads = _core.num_threads() if workers is None else workers
        name = "sentences" if corpus_file is None else Path(corpus_file).name
        codes = _lower_codes() if lower else None
        options = _core.text.ReadOptions(name, max_sentence_length, errors, codes, max_vocab_size or 0)
        self._native = (
            _read_sentences(sentences, options)
            if corpus_file is None
            else _read_file(corpus_file, options, 1 if max_vocab_size else threads)
        )

    @property
    def native(self) -> _core.text.Corpus:
        """The corpus as the core has it."""
        return self._native

    @property
    def words(self) -> list[str]:
        """The words, by their numbers."""
        return self._native.words(np.arange(self._native.word_count))

    @property
    def counts(self) -> Array:
        """How often each word occurs, (words), int64."""
        return self._native.counts

    @property
    def tokens(self) -> Array:
        """The whole text as numbers of words, int32."""
        return self._native.tokens

    @property
    def starts(self) -> Array:
        """Where each sentence begins in `tokens`, and at last where the text ends: (sentences + 1), int64."""
        return self._native.starts

    @property
    def nbytes(self) -> int:
        """Memory that the corpus takes."""
        return self._native.memory

    def frequent(self, min_count: int = 1, most: int | None = None) -> Array:
        """Numbers of the words that occur at least `min_count` times, most frequent first, ties by first appearance.

        Args:
            min_count: the least count.
            most: how many words at most; of words with the same count all are taken or none, as in gensim.

        >>> corpus = Corpus([["a", "b", "b", "c", "c", "d"]])
        >>> corpus.frequent().tolist(), corpus.frequent(min_count=2).tolist(), corpus.frequent(most=3).tolist()
        ([1, 2, 0, 3], [1, 2], [1, 2])
        """
        counts = self.counts
        order = np.argsort(-counts, kind="stable")
        if most is not None and most < len(order):
            min_count = max(min_count, int(counts[order[most]]) + 1)
        return order[: int(np.count_nonzero(counts >= min_count))]

    def __len__(self) -> int:
        """The number of sentences."""
        return self._native.sentences

    def __repr__(self) -> str:
        return f"<Corpus of {len(self.tokens)} words, {self._native.word_count} different, in {len(self)} sentences>"


def as_corpus(sentences: Any, corpus_file: str | os.PathLike[str] | None, **options: Any) -> Corpus:
    """A corpus as it is, or the corpus of sentences or a file.

    Raises: as Corpus.

    >>> corpus = Corpus([["a", "b"]])
    >>> as_corpus(corpus, None) is corpus
    True
    """
    if isinstance(sentences, Corpus) and corpus_file is None:
        return sentences
    return Corpus(sentences, corpus_file, **options)


def _both_or_none(sentences: object) -> str:
    return "none" if sentences is None else "both"


@lru_cache(maxsize=1)
def _lower_codes() -> Array:
    """The lower-case letter of each code point, where it is a single one."""
    lower = (chr(code).lower() for code in range(_LOWER_CODES))
    return np.array([ord(text[0]) for text in lower], np.uint32)


def _read_sentences(sentences: Any, options: _core.text.ReadOptions) -> _core.text.Corpus:
    reader = _core.text.SentenceReader(options)
    if isinstance(sentences, np.ndarray) and sentences.ndim == 1 and sentences.dtype.kind in "iu":
        sentences = [sentences]  # one sentence
    if isinstance(sentences, str | bytes):
        raise TypeError(
            f"[sentences] expected sentences that are lists of words, got the text {sentences[:40]!r}: split it first, "
            "as in [line.split() for line in text.splitlines()], or give the name of a file as corpus_file"
        )
    iterator = iter(sentences)
    while reader.add_sentences(iterator, _SLICE_SECONDS):
        pass  # back here a Ctrl-C is noticed
    return reader.take()


def _read_file(path: str | os.PathLike[str], options: _core.text.ReadOptions, threads: int) -> _core.text.Corpus:
    path = Path(path)
    if path.suffix in _OPENERS or not path.is_file():
        return _read_stream(path, options)
    if path.stat().st_size == 0:  # which cannot be mapped
        return _core.text.SentenceReader(options).take()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        reader = _core.text.BufferReader(text, options, threads)
        try:
            while reader.run(_SLICE_SECONDS):
                pass
            return reader.take()
        finally:
            del reader  # it holds the map


def _read_stream(path: Path, options: _core.text.ReadOptions) -> _core.text.Corpus:
    reader = _core.text.SentenceReader(options)
    with _OPENERS.get(path.suffix, open)(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            reader.add_text(chunk)
    reader.end_text()
    return reader.take()
