from __future__ import annotations

import os
from typing import Any

from ranvier.callbacks.monitor import MonitorCallback
from ranvier.utils.progress import say

_MODELS, _WEIGHTS = (".safetensors", ".keras"), (".safetensors", ".weights.h5")


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, after epochs or every so many batches. Each file appears whole or not at all.

    Args:
        filepath: of the file; may hold "{epoch}", "{batch}" and names of the logs: "{epoch:02d}-{val_loss:.2f}". Ends
            in ".safetensors", or in ".keras" (of weights ".weights.h5"), which Keras 3 reads.
        monitor: the number that decides which model is best.
        verbose: 1 says when it saves.
        save_best_only: whether to save only where the number is better than ever before.
        save_weights_only: whether to save the weights alone.
        mode: "min", "max", or "auto", which knows from the name which way is better.
        save_freq: "epoch", or a number of batches; then a hook is called after each batch.
        initial_value_threshold: only what is better than this is saved.

    Raises: ValueError for another ending or frequency; KeyError where `filepath` names what is not in the logs.

    >>> ModelCheckpoint("best.safetensors", save_best_only=True).monitor
    'val_loss'
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: int | str = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = bool(save_best_only)
        self.save_weights_only = bool(save_weights_only)
        self.save_freq = frequency("ModelCheckpoint", save_freq)
        endings = _WEIGHTS if self.save_weights_only else _MODELS
        if not self.filepath.endswith(endings):
            raise ValueError(f"[ModelCheckpoint] filepath must end in {' or '.join(endings)}, got {self.filepath!r}")
        self._epoch = 0
        self._folder: str | None = None  # that is known to be there
        self._batches = 0
        if self.save_freq != "epoch":
            self.on_train_batch_end = self._count_batch  # type: ignore[method-assign]  # only then a hook of batches

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, None, logs or {})

    def _count_batch(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._batches += 1
        if self._batches == self.save_freq:
            self._batches = 0
            self._save(self._epoch, batch, logs or {})

    def _save(self, epoch: int, batch: int | None, logs: dict[str, Any]) -> None:
        places = {"epoch": epoch + 1, **({} if batch is None else {"batch": batch + 1}), **logs}
        try:
            path = self.filepath.format(**places)
        except KeyError as error:
            raise KeyError(
                f"[ModelCheckpoint] filepath {self.filepath!r} names {error}; there are: {', '.join(places)}"
            ) from None
        if not self._is_wanted(epoch, logs, path):
            return
        if os.path.dirname(path) != self._folder:  # noqa: PTH120  ten times as fast, and called with every epoch
            from pathlib import Path  # slow to import

            Path(path).parent.mkdir(parents=True, exist_ok=True)
            self._folder = os.path.dirname(path)  # noqa: PTH120
        if self.save_weights_only:
            self.model.save_weights(path)
        else:
            self.model.save(path)
        self._say(epoch, f"finished saving model to {path}")

    def _is_wanted(self, epoch: int, logs: dict[str, Any], path: str) -> bool:
        if not self.save_best_only:
            self._say(epoch, f"saving model to {path}")
            return True
        value = self.watched(logs)
        if value is None:
            return True
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self.is_improvement(value, self.best):
            self._say(epoch, f"{self.monitor} did not improve from {best}")
            return False
        self._say(epoch, f"{self.monitor} improved from {best} to {value:.5f}, saving model to {path}")
        self.best = value
        return True

    def _say(self, epoch: int, text: str) -> None:
        if self.verbose:
            say(f"\nEpoch {epoch + 1}: {text}")

    def get_state(self) -> dict[str, Any]:
        return {"best": self.best, "batches": self._batches}

    def set_state(self, state: dict[str, Any]) -> None:
        self.best, self._batches = state["best"], state["batches"]


def frequency(where: str, value: Any) -> int | str:
    """How often something is saved: "epoch", or a number of batches.

    Raises: ValueError for anything else.

    >>> frequency("ModelCheckpoint", 100)
    100
    """
    if value == "epoch":
        return "epoch"
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
        raise ValueError(f"[{where}] save_freq must be 'epoch' or a number of batches of at least 1, got {value!r}")
    return int(value)
