from __future__ import annotations

from typing import Any

from ranvier.callbacks.monitor import MonitorCallback
from ranvier.callbacks.monitor import patience as epochs
from ranvier.utils.progress import say


class ReduceLROnPlateau(MonitorCallback):
    """Lowers the learning rate when a number has stopped getting better: rate = max(factor * rate, min_lr).

    Args:
        monitor: its name in the logs.
        factor: by which the rate is multiplied, below 1.
        patience: epochs without a better number after which it is lowered.
        verbose: 1 says when.
        mode: "min", "max", or "auto", which knows from the name which way is better.
        min_delta: by how much a better number must be better; `epsilon` is its older name.
        cooldown: epochs after a reduction in which nothing is counted.
        min_lr: the least rate.
        **kwargs: `epsilon`.

    Raises: ValueError for an argument out of range.

    >>> ReduceLROnPlateau(factor=0.5, patience=2).cooldown
    0
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(monitor, mode, min_delta=kwargs.pop("epsilon", min_delta))
        if kwargs:
            raise TypeError(f"[ReduceLROnPlateau] unknown argument {next(iter(kwargs))!r}")
        if not 0 < factor < 1:
            raise ValueError(f"[ReduceLROnPlateau] factor must be above 0 and below 1, got {factor!r}")
        if not min_lr >= 0:
            raise ValueError(f"[ReduceLROnPlateau] min_lr must be at least 0, got {min_lr!r}")
        self.factor = float(factor)
        self.patience = epochs("ReduceLROnPlateau", "patience", patience)
        self.verbose = verbose
        self.cooldown = epochs("ReduceLROnPlateau", "cooldown", cooldown)
        self.min_lr = float(min_lr)
        self.on_train_begin()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.best: float | None = None
        self.wait = 0
        self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = {} if logs is None else logs
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        value = self.watched(logs)
        if value is None:
            return
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_improvement(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.cooldown_counter:
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch: int) -> None:
        optimizer = self.model.optimizer
        if float(optimizer.learning_rate) <= self.min_lr:
            return
        optimizer.learning_rate = max(float(optimizer.learning_rate) * self.factor, self.min_lr)
        if self.verbose:
            say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {optimizer.learning_rate}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0

    def get_state(self) -> dict[str, Any]:
        return {"best": self.best, "wait": self.wait, "cooldown_counter": self.cooldown_counter}

    def set_state(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
