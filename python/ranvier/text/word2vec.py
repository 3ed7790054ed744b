"""word2vec: vectors of words from the words around them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _core
from ranvier.text import word2vec_file, word2vec_training
from ranvier.text.corpus import Corpus, as_corpus
from ranvier.text.keyed_vectors import KeyedVectors
from ranvier.text.word2vec_settings import Settings
from ranvier.text.word2vec_words import adopt, estimate, initial_rows

if TYPE_CHECKING:
    from typing_extensions import Self

    from ranvier._typing import Array


class Word2Vec(Settings):
    """Vectors of words, learnt from which words stand near each other (Mikolov et al. 2013).

    Skip-gram minimizes the mean over pairs of neighbours (w, c) of -log s(v_c . u_w) - sum over noise words n of
    log s(-v_c . u_n), with s(x) = 1 / (1 + e^-x); CBOW has the mean of all v_c in place of v_c. Hierarchical softmax
    replaces the noise words by the inner nodes on the path to w in a Huffman tree. The vectors v are `wv`, the u are
    `syn1neg`, those of the tree `syn1`.

    Names, order, meaning and defaults of the arguments are gensim's; `docs/text.md` lists what differs.

    Args:
        sentences: an iterable of lists of words (a generator will do), arrays of integers, or a `Corpus`. Without it
            and `corpus_file` the model is empty: see `build_vocab` and `train`.
        corpus_file: a text instead, one sentence a line; see `Corpus`.
        vector_size: how many numbers a vector has.
        alpha: learning rate at the beginning, from where it falls in a line.
        window: greatest distance between neighbours.
        min_count: rarer words are as if they were not there.
        max_vocab_size: the most words, and the most that are known while the text is read: see `Corpus`.
        max_final_vocab: the most words; `min_count` is raised until there are no more.
        sample: words of a greater share of the text are dropped at random, the more the more frequent; 0: none are.
        seed: of everything that is drawn.
        workers: threads; None: all that the process may use.
        min_alpha: learning rate at the end.
        sg: 1: skip-gram; 0: CBOW.
        hs: 1: hierarchical softmax, beside negative sampling unless `negative` is 0.
        negative: noise words for each example; 0: no negative sampling.
        ns_exponent: noise words are drawn in proportion to their count to this power.
        cbow_mean: 1: the mean of the neighbours; 0: their sum.
        epochs: passes over the text.
        trim_rule: called with (word, count, min_count), says 0 (as usual), 1 (drop) or 2 (keep).
        sorted_vocab: 1: words are numbered from the most frequent on; 0: by first appearance.
        compute_loss: whether the loss is measured, for `losses`: the mean of each epoch, on the way. It may rise while
            the vectors become better; see docs/text.md.
        callbacks: objects whose methods on_train_begin, on_epoch_begin, on_epoch_end and on_train_end, where there are
            any, are called with the model. `model.stop_training = True` ends the training.
        comment: kept in the file.
        shrink_windows: whether the window of each word is drawn from 1 .. `window`.
        hashfxn, null_word, batch_words: taken for gensim's sake and without effect.
        deterministic: whether the model is bitwise the same for any number of workers; see docs/text.md.
        lower: whether letters become lower case.
        errors: what becomes of bytes that are no UTF-8: "strict", "replace" or "ignore".
        verbose: 0: silent; 1: a bar; 2: a line for each epoch; "auto": 1 in a terminal, otherwise 2.

    Raises: ValueError for arguments that cannot be and a text without words; TypeError for sentences that are strings.

    >>> sentences = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
    >>> model = Word2Vec(sentences, vector_size=8, min_count=1, workers=1)
    >>> model.wv["cat"].shape, len(model.losses)
    ((8,), 5)
    """

    def __init__(
        self,
        sentences: Iterable[Any] | Corpus | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int | None = None,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Any = None,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: Callable[[str, int, int], int] | None = None,
        sorted_vocab: int = 1,
        batch_words: int = 10_000,
        compute_loss: bool = True,
        callbacks: Iterable[Any] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        deterministic: bool = False,
        lower: bool = False,
        errors: str = "strict",
        verbose: int | str = 0,
    ) -> None:
        given = {name: value for name, value in locals().items() if name in Settings.NAMES}
        super().__init__(**given)
        self.wv = KeyedVectors(self.vector_size)
        self.syn1neg: Array | None = None
        self.syn1: Array | None = None
        self.corpus_count = self.corpus_total_words = 0
        self.losses: list[float] = []
        self.epochs_trained = 0
        self.stop_training = False
        if sentences is not None or corpus_file is not None:
            corpus = self._corpus(sentences, corpus_file)
            self.build_vocab(corpus, trim_rule=trim_rule)
            self.train(corpus, callbacks=callbacks)

    def _corpus(self, sentences: Any, corpus_file: Any) -> Corpus:
        options = {"lower": self.lower, "errors": self.errors, "workers": self.workers}
        return as_corpus(sentences, corpus_file, max_vocab_size=self.max_vocab_size, **options)

    def build_vocab(
        self,
        corpus_iterable: Iterable[Any] | Corpus | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: Callable[[str, int, int], int] | None = None,
    ) -> None:
        """Takes the words of a text as vocabulary, and makes their initial vectors.

        Args:
            corpus_iterable: the text, as `sentences` of the constructor.
            corpus_file: or its file.
            update: adds new words to a vocabulary that is there, and the counts of known ones. Vectors stay as they
                are, and new ones are drawn; a Huffman tree is made anew, and the vectors of its nodes begin at 0.
            progress_per: without effect.
            keep_raw_vocab: without effect.
            trim_rule: as for the constructor.

        Raises: ValueError for a text without words, or in which no word is frequent enough.
        """
        corpus = self._corpus(corpus_iterable, corpus_file)
        if not len(corpus.tokens):
            raise ValueError(f"[Word2Vec] expected a text with words, got none in {len(corpus)} sentences")
        words, counts = adopt(self, corpus, self.wv if update else None, trim_rule)
        self.corpus_count, self.corpus_total_words = len(corpus), len(corpus.tokens)
        self._set_words(words, counts, self.wv.vectors if update else None)

    def build_vocab_from_freq(self, word_freq: dict[str, int]) -> None:
        """Takes words and their counts as vocabulary: those of `min_count` at least, as `build_vocab` does.

        Raises: ValueError if there are none.
        """
        kept = {word: int(count) for word, count in word_freq.items() if count >= self.min_count}
        if not kept:
            raise ValueError(f"[Word2Vec] expected words that occur min_count={self.min_count} times, got none")
        words = sorted(kept, key=lambda word: -kept[word]) if self.sorted_vocab else list(kept)
        self._set_words(words, np.array([kept[word] for word in words], np.int64), None)

    def _set_words(self, words: list[str], counts: Array, vectors: Array | None) -> None:
        known = 0 if vectors is None else len(vectors)
        rows = np.empty((len(words), self.vector_size), np.float32)
        if vectors is not None:
            rows[:known] = vectors
        rows[known:] = initial_rows(self.seed, known, len(words), self.vector_size)
        self.wv = KeyedVectors(self.vector_size, keys=words, vectors=rows, counts=counts)
        shape = (len(words), self.vector_size)
        before = self.syn1neg
        self.syn1neg = _core.text.row_matrix(*shape) if self.negative else None
        if self.syn1neg is not None and before is not None:
            self.syn1neg[:known] = before[:known]
        self.syn1 = _core.text.row_matrix(*shape) if self.hs else None

    def init_weights(self) -> None:
        """Draws the vectors anew; the vocabulary stays."""
        self.syn1neg = None
        self.losses, self.epochs_trained = [], 0
        self._set_words(self.wv.index_to_key, self.wv.expandos["count"], None)

    def reset_from(self, other_model: Word2Vec) -> None:
        """Takes over the vocabulary of another model, and draws the vectors anew."""
        self.syn1neg = None
        self.losses, self.epochs_trained = [], 0
        self.corpus_count, self.corpus_total_words = other_model.corpus_count, other_model.corpus_total_words
        self._set_words(list(other_model.wv.index_to_key), other_model.wv.expandos["count"].copy(), None)

    def train(
        self,
        corpus_iterable: Iterable[Any] | Corpus | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool | None = None,
        callbacks: Iterable[Any] = (),
    ) -> tuple[int, int]:
        """Trains on a text, from the vectors that are there.

        Args:
            corpus_iterable: the text, as `sentences` of the constructor. It is read once, and kept as numbers.
            corpus_file: or its file.
            epochs: passes; None: `self.epochs`.
            start_alpha: the learning rate at the beginning; None: `alpha`.
            end_alpha: that at the end; None: `min_alpha`.
            compute_loss: whether `losses` goes on; None: as the constructor was told.
            callbacks: as for the constructor.
            total_examples: without effect, as are the following: the text is counted.
            total_words: see there.
            word_count: see there.
            queue_factor: see there.
            report_delay: see there.

        Returns: words that were trained on and words of the text, each over all epochs.

        Raises: RuntimeError without a vocabulary; ValueError for a text that has no word of it; NonFiniteLossError if
            the vectors overflow. Ctrl-C is a KeyboardInterrupt, as in `fit`: the model is as far as it has come, can be
            used and trained on, and `losses` keeps the epochs that were complete.
        """
        if not len(self.wv):
            raise RuntimeError("[Word2Vec] there is no vocabulary to train: call build_vocab first")
        run = word2vec_training.Run(
            self.epochs if epochs is None else epochs,
            self.alpha if start_alpha is None else start_alpha,
            self.min_alpha if end_alpha is None else end_alpha,
            self.compute_loss if compute_loss is None else compute_loss,
            tuple(callbacks),
        )
        return word2vec_training.train(self, self._corpus(corpus_iterable, corpus_file), run)

    def get_latest_training_loss(self) -> float:
        """The mean loss of the last epoch; NaN if none was measured. In gensim it is a sum, and of float32."""
        return self.losses[-1] if self.losses else float("nan")

    def predict_output_word(self, context_words_list: Iterable[str | int], topn: int = 10) -> list[tuple[str, float]]:
        """The words that stand most probably between others, by the softmax of negative sampling's outputs.

        Raises: RuntimeError for a model without negative sampling; UnknownWordError, a KeyError, if it knows none of
            the words.
        """
        if self.syn1neg is None:
            raise RuntimeError("[Word2Vec] predict_output_word needs a model with negative > 0 and a vocabulary")
        words = list(context_words_list)
        known = [self.wv.get_index(word) for word in words if word in self.wv]
        if not known:
            self.wv.get_index(words[0] if words else "")
        hidden = self.wv.vectors[known].sum(axis=0, dtype=np.float64)
        if self.cbow_mean:
            hidden /= len(known)
        scores = self.syn1neg @ hidden
        weights = np.exp(scores - scores.max())
        weights /= weights.sum()
        best = np.argsort(-weights, kind="stable")[:topn]
        return [(self.wv.index_to_key[i], float(weights[i])) for i in best]

    def estimate_memory(self, vocab_size: int | None = None, report: dict[str, int] | None = None) -> dict[str, int]:
        """Bytes that the model takes, and while it is trained, by part and in "total"; without the text.

        >>> Word2Vec(vector_size=100).estimate_memory(1_000_000)["total"] // 10**6
        1512
        """
        return estimate(self, len(self.wv) if vocab_size is None else vocab_size, report)

    def save(self, path: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Writes the whole model to a `.safetensors` file, which holds data and no code.

        Raises: OSError where it cannot be written.
        """
        word2vec_file.save(self, path, overwrite)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """The model of a file, which may be trained on.

        Raises: FileNotFoundError; ModelFileError for a file that is damaged or of something else.
        """
        return word2vec_file.load(cls, path)

    def __repr__(self) -> str:
        return f"Word2Vec<vocab={len(self.wv)}, vector_size={self.vector_size}, alpha={self.alpha}>"
