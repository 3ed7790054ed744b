"""The base of all metrics: streaming means of a value for each row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ranvier import config
from ranvier._configurable import Configurable
from ranvier.losses.loss import is_binary, together

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array, ArrayLike


class Metric(Configurable):
    """A number about predictions, gathered batch by batch: the weighted mean of a value for each row.

    A subclass names its native metric and says what that is told.

    Args:
        name: what it is called in logs.
        dtype: "float32" or "float64"; by default `ranvier.config.floatx()`.

    >>> from ranvier.metrics import BinaryAccuracy
    >>> metric = BinaryAccuracy()
    >>> metric.update_state([[1], [0]], [[0.9], [0.8]])
    >>> metric.result()
    0.5
    """

    kind: ClassVar[str] = ""
    sparse: bool = False  # targets are class indices
    binary_labels: bool = False  # targets 0 and 1 stand for -1 and 1

    def __init__(self, dtype: str | None = None, name: str | None = None) -> None:
        self.name = self.kind if name is None else name
        self.dtype = config.standardize_dtype(dtype)
        self._native: _core.Metric | None = None

    def native_config(self) -> dict[str, Any]:
        """What the native metric is told."""
        return {}

    def native(self, dtype: str, from_binary_labels: bool = False) -> _core.Metric:
        """A new native metric for a number type; `from_binary_labels`: hinge targets are 0 and 1."""
        told = self.native_config() | ({"binary_labels": 1} if from_binary_labels else {})
        return config.scalars(dtype).Metric(self.kind, told)

    def follow(self, native: _core.Metric, dtype: str) -> None:
        """Reads this native metric from now on: a model's trainer fills it."""
        self._native = native
        self.dtype = dtype

    def finish(self, mean: float) -> float:
        """What is reported for the mean over rows."""
        return mean

    def _ready(self, target: Array) -> _core.Metric:
        if self._native is None:
            self._native = self.native(self.dtype, self.binary_labels and is_binary(target))
        return self._native

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike = None) -> None:
        """Takes in a batch.

        Args:
            y_true: targets (batch, ..., columns), or class indices (batch, ...) for a sparse metric.
            y_pred: predictions (batch, ..., columns).
            sample_weight: a weight for each row, or None.

        Raises: ValueError where the shapes do not fit.
        """
        target, prediction = self._together(y_true, y_pred)
        weights = None if sample_weight is None else np.asarray(sample_weight).reshape(-1)
        self._ready(target).update(target, prediction, weights)

    def rows(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        """The value of each row: y_pred's shape without the last axis."""
        target, prediction = self._together(y_true, y_pred)
        return self._ready(target).values(target, prediction)

    def _together(self, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
        prediction = np.asarray(y_pred)
        # Two vectors are as many rows of one column.
        if prediction.ndim == 1 and not self.sparse:
            prediction = prediction[:, None]
        return together(y_true, prediction, self.sparse, self.dtype)[:2]

    def result(self) -> float:
        """The mean over everything since the last reset; 0 if that is nothing."""
        return 0.0 if self._native is None else self.finish(self._native.result())

    def reset_state(self) -> None:
        """Forgets everything."""
        if self._native is not None:
            self._native.reset()

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike = None) -> float:
        """Takes in a batch and returns the result so far."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"
