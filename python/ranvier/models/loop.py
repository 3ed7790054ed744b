"""The loops around the native trainer: epochs, batch hooks, progress."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _passes
from ranvier.errors import NonFiniteLossError

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array
    from ranvier.callbacks import CallbackList
    from ranvier.models.compiled import Compiled
    from ranvier.models.data import Data
    from ranvier.models.run import Run
    from ranvier.models.stream import Stream
    from ranvier.models.training import Training
    from ranvier.utils.progress import Progress

# How long native code runs before Python looks for Ctrl-C and draws.
_SLICE_SECONDS = 0.05


class Options:
    """The numbers that `fit` was given, checked."""

    def __init__(
        self,
        *,
        batch_size: int,
        epochs: int,
        initial_epoch: int,
        steps: int,
        validation_steps: int,
        validation_batch_size: int,
        validation_freq: int | Sequence[int],
        shuffle: bool,
    ) -> None:
        if not isinstance(validation_freq, int | Sequence) or (
            isinstance(validation_freq, int) and validation_freq < 1
        ):
            raise ValueError(
                f"[fit] validation_freq must be an integer of at least 1, or a list of epochs, got {validation_freq!r}"
            )
        self.batch_size = batch_size
        self.epochs = epochs
        self.initial_epoch = initial_epoch
        self.steps = steps
        self.validation_steps = validation_steps
        self.validation_batch_size = validation_batch_size
        self.validation_freq = validation_freq
        self.shuffle = shuffle

    def steps_of(self, rows: int) -> int:
        """Batches in an epoch."""
        whole = -(-rows // self.batch_size)
        return whole if self.steps < 0 else min(whole, self.steps)

    def validates_after(self, epoch: int) -> bool:
        """Whether epoch `epoch`, counting from 0, ends with a validation."""
        if isinstance(self.validation_freq, int):
            return (epoch + 1) % self.validation_freq == 0
        return epoch + 1 in self.validation_freq


def train(
    model: Training,
    run: Run,
    compiled: Compiled,
    validation: Data | Stream | None,
    options: Options,
    progress: Progress,
) -> None:
    """Runs the epochs of a `fit`."""
    trainer, hooks, feed = run.trainer, run.hooks, run.data.feed()
    validation_feed = None if validation is None else validation.feed()
    logs: dict[str, float] = {}
    try:
        hooks.call("on_train_begin", {})
        run.restore_between_epochs()
        while run.epoch < options.epochs and not run.stopped:
            hooks.call("on_epoch_begin", run.epoch, {})
            run.restore_within_epoch()
            try:
                trainer.begin(feed, options.batch_size, True, options.shuffle, run.epoch, options.steps)
            except EOFError:
                _warn_of_end(run.epoch)
                break
            run.resume_pass()
            progress.start(trainer.batches, f"Epoch {run.epoch + 1}/{options.epochs}")
            run.inside = True
            _train_epoch(model, run, compiled, progress)
            run.inside = False
            progress.ended(trainer.batches)
            logs = compiled.logs(trainer.results())
            if validation_feed is not None and options.validates_after(run.epoch):
                size, steps = options.validation_batch_size, options.validation_steps
                results = evaluate(trainer, compiled, validation_feed, size, steps, hooks, None)
                logs |= compiled.logs(results, "val_")
            progress.finish(logs)
            run.epoch += 1
            hooks.call("on_epoch_end", run.epoch - 1, logs)
            run.stopped = model.stop_training
    finally:
        progress.close()
        compiled.optimizer.finalize_variable_values()
    hooks.call("on_train_end", logs)


def _warn_of_end(epoch: int) -> None:
    warnings.warn(
        f"[fit] the iterator is at its end after {epoch} epochs: give one that goes on, with steps_per_epoch, or a "
        "PyDataset",
        UserWarning,
        stacklevel=6,
    )


def _train_epoch(model: Training, run: Run, compiled: Compiled, progress: Progress) -> None:
    try:
        _run(run.trainer, compiled, run.hooks, progress, "train", model)
    except NonFiniteLossError as error:
        if not run.hooks.accepts_nonfinite_loss(run.trainer.batch - 1, error):
            raise
        model.stop_training = True


def evaluate(
    trainer: _core.Trainer,
    compiled: Compiled,
    feed: _core.Feed,
    batch_size: int,
    steps: int,
    hooks: CallbackList,
    progress: Progress | None,
) -> list[float]:
    """Runs one pass without training and returns the native results."""
    hooks.call("on_test_begin", {})
    try:
        trainer.begin(feed, batch_size, False, False, 0, steps)
    except EOFError:
        raise ValueError(
            "[evaluate] the iterator of batches is at its end: give a PyDataset, or one that goes on"
        ) from None
    try:
        if progress is not None:
            progress.start(trainer.batches)
        _run(trainer, compiled, hooks, progress, "test", None)
        results = trainer.results()
        logs = compiled.logs(results)
        if progress is not None:
            progress.ended(trainer.batches)
            progress.finish(logs)
    finally:
        if progress is not None:
            progress.close()
    hooks.call("on_test_end", logs)
    return results


def _run(
    trainer: _core.Trainer,
    compiled: Compiled,
    hooks: CallbackList,
    progress: Progress | None,
    kind: str,
    stoppable: Training | None,
) -> None:
    def logs() -> dict[str, float]:
        return compiled.logs(trainer.results())

    begin, end = f"on_{kind}_batch_begin", f"on_{kind}_batch_end"
    if not hooks.overrides(begin, end):
        while trainer.run(_SLICE_SECONDS, -1):
            if progress is not None:
                progress.update(trainer.batch, logs)
            if stoppable is not None and stoppable.stop_training:
                return
        return
    while trainer.batch < trainer.batches:
        batch = trainer.batch
        hooks.call(begin, batch, {})
        trainer.run(float("inf"), 1)
        hooks.call(end, batch, logs())
        if progress is not None:
            progress.update(trainer.batch, logs)
        if stoppable is not None and stoppable.stop_training:
            return


def predict_batches(
    network: Callable[[list[Any]], _core.Network], batches: Iterable[list[Any]], hooks: CallbackList
) -> list[Array]:
    """The outputs for inputs that come batch by batch; `network` is what runs one of them."""
    parts: list[Any] = []
    hooks.call("on_predict_begin", {})
    for batch, arrays in enumerate(batches):
        hooks.call("on_predict_batch_begin", batch, {})
        parts.append(_passes.infer(network(arrays), arrays))
        hooks.call("on_predict_batch_end", batch, {"outputs": parts[-1]})
    hooks.call("on_predict_end", {})
    if not parts:
        raise ValueError("[predict] expected at least one batch, got none")
    for pieces in zip(*parts, strict=True):
        if len({piece.shape[1:] for piece in pieces}) > 1:
            raise ValueError(
                f"[predict] the outputs of the batches differ in shape, {pieces[0].shape[1:]} and "
                f"{next(piece.shape[1:] for piece in pieces if piece.shape[1:] != pieces[0].shape[1:])}, and make no "
                "array: predict batches of one size together"
            )
    return [np.concatenate(pieces) for pieces in zip(*parts, strict=True)]


def predict(network: _core.Network, arrays: list[Array], batch_size: int, hooks: CallbackList) -> list[Array]:
    """The outputs for inputs; batch by batch only if somebody watches."""
    if hooks.overrides("on_predict_batch_begin", "on_predict_batch_end"):
        begins = range(0, len(arrays[0]), batch_size)
        batches = ([array[begin : begin + batch_size] for array in arrays] for begin in begins)
        return predict_batches(lambda _: network, batches, hooks)
    hooks.call("on_predict_begin", {})
    outputs = _passes.infer(network, arrays)
    hooks.call("on_predict_end", {})
    return outputs
