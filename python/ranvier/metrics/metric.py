"""The base of all metrics: what is seen of predictions, gathered batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ranvier import config
from ranvier._configurable import Configurable
from ranvier.losses.loss import along_last, check_classes, is_binary, together
from ranvier.metrics.variable import MetricVariable
from ranvier.utils.naming import snake_case, unique_name

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array, ArrayLike, Shape


class Metric(Configurable):
    """A number about predictions, or several, gathered batch by batch.

    The metrics of this module are native: a subclass names its native metric and says what that is told. A metric of
    your own overrides `update_state`, `result` and, if it keeps more than variables, `reset_state`. It works in
    `compile` too, at the price of a return to Python with every batch.

    Args:
        dtype: "float32" or "float64"; by default `ranvier.config.floatx()`.
        name: what it is called in logs; by default the class in snake_case, numbered.

    >>> class LargestError(Metric):
    ...     def __init__(self, name="largest_error", dtype=None):
    ...         super().__init__(dtype, name)
    ...         self.error = self.add_variable((), "zeros")
    ...
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.error.assign(max(self.error, np.max(np.abs(np.subtract(y_true, y_pred)))))
    ...
    ...     def result(self):
    ...         return self.error
    >>> float(LargestError()([1.0, 2.0], [1.5, 2.0]))
    0.5
    """

    kind: ClassVar[str] = ""
    sparse: bool = False  # targets are class indices
    any_labels: bool = False  # or any integers, of which no index is made
    binary_labels: bool = False  # targets 0 and 1 stand for -1 and 1

    def __init__(self, dtype: str | None = None, name: str | None = None) -> None:
        self.name = unique_name(snake_case(type(self).__name__)) if name is None else name
        self.dtype = config.standardize_dtype(dtype)
        self._native: _core.Metric | None = None

    @property
    def is_native(self) -> bool:
        """Whether the native core does all of its work."""
        cls = type(self)
        own = (getattr(cls, name) is not getattr(Metric, name) for name in ("update_state", "result", "reset_state"))
        return bool(self.kind) and not any(own)

    def native_config(self) -> dict[str, Any]:
        """What the native metric is told."""
        return {}

    def native(self, dtype: str, from_binary_labels: bool = False) -> _core.Metric:
        """A new native metric for a number type; `from_binary_labels`: hinge targets are 0 and 1."""
        told = self.native_config() | ({"binary_labels": 1} if from_binary_labels else {})
        try:
            return config.scalars(dtype).Metric(self.kind, told)
        except ValueError as error:
            raise ValueError(f"[{type(self).__name__}] {error}") from None

    def native_for(self, dtype: str, from_binary_labels: bool, target: Shape, prediction: Shape) -> _core.Metric | None:
        """A native metric for rows of these shapes, or None if Python has to be asked after each batch."""
        return self.native(dtype, from_binary_labels and self.binary_labels) if self.is_native else None

    def follow(self, native: _core.Metric, dtype: str) -> None:
        """Reads this native metric from now on: a model's trainer fills it."""
        self._native = native
        self.dtype = dtype

    def finish(self, result: Any) -> Any:
        """What is reported for the native result, a number or a list of numbers."""
        return np.array(result) if isinstance(result, list) else result

    def _ready(self, target: Array) -> _core.Metric:
        if self._native is None:
            self._native = self.native(self.dtype, self.binary_labels and is_binary(target))
        return self._native

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike = None) -> None:
        """Takes in a batch.

        Args:
            y_true: targets (batch, ..., columns), or class indices (batch, ...) for a sparse metric.
            y_pred: predictions (batch, ..., columns).
            sample_weight: a weight for each row, or for each of its positions (batch, ...), or None.

        Raises: ValueError where the shapes do not fit; NotImplementedError if a metric written in Python has not
            overridden it.
        """
        if not self.kind:
            raise NotImplementedError(f"[{type(self).__name__}] a metric of your own must override update_state")
        target, prediction = self._together(y_true, y_pred)
        weights = None if sample_weight is None else _spread(np.asarray(sample_weight), prediction.shape[:-1])
        try:
            self._ready(target).update(target, prediction, weights)
        except ValueError as error:
            raise ValueError(f"[{type(self).__name__}] {error}") from None

    def rows(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        """The value of each row, y_pred's shape without the last axis, of a metric that is the mean of them."""
        target, prediction = self._together(y_true, y_pred)
        return self._ready(target).values(target, prediction)

    def _together(self, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
        y_true, prediction = along_last(y_true, np.asarray(y_pred), getattr(self, "axis", -1))
        # Two vectors are as many rows of one column.
        if prediction.ndim == 1 and not self.sparse:
            prediction = prediction[:, None]
        target, prediction, _ = together(y_true, prediction, self.sparse, self.dtype)
        if self.sparse and not self.any_labels:
            check_classes(target, prediction.shape[-1], getattr(self, "ignore_class", None))
        return target, prediction

    def result(self) -> Any:
        """The result for everything since the last reset, a float or an array; 0 if that is nothing.

        Raises: NotImplementedError if a metric written in Python has not overridden it.
        """
        if not self.kind:
            raise NotImplementedError(f"[{type(self).__name__}] a metric of your own must override result")
        native = self.native(self.dtype) if self._native is None else self._native
        return self.finish(native.result())

    def reset_state(self) -> None:
        """Forgets everything: variables become 0."""
        if self._native is not None:
            self._native.reset()
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape))

    @property
    def variables(self) -> list[MetricVariable]:
        """What a metric written in Python keeps between batches, in the order in which it was added."""
        return list(vars(self).get("_variables", []))

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> MetricVariable:
        """A new array that is kept between batches, and set to 0 by `reset_state`.

        Args:
            shape: its shape; () for a number.
            initializer: what it holds at first: an initializer, or the name of one.
            dtype: its number type; by default that of the metric.
            aggregation: accepted for compatibility.
            name: what it is called.

        Raises: ValueError for an unknown initializer.
        """
        from ranvier import initializers

        values = initializers.get(initializer)(tuple(shape))
        variable = MetricVariable(np.asarray(values, dtype=dtype or self.dtype), name or "variable")
        vars(self).setdefault("_variables", []).append(variable)
        return variable

    def add_weight(
        self, shape: Sequence[int] = (), initializer: Any = "zeros", dtype: Any = None, name: str | None = None
    ) -> MetricVariable:
        """The same as `add_variable`."""
        return self.add_variable(shape, initializer, dtype=dtype, name=name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Takes in a batch, as `update_state`, and returns the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def __getstate__(self) -> dict[str, Any]:
        # Copies and pickles of a native metric have seen nothing yet.
        return vars(self) | {"_native": None}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _spread(weights: Array, positions: tuple[int, ...]) -> Array:
    """Weights as one for each position."""
    if weights.size != np.prod(positions, dtype=int):
        if weights.ndim > len(positions) and weights.shape[-1] == 1:
            weights = weights[..., 0]
        try:
            weights = np.broadcast_to(
                weights.reshape(weights.shape + (1,) * (len(positions) - weights.ndim)), positions
            )
        except ValueError:
            raise ValueError(
                f"[sample_weight] expected a weight for each of {positions[0]} rows, got an array of shape "
                f"{weights.shape}"
            ) from None
    return weights.reshape(-1)


def share(where: str, argument: str, value: float) -> float:
    """A number from 0 to 1.

    Raises: ValueError otherwise.
    """
    if isinstance(value, bool) or not hasattr(value, "__float__") or not 0 <= value <= 1:
        raise ValueError(f"[{where}] {argument} must be from 0 to 1, got {value!r}")
    return float(value)


def whole(where: str, argument: str, value: int, least: int) -> int:
    """An integer of at least `least`.

    Raises: ValueError otherwise.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ValueError(f"[{where}] {argument} must be an integer of at least {least}, got {value!r}")
    return int(value)
