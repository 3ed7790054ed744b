"""Metrics written in Python, shown the batches of a native trainer one by one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array
    from ranvier.metrics import Metric


class Observer:
    """A metric and what it is shown.

    Args:
        metric: with `update_state`, `result` and `reset_state` of its own.
        output: which output of the model it looks at.
        sparse: whether its targets are classes, which it is given as integers.
        weighted: whether it is given the sample weights.
    """

    def __init__(self, metric: Metric, output: int, sparse: bool, weighted: bool) -> None:
        self.metric = metric
        self._output = output
        self._sparse = sparse
        self._weighted = weighted

    def update(self, batch: Sequence[tuple[Array, Array, Array | None]]) -> None:
        """Shows the metric its part of a batch."""
        y_true, y_pred, weights = batch[self._output]
        if self._sparse:
            y_true = y_true.astype(np.int64)
        if self._weighted and weights is not None:
            self.metric.update_state(y_true, y_pred, sample_weight=weights)
        else:
            self.metric.update_state(y_true, y_pred)

    def result(self) -> Any:
        """What is reported: a float, an array, or a dict of them."""
        return _plain(self.metric.result())


def _plain(result: Any) -> Any:
    if isinstance(result, dict):
        return {name: _plain(value) for name, value in result.items()}
    array = np.array(result)
    return float(array) if array.ndim == 0 else array


class ObservedTrainer:
    """A native trainer that returns after every batch, for the sake of metrics written in Python.

    Args:
        native: the trainer, with the native metrics.
        observers: one for each metric in the order of reports; None for a native one.
    """

    def __init__(self, native: _core.Trainer, observers: Sequence[Observer | None]) -> None:
        native.keep_batch = True
        self._native = native
        self._observers = list(observers)

    @property
    def seed(self) -> int:
        """See `_core.Trainer`, as for all that follows."""
        return self._native.seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._native.seed = seed

    @property
    def batch(self) -> int:
        """Batches done in this pass."""
        return self._native.batch

    @property
    def batches(self) -> int:
        """Batches of the whole pass."""
        return self._native.batches

    def begin(self, *args: Any, **kwargs: Any) -> None:
        """Starts a pass; the metrics are reset."""
        self._native.begin(*args, **kwargs)
        for observer in self._observers:
            if observer is not None:
                observer.metric.reset_state()

    def extend(self, feed: _core.Feed) -> None:
        """Goes on in the same pass with another feed."""
        self._native.extend(feed)

    def run(self, seconds: float, batches: int) -> bool:
        """Runs batches until one of both is used up; False once the pass is complete."""
        end = time.perf_counter() + seconds
        while batches != 0 and self._native.batch < self._native.batches:
            self._native.run(float("inf"), 1)
            batch = self._native.last_batch()
            for observer in self._observers:
                if observer is not None:
                    observer.update(batch)
            batches -= 1
            if time.perf_counter() >= end:
                break
        return self._native.batch < self._native.batches

    def _variables(self) -> list[Any]:
        return [variable for one in self._observers if one is not None for variable in one.metric.variables]

    def progress(self) -> list[float]:
        """See `_core.Trainer`; of the metrics written in Python, what they keep in variables."""
        own = [np.asarray(variable.numpy(), dtype=float).ravel() for variable in self._variables()]
        return [*self._native.progress(), *(float(number) for values in own for number in values)]

    def resume(self, progress: Sequence[float], skipped: int = 0) -> None:
        """See `_core.Trainer`."""
        own = len(progress) - sum(variable.numpy().size for variable in self._variables())
        self._native.resume(progress[: max(own, 0)], skipped)
        for variable in self._variables():
            end = own + variable.numpy().size
            variable.assign(np.reshape(progress[own:end], variable.shape))
            own = end

    def results(self) -> list[Any]:
        """The losses, then the metrics in the order of the observers."""
        native = self._native.results()
        losses = len(native) - self._observers.count(None)
        own = iter(native[losses:])
        return native[:losses] + [next(own) if one is None else one.result() for one in self._observers]
