from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from typing import Any

from ranvier.callbacks.callback import Callback


class History(Callback):
    """What training did: `history` holds a list for each of the loss and the metrics, `epoch` the epochs' numbers.

    `fit` returns one, and the model keeps it as `model.history`.

    >>> history = History()
    >>> history.on_epoch_end(0, {"loss": 0.5})
    >>> history.history
    {'loss': [0.5]}
    """

    def __init__(self) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.history: dict[str, list[Any]] = {}

    # The model keeps its history: a strong reference back would keep both alive until the garbage collector comes.
    def set_model(self, model: Any) -> None:
        self._model_reference = weakref.ref(model)

    @property
    def model(self) -> Any:
        """The model, as long as it lives."""
        reference = getattr(self, "_model_reference", None)
        return None if reference is None else reference()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)

    def plot(
        self, path: str | os.PathLike[str] | None = None, metrics: Sequence[str] | None = None, title: str | None = None
    ) -> Any:
        """Draws each number over the epochs, that of training and that of validation in one panel.

        Args:
            path: where to write the picture, such as "history.png"; by default it is shown, in a notebook at once and
                in a program by `matplotlib.pyplot.show()`.
            metrics: which, without "val_"; by default all, the loss first.
            title: above the picture.

        Returns: the matplotlib figure.
        Raises: ImportError without matplotlib; ValueError for an unknown name, or if there is nothing to draw.

        >>> history = History()
        >>> history.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.6})
        >>> history.plot("/dev/null.png", metrics=["accuracy"])  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
        ValueError: [plot] unknown metric 'accuracy'. Valid: loss
        """
        from ranvier.callbacks.history_plot import plot_history

        return plot_history(self, path, metrics, title)

    def get_state(self) -> dict[str, Any]:
        return {"epoch": list(self.epoch), "history": {name: list(values) for name, values in self.history.items()}}

    def set_state(self, state: dict[str, Any]) -> None:
        self.epoch = list(state["epoch"])
        self.history = {name: list(values) for name, values in state["history"].items()}

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_model_reference"}

    def __repr__(self) -> str:
        return f"<History epochs={len(self.epoch)}, keys={list(self.history)}>"
