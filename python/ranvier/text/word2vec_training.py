"""The epochs of a Word2Vec."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _core
from ranvier.errors import NonFiniteLossError
from ranvier.text.word2vec_words import keep_thresholds, numbers_of, tables
from ranvier.utils.progress import Progress, make_progress, numbers, say, tqdm_class

if TYPE_CHECKING:
    from typing_extensions import Self

    from ranvier._typing import Array
    from ranvier.text.corpus import Corpus
    from ranvier.text.word2vec import Word2Vec

_SLICE_SECONDS = 0.05  # how long a Ctrl-C may wait


@dataclass
class Run:
    """What one call of `train` is told."""

    epochs: int
    first_alpha: float
    last_alpha: float
    compute_loss: bool | int
    callbacks: tuple[Any, ...]

    def call(self, hook: str, model: Word2Vec) -> None:
        """Calls those callbacks that have the hook."""
        for callback in self.callbacks:
            if (function := getattr(callback, hook, None)) is not None:
                function(model)

    def alpha(self, epoch: int) -> float:
        """The learning rate where an epoch begins."""
        return self.first_alpha + (self.last_alpha - self.first_alpha) * epoch / self.epochs


def train(model: Word2Vec, corpus: Corpus, run: Run) -> tuple[int, int]:
    """Runs the epochs; returns words trained on and words read."""
    if run.epochs < 1:
        raise ValueError(f"[train] epochs must be at least 1, got {run.epochs}")
    mapped = numbers_of(corpus, model.wv)
    counts = model.wv.expandos["count"]
    keep = keep_thresholds(counts, model.sample)
    rows = _core.text.row_matrix(len(model.wv), model.vector_size)
    rows[:] = model.wv.vectors
    model.syn1neg, model.syn1 = _padded(model.syn1neg), _padded(model.syn1)
    config = tables(counts, model) | {"compute_loss": bool(run.compute_loss)}
    trainer = _core.text.Word2VecTrainer(corpus.native, mapped, keep, counts, rows, model.syn1neg, model.syn1, config)
    model.stop_training = False
    trained = read = 0
    with ExitStack() as stack:
        show = stack.enter_context(_Shown(model, run.epochs, len(corpus.tokens)))
        stack.callback(_keep, model, rows)  # whatever ends the training
        run.call("on_train_begin", model)
        for epoch in range(run.epochs):
            run.call("on_epoch_begin", model)
            trainer.begin(
                model.epochs_trained, run.alpha(epoch), run.alpha(epoch + 1), model.workers, bool(model.deterministic)
            )
            while trainer.run(_SLICE_SECONDS):
                show.update(trainer.progress())
                if model.stop_training:
                    break
            done = trainer.progress()
            trained, read = trained + done["words"], read + done["tokens"]
            _keep(model, rows)
            model.epochs_trained += 1
            if run.compute_loss:
                model.losses.append(_mean_loss(done, epoch))
            show.epoch(epoch, done)
            run.call("on_epoch_end", model)
            if model.stop_training:
                break
        run.call("on_train_end", model)
    return trained, read


def _keep(model: Word2Vec, rows: Array) -> None:
    model.wv.vectors[:] = rows


def _padded(matrix: Array | None) -> Array | None:
    """The matrix with rows on cache lines, as it has them unless it comes from a file or the user."""
    if matrix is None:
        return None
    try:
        _core.text.check_rows(matrix)
    except ValueError:
        rows = _core.text.row_matrix(*matrix.shape)
        rows[:] = matrix
        return rows
    return matrix


def _mean_loss(done: Mapping[str, float], epoch: int) -> float:
    if not np.isfinite(done["loss"]):
        raise NonFiniteLossError(
            f"[Word2Vec] the loss became {done['loss']} in epoch {epoch + 1}: give a smaller alpha, and build "
            "the model anew"
        )
    return done["loss"] / done["examples"] if done["examples"] else float("nan")


class _Shown:
    """Says how far the training is: nothing, a bar of words, or a line for each epoch."""

    def __init__(self, model: Word2Vec, epochs: int, tokens: int) -> None:
        self._epochs, self._tokens = epochs, tokens
        kind = make_progress("Word2Vec", model.verbose)
        self._lines = type(kind) is not Progress
        self._bar: Any = None
        self._done = 0
        self._begun = time.perf_counter()
        if self._lines:
            mega = model.estimate_memory()["total"] / 1e6
            say(f"Word2Vec: {len(model.wv)} words, {tokens} in the text, {mega:.0f} MB of memory")
        if type(kind).__name__ == "Bar":
            self._bar = tqdm_class()(total=epochs * tokens, unit="words", unit_scale=True)

    def update(self, done: Mapping[str, float]) -> None:
        """Somewhere in an epoch."""
        if self._bar is not None:
            if done["examples"]:
                self._bar.set_postfix_str(numbers({"loss": done["loss"] / done["examples"]}), refresh=False)
            self._bar.update(self._done + int(done["tokens"]) - self._bar.n)

    def epoch(self, epoch: int, done: Mapping[str, float]) -> None:
        """An epoch is over."""
        self._done += self._tokens
        self.update({**done, "tokens": 0})
        if self._lines and self._bar is None:
            speed = self._done / (time.perf_counter() - self._begun)
            loss = done["loss"] / done["examples"] if done["examples"] else float("nan")
            say(f"Epoch {epoch + 1}/{self._epochs} - {speed / 1e3:.0f}k words/s - {numbers({'loss': loss})}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()
