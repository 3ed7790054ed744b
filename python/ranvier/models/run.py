"""Where a `fit` is: what a callback may write down to go on from there, and how it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier.callbacks import CallbackList
    from ranvier.models.data import Data
    from ranvier.models.stream import Stream


class Run:
    """A `fit` that runs; callbacks of ours find it as `model._run`.

    Args:
        trainer: the native one.
        data: what is trained on.
        hooks: all callbacks.
        epoch: the first.
    """

    def __init__(self, trainer: _core.Trainer, data: Data | Stream, hooks: CallbackList, epoch: int) -> None:
        self.trainer = trainer
        self.data = data
        self.hooks = hooks
        self.epoch = epoch  # the next, or the one that runs
        self.inside = False  # whether it runs
        self.stopped = False  # whether it was the last one
        self._progress: list[float] | None = None
        self._restore: Callable[[], None] | None = None

    def go_on(self, epoch: int, progress: list[float] | None, restore: Callable[[], None]) -> None:
        """Lets training go on where another run was; called when it begins.

        Args:
            epoch: the next one, or the one in which that run was.
            progress: how far that was in it, as `Trainer.progress` says; None for between epochs.
            restore: puts everything else back, once all callbacks have begun.
        """
        self.epoch, self._progress, self._restore = epoch, progress, restore

    def restore_between_epochs(self) -> None:
        """Puts everything back if the other run was between epochs."""
        if self._progress is None and self._restore is not None:
            self._restore()
            self._restore = None

    def restore_within_epoch(self) -> None:
        """Puts everything back if the other run was within an epoch, whose beginning has been told to all."""
        if self._restore is not None:
            self._restore()
            self._restore = None

    def resume_pass(self) -> None:
        """Skips the batches that the other run has done, once the pass has begun."""
        if self._progress is not None:
            self.trainer.resume(self._progress)
            self._progress = None
