from __future__ import annotations

import math
import operator
import os
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _core
from ranvier.errors import NonFiniteLossError, one_of
from ranvier.saving import native_file
from ranvier.text import word_bytes
from ranvier.text.corpus import Corpus, as_corpus
from ranvier.text.keyed_vectors import KeyedVectors
from ranvier.utils.progress import Bar, Lines, make_progress, numbers, say, tqdm_class

if TYPE_CHECKING:
    from typing_extensions import Self

    from ranvier._typing import Array

_SLICE_SECONDS = 0.05  # how long native code runs before Python looks for Ctrl-C and draws
_ARRAYS = ("vectors", "biases", "vector_sums", "bias_sums")
_ROW_NUMBERS = 16  # rows are as long as a multiple of this, with two numbers for biases


class GloVe:
    """Word vectors from counts of neighbours: w_i . c_j + b_i + b'_j = log X_ij, by weighted least squares.

    X_ij sums 1 / d over the places where word j stands d words from word i in a sentence. An epoch visits all pairs
    with X_ij > 0, in random order, with AdaGrad's steps on f(X_ij) (w_i . c_j + b_i + b'_j - log X_ij)^2 / 2, where
    f(x) = min(1, x / x_max)^alpha. The vector of a word is w_i + c_i. Everything is bitwise the same for any number of
    workers.

    Args:
        sentences: an iterable of lists of words, or a `Corpus`. None, as for `corpus_file`: `train` takes them later.
        corpus_file: in place of them: a text, as `Corpus` reads it.
        vector_size: numbers of a vector.
        window: greatest distance d in words. Words that are left out do not count.
        min_count: what occurs less often is left out.
        max_vocab_size: most words that are kept, the most frequent, and most that are known while the text is read: see
            `Corpus`; None: all.
        x_max: from which count on a pair has the full weight. About 10 suits texts of less than some million words.
        alpha: exponent of the weight.
        learning_rate: of AdaGrad.
        epochs: how often all pairs are visited.
        symmetric: whether neighbours on both sides count, or only those to the left.
        workers: threads; None: all that the process may use.
        seed: of the initial vectors and of the order of the pairs.
        memory_limit: bytes that counting and training may take; None: no limit.
        callbacks: objects whose methods on_train_begin, on_epoch_begin, on_epoch_end and on_train_end, where there are
            any, are called with the model. `model.stop_training = True` ends the training after the epoch.
        lower: whether letters become lower case.
        errors: what becomes of bytes that are no UTF-8: "strict", "replace" or "ignore".
        verbose: 0: silent; 1: a bar with pairs per second; 2: a line for each epoch; "auto": 1 in a terminal, else 2.

    Raises: ValueError and TypeError for arguments that cannot be, for a text without words, and where all are rarer
    than `min_count`; MemoryError where the limit would be passed, before training; NonFiniteLossError where training
    diverges.
    Source: Pennington, Socher and Manning, GloVe: Global Vectors for Word Representation, 2014.

    >>> text = ["the king rules the land", "the queen rules the land", "a dog barks", "a cat purrs"] * 20
    >>> model = GloVe([line.split() for line in text], vector_size=8, min_count=1, x_max=10, epochs=20)
    >>> model.wv["king"].shape, len(model.losses), model.losses[-1] < model.losses[0]
    ((8,), 20, True)
    """

    def __init__(
        self,
        sentences: Any = None,
        corpus_file: str | os.PathLike[str] | None = None,
        vector_size: int = 100,
        window: int = 15,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        x_max: float = 100.0,
        alpha: float = 0.75,
        learning_rate: float = 0.05,
        epochs: int = 25,
        symmetric: bool = True,
        workers: int | None = None,
        seed: int = 1,
        memory_limit: int | None = None,
        callbacks: Iterable[Any] = (),
        *,
        lower: bool = False,
        errors: str = "strict",
        verbose: int | str = 0,
    ) -> None:
        self.vector_size = _integer("vector_size", vector_size)
        self.window = _integer("window", window)
        self.min_count = _integer("min_count", min_count)
        self.max_vocab_size = None if max_vocab_size is None else _integer("max_vocab_size", max_vocab_size)
        self.x_max = _positive("x_max", x_max)
        self.alpha = _positive("alpha", alpha)
        self.learning_rate = _positive("learning_rate", learning_rate)
        self.epochs = _integer("epochs", epochs, least=0)
        self.symmetric = bool(symmetric)
        self.workers = None if workers is None else _integer("workers", workers)
        self.seed = _integer("seed", seed, least=0)
        self.memory_limit = None if memory_limit is None else _integer("memory_limit", memory_limit)
        self.lower = bool(lower)
        one_of("GloVe", "errors", errors, ("strict", "replace", "ignore"))
        self.errors = errors
        make_progress("GloVe", verbose)  # which knows what is valid
        self.verbose = verbose
        self.stop_training = False
        self.losses: list[float] = []
        self._words: list[str] = []
        self._counts: Array = np.zeros(0, np.int64)
        self._native: Any = None  # parameters and pairs
        self._kept: dict[str, Array] | None = None  # parameters of a file, until there are pairs again
        self._wv: KeyedVectors | None = None
        if sentences is not None or corpus_file is not None:
            self.train(sentences, corpus_file, callbacks=callbacks)

    @property
    def wv(self) -> KeyedVectors:
        """The vectors w + c as they are now, most frequent words first.

        Raises: RuntimeError before there are any.
        """
        if self._wv is None:
            if self._native is None and self._kept is None:
                raise RuntimeError("[GloVe] there are no vectors yet: call train(sentences)")
            if self._native is not None:
                vectors = self._native.sum()
            else:
                assert self._kept is not None
                vectors = self._kept["word_vectors"] + self._kept["context_vectors"]
            self._wv = KeyedVectors(self.vector_size, keys=self._words, vectors=vectors, counts=self._counts)
        return self._wv

    @property
    def _threads(self) -> int:
        return self.workers or _core.num_threads()

    def estimate_memory(self, words: int, pairs: int) -> dict[str, int]:
        """Bytes that training takes for so many words and pairs (i, j) with X_ij > 0.

        >>> GloVe(vector_size=100).estimate_memory(words=1000, pairs=100_000)
        {'parameters': 1792000, 'pairs': 400000, 'counting': 800000, 'total': 2592000}
        """
        row = -(-(self.vector_size + 2) // _ROW_NUMBERS) * _ROW_NUMBERS
        kept = pairs // 2 if self.symmetric else pairs
        sizes = {
            "parameters": words * row * 4 * np.dtype(np.float32).itemsize,
            "pairs": 8 * kept,
            "counting": 16 * kept,
        }
        return sizes | {"total": sizes["parameters"] + max(sizes["pairs"], sizes["counting"])}

    def train(
        self,
        sentences: Any = None,
        corpus_file: str | os.PathLike[str] | None = None,
        *,
        epochs: int | None = None,
        callbacks: Iterable[Any] = (),
    ) -> Self:
        """Counts a text, where one is given, and trains, or goes on where training ended.

        Another text takes the place of the one before; it is counted with the words that the model has.

        Args:
            sentences: an iterable of lists of words, or a `Corpus`.
            corpus_file: in place of them: a text, as `Corpus` reads it.
            epochs: how many; None: those of the constructor.
            callbacks: as those of the constructor.

        Ctrl-C is a KeyboardInterrupt, as in `fit`: the model is as far as it has come, can be used and trained on, and
        `losses` keeps the epochs that were complete.
        """
        epochs = self.epochs if epochs is None else _integer("epochs", epochs, least=0)
        if sentences is not None or corpus_file is not None:
            options = {"lower": self.lower, "errors": self.errors, "workers": self.workers}
            self._count(as_corpus(sentences, corpus_file, max_vocab_size=self.max_vocab_size, **options))
        elif self._native is None:
            raise RuntimeError("[GloVe] there are no pairs to train on: give train sentences or a corpus_file")
        callbacks = list(callbacks)
        self.stop_training = False
        try:
            self._run(epochs, callbacks)
        finally:
            self._wv = None
        return self

    def _run(self, epochs: int, callbacks: list[Any]) -> None:
        self._call(callbacks, "on_train_begin")
        for epoch in range(epochs):
            self._call(callbacks, "on_epoch_begin")
            title = f"Epoch {epoch + 1}/{epochs}"
            self._drive(self._native, title, "pairs", lambda: numbers({"loss": self._native.loss}))
            self._wv = None
            loss = self._native.loss
            self.losses.append(loss)
            if not math.isfinite(loss):
                raise NonFiniteLossError(
                    f"[GloVe] the loss of epoch {len(self.losses)} is {loss}: lower learning_rate={self.learning_rate}"
                )
            self._call(callbacks, "on_epoch_end")
            if self.stop_training:
                break
        self._call(callbacks, "on_train_end")

    def _call(self, callbacks: list[Any], hook: str) -> None:
        for callback in callbacks:
            if (method := getattr(callback, hook, None)) is not None:
                method(self)

    def _drive(self, native: Any, title: str, unit: str, said: Callable[[], str]) -> None:
        # Runs native work in slices, so that Ctrl-C is noticed and a bar is drawn.
        shown = make_progress("GloVe", self.verbose)
        begun = time.perf_counter()
        with ExitStack() as stack:
            bar: Any = None
            if isinstance(shown, Bar):
                bar = stack.enter_context(tqdm_class()(total=native.total, desc=title, unit=unit, unit_scale=True))
            going = True
            while going:
                going = native.run(_SLICE_SECONDS)
                self._check_memory(native)
                if bar is not None:
                    bar.set_postfix_str(said(), refresh=False)
                    bar.update(native.done - bar.n)
        if isinstance(shown, Lines):
            speed = native.total / max(time.perf_counter() - begun, 1e-9) / 1e6
            say(f"{title} - {speed:.2f} million {unit}/s - {said()}")

    def _check_memory(self, native: Any) -> None:
        if self.memory_limit is None or not isinstance(native, _core.text.CooccurrenceCounter):
            return
        needed = self.estimate_memory(len(self._words), 2 * native.pairs if self.symmetric else native.pairs)
        needed_now = max(native.memory, needed["total"])
        if needed_now > self.memory_limit:
            raise MemoryError(
                f"[GloVe] needs more than memory_limit={self.memory_limit} bytes: {needed_now} for {len(self._words)} "
                f"words and the pairs of {native.done} of {native.total} places. Raise it, or min_count, or lower "
                "max_vocab_size, window or vector_size"
            )

    def _count(self, corpus: Corpus) -> None:
        if not self._words:
            kept = corpus.frequent(self.min_count, self.max_vocab_size)
            _require_words(corpus, len(kept), self.min_count)
            self._words = corpus.native.words(kept)
            self._counts = corpus.counts[kept]
        else:
            kept = corpus.native.find(self._words)
        numbers = np.full(corpus.native.word_count, -1, np.int32)
        numbers[kept[kept >= 0]] = np.flatnonzero(kept >= 0)
        pairs = self._pairs(corpus, numbers)
        before = self._parameters()
        self._native = self._make(_core.text.GloveFloat32, pairs)
        for which in (False, True) if before else ():
            self._native.write(which, *[before[_named(which, name)] for name in _ARRAYS])
        self._kept = None

    def _pairs(self, corpus: Corpus, numbers: Array) -> _core.text.Cooccurrences:
        counter = _core.text.CooccurrenceCounter(
            corpus.native, numbers, len(self._words), self.window, self.symmetric, self._threads
        )
        self._drive(counter, "Counting", "words", lambda: f"{counter.pairs} pairs")
        if counter.pairs == 0:
            raise ValueError("[GloVe] no two words stand in one sentence: there is nothing to learn")
        return counter.take()

    def _make(self, kind: Any, pairs: Any) -> Any:
        return kind(
            pairs, len(self._words), self.vector_size, self.x_max, self.alpha, self.learning_rate, self.seed,
            self.symmetric, self._threads,
        )  # fmt: skip

    def _parameters(self) -> dict[str, Array]:
        if self._native is None:
            return self._kept or {}
        return {
            _named(which, name): array
            for which in (False, True)
            for name, array in zip(_ARRAYS, self._native.read(which), strict=True)
        }

    @property
    def word_vectors(self) -> Array:
        """The vectors w alone, (words, vector_size)."""
        return self._parameters()["word_vectors"]

    @property
    def context_vectors(self) -> Array:
        """The vectors c alone, (words, vector_size)."""
        return self._parameters()["context_vectors"]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes words, parameters and the state of AdaGrad into a `.safetensors` file; not the pairs.

        Raises: RuntimeError before training; OSError.
        """
        parameters = self._parameters()
        if not parameters:
            raise RuntimeError("[GloVe] there is nothing to save yet: call train(sentences)")
        names = (
            "vector_size", "window", "min_count", "max_vocab_size", "x_max", "alpha", "learning_rate", "epochs",
            "symmetric", "workers", "seed", "memory_limit", "lower", "errors", "verbose",
        )  # fmt: skip
        config = {name: getattr(self, name) for name in names}
        text, ends = word_bytes.packed(self._words)
        tensors = parameters | {"counts": self._counts, "words": text, "word_ends": ends}
        native_file.write(path, "glove", {"config": config, "losses": self.losses}, tensors, overwrite=True)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The model of a file; give `train` a text to go on.

        Raises: ModelFileError, a ValueError, for a file that is none; OSError.
        """
        with native_file.NativeFile(path) as file:
            file.require("glove")
            model = cls(**file.part("config"))
            model._words = word_bytes.unpacked(file.tensor("words"), file.tensor("word_ends"), file.where)
            model._counts = file.tensor("counts")
            names = [_named(which, name) for which in (False, True) for name in _ARRAYS]
            model._kept = {name: file.tensor(name) for name in names}
            model.losses = [float(loss) for loss in file.description.get("losses", [])]
        return model

    def __repr__(self) -> str:
        return f"<GloVe of {len(self._words)} words, vector_size={self.vector_size}, {len(self.losses)} epochs>"


def _named(contexts: bool, name: str) -> str:
    return ("context_" if contexts else "word_") + name


def _require_words(corpus: Corpus, kept: int, min_count: int) -> None:
    if len(corpus.tokens) == 0:
        raise ValueError("[GloVe] expected a text with words, got an empty one")
    if kept == 0:
        raise ValueError(
            f"[GloVe] none of {corpus.native.word_count} words occurs min_count={min_count} times; the most frequent "
            f"one occurs {corpus.counts.max()} times: lower min_count"
        )


def _integer(argument: str, value: Any, least: int = 1) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ValueError(f"[GloVe] {argument} must be an integer of at least {least}, got {value!r}")
    return operator.index(value)


def _positive(argument: str, value: Any) -> float:
    if not isinstance(value, int | float | np.number) or not 0 < value < math.inf:
        raise ValueError(f"[GloVe] {argument} must be a positive number, got {value!r}")
    return float(value)
