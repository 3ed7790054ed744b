from __future__ import annotations

import operator
import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from ranvier import _core
from ranvier.errors import one_of
from ranvier.text import rows, vocabulary_file

if TYPE_CHECKING:
    from typing_extensions import Self

    from ranvier._typing import Array, ArrayLike

STANDARDIZATIONS = ("lower_and_strip_punctuation", "lower", "strip_punctuation")
_SPLITS = ("whitespace", "character")
_MODES = ("int", "multi_hot", "count", "tf_idf")
_OLD_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}
UNKNOWN = "[UNK]"


class Vocabulary:
    """Turns texts into arrays of numbers for `fit`: each word becomes its place in a list of the most frequent ones.

    With `output_mode="int"`, 0 is padding and 1 an unknown word, so that the numbers suit `Embedding(mask_zero=True)`.
    Cutting and looking up is native, many texts at once, without Python for each word.

    Args:
        max_tokens: most entries of the vocabulary, with those for padding and unknown words; None: no limit.
        standardize: "lower_and_strip_punctuation", "lower", "strip_punctuation", None for texts as they are, or a
            function from a text to a text. Punctuation is that of ASCII.
        split: "whitespace", "character", None for texts that are a single token, or token lists already, or a function
            from a text to its list of tokens.
        ngrams: None; n for runs of 1 to n tokens, joined by spaces; or a tuple of such lengths.
        output_mode: "int" for numbers in their order, (texts, length); or for each text one row as long as the
            vocabulary: "multi_hot" (whether a token occurs), "count" (how often), or "tf_idf" (how often, times
            log(1 + texts / (1 + texts that have it))).
        output_sequence_length: to which "int" outputs are filled up or cut; None: the longest text.
        pad_to_max_tokens: whether rows of the other modes are as long as `max_tokens` allows.
        vocabulary: the tokens, most frequent first, with or without those for padding and unknown words; or the name
            of a UTF-8 file that has one in each line. There is nothing to `adapt` then.
        idf_weights: for "tf_idf" with a `vocabulary`: a weight for each token.
        dtype: of "int" outputs, "int64" or "int32".
        workers: threads; None: all that the process may use.

    Input: a list, tuple, array or column of texts, (texts,) or (texts, 1); a single text gives a single row.
    Raises: ValueError and TypeError for arguments that cannot be, and for texts that are none, with their position;
    RuntimeError for texts before there is a vocabulary.

    >>> words = Vocabulary(output_sequence_length=4)
    >>> words.adapt(["the cat sat on the mat", "the dog"])
    >>> words.get_vocabulary()[:4]
    ['', '[UNK]', 'the', 'sat']
    >>> words(["The cat!", "the sat zebra"])
    array([[2, 7, 0, 0],
           [2, 3, 1, 0]])
    >>> words.decode([[2, 7, 0, 0]])
    ['the cat']
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: str | Callable[[str], str] | None = "lower_and_strip_punctuation",
        split: str | Callable[[str], Sequence[str]] | None = "whitespace",
        ngrams: int | tuple[int, ...] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Sequence[str] | str | os.PathLike[str] | None = None,
        idf_weights: ArrayLike | None = None,
        *,
        dtype: str = "int64",
        workers: int | None = None,
    ) -> None:
        output_mode = _OLD_MODES.get(output_mode, output_mode)
        one_of("Vocabulary", "output_mode", output_mode, _MODES)
        one_of("Vocabulary", "dtype", dtype, ("int64", "int32"))
        if not callable(standardize):
            one_of("Vocabulary", "standardize", standardize, (*STANDARDIZATIONS, None))
        if not callable(split):
            one_of("Vocabulary", "split", split, (*_SPLITS, None))
        if output_mode != "int" and output_sequence_length is not None:
            raise ValueError(
                f"[Vocabulary] output_sequence_length belongs to output_mode='int', got {output_sequence_length!r} "
                f"with {output_mode!r}"
            )
        self.max_tokens = _count("max_tokens", max_tokens)
        self.standardize = standardize
        self.split = split
        self.ngrams = _widths(ngrams)
        self.output_mode = output_mode
        self.output_sequence_length = _count("output_sequence_length", output_sequence_length)
        self.pad_to_max_tokens = bool(pad_to_max_tokens)
        self.dtype = dtype
        self.workers = _count("workers", workers)
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise ValueError("[Vocabulary] pad_to_max_tokens needs max_tokens")
        if self.max_tokens is not None and self.max_tokens <= self._first:
            raise ValueError(
                f"[Vocabulary] max_tokens must be at least {self._first + 1}, since {self._first} are for "
                f"{'padding and unknown words' if self._first == 2 else 'unknown words'}; got {max_tokens}"
            )
        self._given = vocabulary is not None
        self._tokens: list[str] = []
        self._idf: Array | None = None
        self._table: _core.text.WordTable | None = None
        self._prepare()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
        elif idf_weights is not None:
            raise ValueError("[Vocabulary] idf_weights are given without a vocabulary")

    @property
    def _first(self) -> int:
        # The number of the first token: behind padding, which only "int" has, and unknown words.
        return 2 if self.output_mode == "int" else 1

    def _prepare(self) -> None:
        # What a function has made of a text is left as it is; what comes before a function is done in Python.
        native = self.standardize if isinstance(self.standardize, str) and not callable(self.split) else ""
        split = self.split if isinstance(self.split, str) else ""
        self._options = _core.text.TokenizerOptions(
            "lower" in native, "strip" in native, split, [] if self.ngrams is None else list(self.ngrams)
        )

    @property
    def _threads(self) -> int:
        return self.workers or _core.num_threads()

    def _flat(self, texts: Any) -> tuple[tuple[Any, ...], Array | None]:
        return rows.flat(texts, self.standardize, self.split)

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Makes the vocabulary from the tokens of texts, the most frequent first, ties in reverse alphabetical order.

        Args:
            data: texts as for a call, or an iterator of batches of them.
            batch_size: ignored.
            steps: how many batches are taken of an iterator; None: all.

        Raises: ValueError if the vocabulary was given to the constructor, or there is no token; TypeError for a single
        string.
        """
        if self._given:
            raise ValueError("[Vocabulary] adapt has nothing to learn: the vocabulary was given")
        if isinstance(data, str | bytes):
            raise TypeError(
                f"[Vocabulary] adapt expects a list of texts, got the text {data[:40]!r}: put it into a list"
            )
        counts = _core.text.TokenCounts()
        texts = 0
        for batch in rows.batches(data, steps):
            flat, starts = self._flat(batch)
            texts += len(flat) if starts is None else len(starts) - 1
            counts.add(flat, starts, self._options, self._threads)
        self._learn(counts, texts)

    def _learn(self, counts: _core.text.TokenCounts, texts: int) -> None:
        tokens, often, in_rows = counts.words, counts.counts, counts.rows
        # By bytes of UTF-8, as Keras has it, which is the order of code points.
        by_name = sorted((i for i, token in enumerate(tokens) if token not in ("", UNKNOWN)), key=tokens.__getitem__)
        if not by_name:
            raise ValueError(f"[Vocabulary] adapt found no token in {texts} texts")
        order = np.array(by_name)[::-1]
        order = order[np.argsort(-often[order], kind="stable")]
        if self.max_tokens is not None:
            order = order[: self.max_tokens - self._first]
        self._take([tokens[i] for i in order])
        if self.output_mode == "tf_idf":
            self._idf = np.log(1 + texts / (1 + in_rows[order])).astype(np.float32)

    def _take(self, tokens: list[str]) -> None:
        self._table = _core.text.WordTable(tokens)
        self._tokens = tokens

    def set_vocabulary(
        self, vocabulary: Sequence[str] | str | os.PathLike[str], idf_weights: ArrayLike | None = None
    ) -> None:
        """Takes tokens as they are, most frequent first; see the class.

        Raises: ValueError for a token that is there twice, more than `max_tokens`, or weights that do not fit.
        """
        tokens = rows.listed(vocabulary)
        special = ["", UNKNOWN][2 - self._first :]
        given = len(tokens)
        tokens = tokens[len(special) :] if tokens[: len(special)] == special else tokens
        if len(set(tokens)) < len(tokens) or not {"", UNKNOWN}.isdisjoint(tokens):
            seen: set[str] = {"", UNKNOWN}
            twice = next(token for token in tokens if token in seen or seen.add(token))  # type: ignore[func-returns-value]
            raise ValueError(f"[Vocabulary] the token {twice!r} is there twice, or at a place that is not its own")
        if not tokens:
            raise ValueError("[Vocabulary] expected a vocabulary with tokens, got an empty one")
        if self.max_tokens is not None and len(tokens) + self._first > self.max_tokens:
            raise ValueError(
                f"[Vocabulary] expected at most max_tokens={self.max_tokens} entries, got {len(tokens)} tokens beside "
                f"{self._first} special ones"
            )
        idf = None
        if (self.output_mode == "tf_idf") != (idf_weights is not None):
            raise ValueError(
                "[Vocabulary] a vocabulary for output_mode='tf_idf' comes with idf_weights, and for no other mode"
            )
        if idf_weights is not None:
            idf = np.asarray(idf_weights, np.float32)
            if idf.shape != (given,):
                raise ValueError(
                    f"[Vocabulary] expected {given} idf_weights, one for each token, got shape {idf.shape}"
                )
            idf = idf[given - len(tokens) :]
        self._take(tokens)
        self._idf = idf

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The tokens; with the special ones, the place in the list is the number of a token."""
        return [*["", UNKNOWN][2 - self._first :], *self._tokens] if include_special_tokens else list(self._tokens)

    def vocabulary_size(self) -> int:
        """How many numbers there are, the special ones with them: `input_dim` of an `Embedding`."""
        return len(self._tokens) + self._first

    @property
    def idf_weights(self) -> Array | None:
        """Weights of "tf_idf" for each number, (vocabulary_size,): unknown words have the mean of the others."""
        return None if self._idf is None else np.concatenate([[self._idf.mean()], self._idf]).astype(np.float32)

    def __call__(self, texts: Any) -> Array:
        if self._table is None:
            raise RuntimeError("[Vocabulary] there is no vocabulary yet: call adapt(texts), or give one")
        single = isinstance(texts, str | bytes)
        flat, starts = self._flat([texts] if single else texts)
        found = self._table.look_up(flat, starts, self._options, self._first, self._threads)
        y = self._numbers(*found) if self.output_mode == "int" else self._counted(*found)
        return y[0] if single else y

    def _numbers(self, tokens: Array, starts: Array) -> Array:
        length = self.output_sequence_length
        if length is None:
            length = int(np.diff(starts).max(initial=0))
        pad = _core.text.pad64 if self.dtype == "int64" else _core.text.pad32
        return pad(tokens, starts, length, self._threads)

    def _counted(self, tokens: Array, starts: Array) -> Array:
        size = self.vocabulary_size()
        if self.pad_to_max_tokens and self.max_tokens is not None:
            size = self.max_tokens
        factors = None
        if (weights := self.idf_weights) is not None:
            factors = np.zeros(size, np.float32)
            factors[: len(weights)] = weights
        y = _core.text.count_each(tokens, starts, size, factors, self._threads)
        return np.minimum(y, 1, out=y) if self.output_mode == "multi_hot" else y

    def decode(self, numbers: ArrayLike) -> Any:
        """The texts of numbers that an "int" output holds: a list, or one text for a single row.

        Padding is left out and unknown words are "[UNK]". What `standardize` has taken away does not come back.

        Args:
            numbers: (texts, length) or (length,), as they come out of a call.

        Raises: ValueError for numbers that belong to no token, and for other output modes.
        """
        if self.output_mode != "int":
            raise ValueError(f"[Vocabulary] decode needs output_mode='int', not {self.output_mode!r}")
        array = np.asarray(numbers)
        names = np.array(self.get_vocabulary(), object)
        wrong = (array < 0) | (array >= len(names)) | (array != np.floor(array))
        if wrong.any():
            raise ValueError(
                f"[Vocabulary] expected numbers from 0 to {len(names) - 1}, got {array[wrong].flat[0]} at "
                f"{tuple(int(i) for i in np.argwhere(wrong)[0])}"
            )
        between = "" if self.split == "character" else " "
        texts = [between.join(names[row[row > 0].astype(np.intp)]) for row in np.atleast_2d(array)]
        return texts if array.ndim > 1 else texts[0]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with the vocabulary as it is now."""
        return {
            "max_tokens": self.max_tokens,
            "standardize": self.standardize,
            "split": self.split,
            "ngrams": self.ngrams,
            "output_mode": self.output_mode,
            "output_sequence_length": self.output_sequence_length,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "vocabulary": list(self._tokens) or None,
            "idf_weights": None if self._idf is None else self._idf.tolist(),
            "dtype": self.dtype,
            "workers": self.workers,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The object of a configuration."""
        return cls(**config)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a JSON file, which is data and no program.

        Raises: ValueError for functions that no `register_keras_serializable` has given a name; OSError.
        """
        vocabulary_file.write(path, self.get_config())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The vocabulary of a file; its functions must be registered, as they were when it was written.

        Raises: ModelFileError, a ValueError, for a file that is none; OSError.
        """
        return cls.from_config(vocabulary_file.read(path))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_config, (self.get_config(),)

    def __len__(self) -> int:
        return self.vocabulary_size()

    def __repr__(self) -> str:
        return f"<Vocabulary of {self.vocabulary_size()} numbers, output_mode={self.output_mode!r}>"


def _count(argument: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
        raise ValueError(f"[Vocabulary] {argument} must be None or an integer of at least 1, got {value!r}")
    return operator.index(value)


def _widths(ngrams: int | Iterable[int] | None) -> tuple[int, ...] | None:
    if ngrams is None:
        return None
    if isinstance(ngrams, SupportsIndex) and not isinstance(ngrams, bool):
        ngrams = range(1, operator.index(ngrams) + 1)
    widths = tuple(ngrams) if isinstance(ngrams, Iterable) and not isinstance(ngrams, str) else ()
    if not widths or not all(hasattr(width, "__index__") and width >= 1 for width in widths):
        raise ValueError(
            f"[Vocabulary] ngrams must be None, an integer of at least 1 or a tuple of them, got {ngrams!r}"
        )
    return tuple(operator.index(width) for width in widths)
