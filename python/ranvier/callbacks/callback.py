from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    Logs = dict[str, Any] | None


class Callback:
    """What is called while a model trains, is evaluated or predicts. Override the hooks you need.

    `self.model` is the model and `self.params` holds "verbose", "epochs" and "steps". `logs` holds the loss and the
    metrics so far. Hooks of single batches cost a return from native code for each batch, and only if overridden.

    >>> class Stop(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         self.model.stop_training = logs["loss"] < 0.1
    """

    # Called after all others, whatever its place: it sees what they have made of an epoch.
    called_last: ClassVar[bool] = False

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self._model: Any = None

    @property
    def model(self) -> Any:
        """The model, once it runs."""
        return getattr(self, "_model", None)

    def set_params(self, params: dict[str, Any]) -> None:
        """Takes "verbose", "epochs" and "steps"."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Takes the model."""
        self._model = model

    def get_state(self) -> dict[str, Any] | None:
        """What `BackupAndRestore` keeps of this callback, so that a run that is killed goes on as it was.

        Numbers, strings, arrays, and lists and dicts of them; None for nothing.
        """
        return None

    def set_state(self, state: dict[str, Any]) -> None:
        """Takes what `get_state` returned in the run that was killed; called after `on_train_begin`."""

    def on_nonfinite_loss(self, batch: int, error: ArithmeticError) -> bool:
        """Called when the loss of a batch is NaN or infinite; true lets training end quietly instead of raising."""
        return False

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called when `fit` begins."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Called when `fit` ends, with the logs of the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Called when an epoch begins; the first is 0."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called when an epoch and its validation are over."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before each batch of an epoch; the first is 0."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each batch of an epoch."""
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """The older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """The older name of `on_train_batch_end`."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Called when `evaluate`, or the validation of an epoch, begins."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Called when it ends."""

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before each of its batches."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each of its batches."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Called when `predict` begins."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """Called when it ends."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before each of its batches."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each of its batches; `logs["outputs"]` holds what was predicted."""
