"""Means and sums of values that are not made from targets and predictions, or by a function written in Python."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import config
from ranvier.losses.loss import Loss
from ranvier.losses.traced import native_network
from ranvier.metrics.metric import Metric

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array, ArrayLike, Shape

_OVERRIDDEN = ("update_state", "result", "reset_state")  # by a metric that does more than a function says


class Sum(Metric):
    """The sum of values, weighted. Arguments: see `Metric`.

    >>> total = Sum()
    >>> total.update_state([1.0, 2.0], sample_weight=[1, 2])
    >>> total.result()
    5.0
    """

    def __init__(self, name: str = "sum", dtype: str | None = None) -> None:
        super().__init__(dtype, name)
        self._total = 0.0

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike = None) -> None:  # type: ignore[override]
        """Takes in values of any shape, and a weight for each, or for each row, or None.

        Raises: ValueError where weights do not fit.
        """
        values, weights = _weighted("Sum", values, sample_weight)
        self._total += float(np.sum(values * weights))

    def result(self) -> float:
        return self._total

    def reset_state(self) -> None:
        self._total = 0.0


class Mean(Metric):
    """The mean of values, weighted. Arguments: see `Metric`.

    >>> mean = Mean()
    >>> mean.update_state([1.0, 3.0], sample_weight=[3, 1])
    >>> mean.result()
    1.5
    """

    def __init__(self, name: str | None = "mean", dtype: str | None = None) -> None:
        super().__init__(dtype, name)
        self._total = self._weight = 0.0

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike = None) -> None:  # type: ignore[override]
        """Takes in values of any shape, and a weight for each, or for each row, or None. A row of values counts once.

        Raises: ValueError where weights do not fit.
        """
        values, weights = _weighted("Mean", values, sample_weight)
        rows = len(values) if values.ndim else 1
        in_row = values.size / rows if rows else 1
        self._total += float(np.sum(values * weights)) / in_row
        self._weight += float(np.sum(np.broadcast_to(weights, values.shape))) / in_row

    def result(self) -> float:
        return self._total / self._weight if self._weight else 0.0

    def reset_state(self) -> None:
        self._total = self._weight = 0.0


def _weighted(where: str, values: ArrayLike, sample_weight: ArrayLike) -> tuple[Array, Array]:
    values = np.asarray(values, dtype=np.float64)
    weights = np.asarray(1.0 if sample_weight is None else sample_weight, dtype=np.float64)
    if weights.ndim > values.ndim and weights.shape[-1] == 1:
        weights = weights[..., 0]
    if weights.ndim < values.ndim:
        weights = weights.reshape(weights.shape + (1,) * (values.ndim - weights.ndim))
    fits = all(a in (1, b) for a, b in zip(weights.shape, values.shape, strict=True)) if weights.ndim else True
    if values.ndim and not fits:
        raise ValueError(
            f"[{where}] sample_weight of shape {weights.shape} does not fit values of shape {values.shape}"
        )
    return values, weights


class MeanMetricWrapper(Mean):
    """The mean of what a function of targets and predictions gives: a value for each row, or one for the batch.

    In `compile`, a function that is written with `ranvier.ops` is called once, on symbols, and what it did then runs in
    the native loop. Any other one is called with NumPy arrays after every batch.

    Args:
        fn: the function, called as fn(y_true, y_pred, **kwargs).
        name: what it is called in logs.
        dtype: see `Metric`.
        **kwargs: what the function is told besides.

    >>> largest = MeanMetricWrapper(lambda y, p: np.abs(y - p).max(-1), name="largest")
    >>> largest(np.zeros((2, 2)), np.array([[1.0, 3.0], [0.0, 1.0]]))
    2.0
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: str | None = None, **kwargs: Any
    ) -> None:
        if not callable(fn):
            raise TypeError(f"[MeanMetricWrapper] fn must be a function of y_true and y_pred, got {fn!r}")
        super().__init__(name, dtype)
        self.fn = fn
        self._kwargs = kwargs

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike = None) -> None:  # type: ignore[override]
        """Takes in a batch.

        Raises: whatever the function raises; ValueError where weights do not fit what it gives.
        """
        self._native = None
        values = np.asarray(self.fn(y_true, y_pred, **self._kwargs), dtype=np.float64)
        if values.ndim == 0 and sample_weight is not None:  # one number for the batch counts as its weights do
            sample_weight = np.sum(np.asarray(sample_weight, dtype=np.float64))
        super().update_state(values, sample_weight)

    def result(self) -> float:
        return super().result() if self._native is None else float(np.mean(self._native.result()))

    def reset_state(self) -> None:
        super().reset_state()
        if self._native is not None:
            self._native.reset()

    def native_for(self, dtype: str, from_binary_labels: bool, target: Shape, prediction: Shape) -> _core.Metric | None:
        if any(getattr(type(self), name) is not getattr(MeanMetricWrapper, name) for name in _OVERRIDDEN):
            return None
        owner = getattr(self.fn, "__self__", None)
        # The values of a loss for arrays are what its `call` makes of symbols.
        function = owner.call if isinstance(owner, Loss) and owner.is_traced else self.fn  # type: ignore[attr-defined]
        try:
            network = native_network(functools.partial(function, **self._kwargs), self.name, dtype, target, prediction)
        except Exception:  # noqa: BLE001  whatever NumPy code does when it is given symbols
            return None
        return config.scalars(dtype).Metric(network)

    def get_config(self) -> dict[str, Any]:
        return {"fn": self.fn.__name__, "name": self.name, "dtype": self.dtype, **self._kwargs}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new object from what `get_config` returned; `fn` is a function or the name of one of this library's.

        Raises: ValueError for an unknown name.
        """
        config = dict(config)
        if isinstance(config["fn"], str):
            from ranvier import metrics

            known = {name: one for name, one in vars(metrics).items() if inspect.isfunction(one)}
            if config["fn"] not in known:
                raise ValueError(
                    f"[MeanMetricWrapper] the function '{config['fn']}' is not one of ranvier.metrics: make the object "
                    "from the function itself"
                )
            config["fn"] = known[config["fn"]]
        return cls(**config)
