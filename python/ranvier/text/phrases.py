"""Words that belong together, joined to one."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _core
from ranvier.errors import one_of
from ranvier.text import phrases_file
from ranvier.text.corpus import Corpus

if TYPE_CHECKING:
    from typing_extensions import Self

    from ranvier._typing import Array

# Articles, prepositions and conjunctions that may stand inside of an English phrase, as in "bank of america".
ENGLISH_CONNECTOR_WORDS = frozenset(
    "a an the for of with without at from to in on by and or".split()  # noqa: SIM905  a list of words reads so
)

_SCORER_ARGUMENTS = ("worda_count", "wordb_count", "bigram_count", "len_vocab", "min_count", "corpus_word_count")


class FrozenPhrases:
    """Phrases that are found and joined, but no longer counted: the light form of `Phrases`, from its `freeze`.

    Args:
        phrases: scores by phrase; its words are joined by the delimiter.
        delimiter: what stands between the words of a phrase.
        connector_words: words that may stand inside of a phrase.
        workers: threads that work on a corpus; None: all that the process may use.

    >>> found = FrozenPhrases({"new_york": 12.0, "bank_of_england": 11.0}, connector_words=["of"])
    >>> found[["the", "bank", "of", "england", "in", "new", "york"]]
    ['the', 'bank_of_england', 'in', 'new_york']
    """

    def __init__(
        self,
        phrases: dict[str, float],
        delimiter: str = "_",
        connector_words: Iterable[str] = frozenset(),
        *,
        workers: int | None = None,
    ) -> None:
        self.phrasegrams = dict(phrases)
        self.delimiter = delimiter
        self.connector_words = _connectors(connector_words)
        self.workers = workers
        self._style = _core.text.PhraseStyle(delimiter, sorted(self.connector_words))
        self._joiner = _core.text.PhraseJoiner(self._style, list(self.phrasegrams))

    def __getitem__(self, sentences: Any) -> Any:
        """A sentence, sentences or a corpus, with the phrases in them as single words.

        Args:
            sentences: a list of words, which gives such a list; a `Corpus`, which gives one, joined natively by several
                threads; or an iterable of sentences, which gives an iterable that joins them as it is gone through,
                each time anew where the source allows that.
        """
        if isinstance(sentences, Corpus):
            return _wrapped(self._joiner.join(sentences.native, self.workers or _core.num_threads()))
        if isinstance(sentences, str | bytes):
            raise TypeError(f"[Phrases] expected a list of words, got the text {sentences[:40]!r}: split it first")
        once = iter(sentences)
        try:
            first = next(once)
        except StopIteration:
            return []
        if isinstance(first, str):
            return self._join([*[first], *once] if once is sentences else list(sentences))
        return _Joined(self, chain([first], once) if once is sentences else sentences)

    def _join(self, sentence: list[str]) -> list[str]:
        joined: list[str] = []
        waiting: list[str] = []  # a word that may begin a phrase, and connectors behind it
        for word in sentence:
            if word in self.connector_words:
                (waiting or joined).append(word)
            elif waiting and (phrase := self.delimiter.join([*waiting, word])) in self.phrasegrams:
                joined.append(phrase)
                waiting = []
            else:
                joined += waiting
                waiting = [word]
        return joined + waiting

    def find_phrases(self, sentences: Any) -> dict[str, float]:
        """The phrases that occur in sentences, with their scores.

        Args:
            sentences: an iterable of lists of words, or a `Corpus`.
        """
        corpus = sentences if isinstance(sentences, Corpus) else Corpus(sentences)
        often = self._joiner.count(corpus.native, self.workers or _core.num_threads())
        return {name: score for (name, score), n in zip(self.phrasegrams.items(), often, strict=True) if n}

    def __len__(self) -> int:
        return len(self.phrasegrams)

    def __reduce__(self) -> tuple[Any, ...]:
        return _frozen, (self.phrasegrams, self.delimiter, self.connector_words, self.workers)

    def __repr__(self) -> str:
        return f"<FrozenPhrases of {len(self)} phrases>"


class Phrases:
    """Finds phrases: neighbours a, b that occur together more often than chance has it, and joins them to one word.

    The default score is (n_ab - min_count) / (n_a n_b) times the number of entries of the table, "npmi" is
    log(p_ab / (p_a p_b)) / -log p_ab; a phrase is what scores more than `threshold`. Names, arguments and results are
    those of gensim; counting and joining is native.

    Args:
        sentences: an iterable of lists of words, or a `Corpus`.
        min_count: what both scores take for the least count.
        threshold: of the score; higher means fewer phrases.
        max_vocab_size: entries of the table of words and pairs. When it has more, those that occur least go.
        delimiter: what stands between the words of a phrase.
        progress_per: accepted for compatibility.
        scoring: "default", "npmi", or a function with the arguments worda_count, wordb_count, bigram_count, len_vocab,
            min_count and corpus_word_count.
        connector_words: words that may stand inside of a phrase and do not count, such as ENGLISH_CONNECTOR_WORDS.
        corpus_file: in place of `sentences`: a text, as `Corpus` reads it.
        workers: threads; None: all that the process may use.

    Raises: ValueError and TypeError for arguments that cannot be.
    Source: Mikolov, Sutskever, Chen, Corrado and Dean, Distributed Representations of Words and Phrases and their
    Compositionality, 2013; Bouma, Normalized (Pointwise) Mutual Information in Collocation Extraction, 2009.

    >>> sentences = [["in", "new", "york"], ["new", "york", "city"], ["old", "city"]]
    >>> phrases = Phrases(sentences, min_count=1, threshold=1)
    >>> phrases[["to", "new", "york"]], phrases.export_phrases()
    (['to', 'new_york'], {'new_york': 2.25})
    """

    def __init__(
        self,
        sentences: Any = None,
        min_count: float = 5,
        threshold: float = 10.0,
        max_vocab_size: int = 40_000_000,
        delimiter: str = "_",
        progress_per: int = 10_000,
        scoring: str | Callable[..., float] = "default",
        connector_words: Iterable[str] = frozenset(),
        *,
        corpus_file: str | os.PathLike[str] | None = None,
        workers: int | None = None,
    ) -> None:
        if not callable(scoring):
            one_of("Phrases", "scoring", scoring, ("default", "npmi"))
        elif missing := [name for name in _SCORER_ARGUMENTS if not _takes(scoring, name)]:
            raise ValueError(
                f"[Phrases] scoring must take the arguments {', '.join(missing)}, and {scoring!r} does not"
            )
        if min_count <= 0:
            raise ValueError(f"[Phrases] min_count must be above 0, got {min_count!r}")
        if scoring == "default" and threshold <= 0:
            raise ValueError(f"[Phrases] threshold must be above 0 for scoring='default', got {threshold!r}")
        if scoring == "npmi" and not -1 <= threshold <= 1:
            raise ValueError(f"[Phrases] threshold must be from -1 to 1 for scoring='npmi', got {threshold!r}")
        if max_vocab_size < 1:
            raise ValueError(f"[Phrases] max_vocab_size must be at least 1, got {max_vocab_size!r}")
        if not isinstance(delimiter, str):
            raise TypeError(f"[Phrases] delimiter must be a string, got {delimiter!r}")
        self.min_count = min_count
        self.threshold = threshold
        self.max_vocab_size = max_vocab_size
        self.delimiter = delimiter
        self.scoring = scoring
        self.connector_words = _connectors(connector_words)
        self.workers = workers
        self._counts = _core.text.PhraseCounts()
        self._frozen: FrozenPhrases | None = None
        if sentences is not None or corpus_file is not None:
            self.add_vocab(sentences, corpus_file=corpus_file)

    def add_vocab(self, sentences: Any = None, *, corpus_file: str | os.PathLike[str] | None = None) -> None:
        """Counts more sentences in.

        Args:
            sentences: an iterable of lists of words, or a `Corpus`.
            corpus_file: in place of them: a text, as `Corpus` reads it.
        """
        if isinstance(sentences, Corpus):
            corpus = sentences
        elif corpus_file is not None:
            corpus = Corpus(sentences, corpus_file, workers=self.workers)
        else:
            corpus = Corpus(sentences, max_sentence_length=2**62)
        style = _core.text.PhraseStyle(self.delimiter, sorted(self.connector_words))
        self._counts.learn(corpus.native, style, self.max_vocab_size, self.workers or _core.num_threads())
        self._frozen = None

    @property
    def vocab(self) -> dict[str, int]:
        """How often each word and each pair has occurred."""
        return dict(zip(self._counts.names(), self._counts.counts().tolist(), strict=True))

    @property
    def corpus_word_count(self) -> int:
        """Words that have been counted."""
        return self._counts.total

    @property
    def min_reduce(self) -> int:
        """What occurs less often goes when the table next has too many entries."""
        return self._counts.least

    def _scores(self, together: Array, first: Array, last: Array) -> Array:
        n, total = self._counts.size, float(self._counts.total)
        if self.scoring == "default":
            return np.asarray((together - self.min_count) / (first * last).astype(float) * n)
        if self.scoring == "npmi":
            p_ab = together / total
            score = np.log(p_ab / (first / total * (last / total))) / -np.log(p_ab)
            return np.asarray(np.where(together >= self.min_count, score, -np.inf))
        counts = zip(first.tolist(), last.tolist(), together.tolist(), strict=True)
        values = [
            dict(zip(_SCORER_ARGUMENTS, (*abc, n, self.min_count, self.corpus_word_count), strict=True))
            for abc in counts
        ]
        return np.array([self.scoring(**value) for value in values], float)  # type: ignore[operator]

    def freeze(self) -> FrozenPhrases:
        """The phrases as they are now, without the counts."""
        if self._frozen is None:
            numbers, together, first, last = self._counts.candidates()
            with np.errstate(divide="ignore", invalid="ignore"):  # of pairs that are the whole corpus
                scores = self._scores(together, first, last)
            taken = scores > self.threshold
            names = self._counts.names_of(numbers[taken])
            self._frozen = FrozenPhrases(
                dict(zip(names, scores[taken].tolist(), strict=True)),
                self.delimiter,
                self.connector_words,
                workers=self.workers,
            )
        return self._frozen

    def export_phrases(self) -> dict[str, float]:
        """All phrases, with their scores."""
        return dict(self.freeze().phrasegrams)

    def find_phrases(self, sentences: Any) -> dict[str, float]:
        """The phrases that occur in sentences, with their scores; see `FrozenPhrases`."""
        return self.freeze().find_phrases(sentences)

    def __getitem__(self, sentences: Any) -> Any:
        """Sentences with their phrases joined; see `FrozenPhrases`."""
        return self.freeze()[sentences]

    def __len__(self) -> int:
        return self._counts.size

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes all counts into a `.safetensors` file, so that `add_vocab` can go on later.

        Raises: ValueError for a function as `scoring` that no `register_keras_serializable` has named; OSError.
        """
        phrases_file.write(path, self._config(), self._counts)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The phrases of a file.

        Raises: ModelFileError, a ValueError, for a file that is none; OSError.
        """
        config, counts = phrases_file.read(path)
        made = cls(**config)
        made._counts = counts
        return made

    def _config(self) -> dict[str, Any]:
        names = ("min_count", "threshold", "max_vocab_size", "delimiter", "scoring", "workers")
        return {name: getattr(self, name) for name in names} | {"connector_words": sorted(self.connector_words)}

    def __getstate__(self) -> dict[str, Any]:
        return self._config() | {"counts": self._counts.state()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        counts = state.pop("counts")
        self.__init__(**state)  # type: ignore[misc]
        self._counts = _core.text.PhraseCounts(*counts)

    def __repr__(self) -> str:
        return f"<Phrases of {len(self)} words and pairs, min_count={self.min_count}, threshold={self.threshold}>"


class _Joined:
    """Sentences whose phrases are joined when they are asked for."""

    def __init__(self, phrases: FrozenPhrases, sentences: Iterable[Any]) -> None:
        self._phrases = phrases
        self._sentences = sentences

    def __iter__(self) -> Iterator[list[str]]:
        return (self._phrases._join(list(sentence)) for sentence in self._sentences)


def _frozen(
    phrases: dict[str, float], delimiter: str, connector_words: frozenset[str], workers: int | None
) -> FrozenPhrases:
    return FrozenPhrases(phrases, delimiter, connector_words, workers=workers)


def _wrapped(native: _core.text.Corpus) -> Corpus:
    corpus = Corpus.__new__(Corpus)
    corpus._native = native
    return corpus


def _connectors(words: Iterable[str]) -> frozenset[str]:
    if isinstance(words, str):
        raise TypeError(f"[Phrases] connector_words must be a set of words, got the text {words!r}: split it first")
    return frozenset(words)


def _takes(function: Callable[..., Any], name: str) -> bool:
    parameters = inspect.signature(function).parameters
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
