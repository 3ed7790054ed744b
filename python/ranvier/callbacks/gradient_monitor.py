from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.callbacks.callback import Callback

if TYPE_CHECKING:
    from ranvier.callbacks.gradient_probe import Probe


class GradientMonitor(Callback):
    """Watches, layer by layer, whether gradients arrive and units live; warns of a vanishing gradient, and draws.

    In a deep network the gradient may become smaller and smaller on its way back to the early layers, which then hardly
    learn: a layer's weights change in proportion to it. At the end of an epoch a sample of the training rows goes
    through the network and back once more, without an update. Training itself is not touched and not slowed down
    between batches.

    `history` holds a dict by layer for each of
    "gradient": root mean square of the loss's derivatives with respect to the layer's weights;
    "update": root mean square of the changes of these weights during the epoch;
    "saturated": share of outputs within 1 % of the limits of a bounded activation, where its derivative is nearly 0;
    "dead": share of units of a ReLU or the like that are 0 for all rows of the sample.

    Args:
        rows: size of the sample: the first rows of the training data.
        threshold: warns where the first layer's gradient is less than this part of the greatest.
        share: warns where more than this part of a hidden layer is saturated or dead.
        freq: looks after every so many epochs.

    Raises: ValueError for a number out of range.
    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010.

    >>> GradientMonitor(rows=100).threshold
    0.001
    """

    def __init__(self, rows: int = 256, threshold: float = 1e-3, share: float = 0.5, freq: int = 1) -> None:
        super().__init__()
        for name, value in (("rows", rows), ("freq", freq)):
            if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
                raise ValueError(f"[GradientMonitor] {name} must be an integer of at least 1, got {value!r}")
        for name, number in (("threshold", threshold), ("share", share)):
            if not 0 <= number <= 1:
                raise ValueError(f"[GradientMonitor] {name} must be from 0 to 1, got {number!r}")
        self.rows = int(rows)
        self.threshold = float(threshold)
        self.share = float(share)
        self.freq = int(freq)
        self._forget()

    def _forget(self) -> None:
        self.epoch: list[int] = []
        self.history: dict[str, dict[str, list[float]]] = {
            "gradient": {},
            "update": {},
            "saturated": {},
            "dead": {},
        }
        self._warned: set[str] = set()
        self._probe: Probe | None = None
        self._before: dict[str, list[Any]] = {}

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        from ranvier.callbacks.gradient_probe import Probe

        self._forget()
        self._probe = Probe(self.model, self.model._run.data, self.rows)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._probe = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        assert self._probe is not None
        if self._is_due(epoch):
            self._before = {layer.name: layer.get_weights() for layer in self._probe.layers}

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if not self._is_due(epoch) or self._probe is None:
            return
        self.epoch.append(epoch)
        self._add("gradient", self._probe.gradients())
        for layer in self._probe.layers:
            before = self._before.get(layer.name)
            changes = [after - start for after, start in zip(layer.get_weights(), before or [], strict=False)]
            self._add("update", {layer.name: rms(changes)})
        saturated, dead = self._probe.units()
        self._add("saturated", saturated)
        self._add("dead", dead)
        self._warn(epoch)

    def _is_due(self, epoch: int) -> bool:
        return (epoch + 1) % self.freq == 0

    def _add(self, what: str, values: dict[str, float]) -> None:
        for name, value in values.items():
            self.history[what].setdefault(name, []).append(value)

    def _warn(self, epoch: int) -> None:
        gradients = {name: values[-1] for name, values in self.history["gradient"].items()}
        names = list(gradients)
        greatest = max(gradients.values(), default=0.0)
        if len(names) > 1 and greatest > 0 and gradients[names[0]] < self.threshold * greatest:
            strongest = max(gradients, key=lambda name: gradients[name])
            self._say(
                "vanishing",
                f"the gradient vanishes on its way back: after epoch {epoch + 1} that of {names[0]} is "
                f"{gradients[names[0]] / greatest:.1e} of that of {strongest}, so its weights hardly change. Try relu "
                "with he_normal, residual connections (layers.Add), a better scaled input, or fewer layers",
            )
        hints = {
            "saturated": "its derivative is nearly 0 there: try smaller initial weights, a scaled input, or relu",
            "dead": "they get no gradient: try a lower learning rate, leaky_relu, or he_normal",
        }
        for what, hint in hints.items():
            for name, values in self.history[what].items():
                if values[-1] > self.share:
                    self._say(
                        f"{what} {name}", f"{values[-1]:.0%} of {name} is {what} after epoch {epoch + 1}, and {hint}"
                    )

    def _say(self, key: str, text: str) -> None:
        if key not in self._warned:
            self._warned.add(key)
            warnings.warn(f"[GradientMonitor] {text}", UserWarning, stacklevel=2)

    def plot(self, path: str | os.PathLike[str] | None = None) -> Any:
        """Draws the norms of gradients and updates and the shares of saturated and dead units over the epochs.

        Args:
            path: where to write the picture; by default it is shown, in a notebook at once and in a program by
                `matplotlib.pyplot.show()`.

        Returns: the matplotlib figure.
        Raises: ImportError without matplotlib; ValueError before there is anything to draw.
        """
        from ranvier.callbacks.gradient_plot import plot_gradients

        return plot_gradients(self, path)

    def get_state(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "history": self.history, "warned": sorted(self._warned)}

    def set_state(self, state: dict[str, Any]) -> None:
        self.epoch, self.history, self._warned = state["epoch"], state["history"], set(state["warned"])


def rms(arrays: list[Any]) -> float:
    """Root mean square of all elements.

    >>> rms([np.array([3.0, 4.0]), np.zeros(2)])
    2.5
    """
    count = sum(array.size for array in arrays)
    squares = sum(float(np.square(array, dtype=np.float64).sum()) for array in arrays)
    return float(np.sqrt(squares / count)) if count else 0.0
