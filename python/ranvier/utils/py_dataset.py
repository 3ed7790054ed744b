from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any


class PyDataset:
    """Batches by number: subclass it and override `__getitem__` and `__len__`, or the property `num_batches`.

    A thread makes the next batches while the model trains on the present one. `fit` takes the batches of each epoch in
    another order, unless `shuffle=False`.

    Args:
        workers: how many threads make batches, at least 1.
        use_multiprocessing: accepted for compatibility: threads make them.
        max_queue_size: how many batches may wait.

    Raises: ValueError for a number below 1.

    >>> import numpy as np
    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...
    ...     def __getitem__(self, index):
    ...         x = np.arange(4.0)[:, None] + 4 * index
    ...         return x, x**2
    >>> Squares().num_batches, Squares()[2][1][-1]
    (3, array([121.]))
    """

    _workers: int = 1
    _max_queue_size: int = 10
    use_multiprocessing: bool = False

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = bool(use_multiprocessing)
        self.max_queue_size = max_queue_size

    @property
    def workers(self) -> int:
        """How many threads make batches."""
        return self._workers

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = _count("workers", max(value, 1) if value == 0 else value)

    @property
    def max_queue_size(self) -> int:
        """How many batches may wait."""
        return self._max_queue_size

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = _count("max_queue_size", value)

    def __getitem__(self, index: int) -> Any:
        """The batch of a number: x, (x, y) or (x, y, sample_weight)."""
        raise NotImplementedError(f"[{type(self).__name__}] a PyDataset must override __getitem__(self, index)")

    @property
    def num_batches(self) -> int | None:
        """Number of batches; None for any number."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"[{type(self).__name__}] a PyDataset must override __len__ or num_batches")

    def __iter__(self) -> Iterator[Any]:
        batches = self.num_batches
        for index in itertools.count() if batches is None else range(batches):
            yield self[index]

    def on_epoch_begin(self) -> None:
        """Called when an epoch begins."""

    def on_epoch_end(self) -> None:
        """Called when an epoch is over."""


def _count(argument: str, value: Any) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
        raise ValueError(f"[PyDataset] {argument} must be an integer of at least 1, got {value!r}")
    return int(value)


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """A batch as `fit` takes it from an iterable: x, (x, y) or (x, y, sample_weight).

    Args:
        x: inputs.
        y: targets, or None.
        sample_weight: weights, or None.

    >>> pack_x_y_sample_weight([[1.0]], [2.0])
    ([[1.0]], [2.0])
    """
    if y is None:
        return (x,) if isinstance(x, tuple | list) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """x, y and weights of a batch; None for what it lacks.

    Args:
        data: x, or a tuple or list (x,), (x, y) or (x, y, sample_weight).

    Raises: ValueError for another length.

    >>> unpack_x_y_sample_weight(([[1.0]], [2.0]))
    ([[1.0]], [2.0], None)
    """
    if not isinstance(data, tuple | list):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(f"a batch must be x, (x, y) or (x, y, sample_weight), got {len(data)} items")
    x, y, weights = (*data, None, None)[:3]
    return x, y, weights
