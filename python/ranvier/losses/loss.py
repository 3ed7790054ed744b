"""The base of all losses, and how arrays of targets and predictions are brought together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ranvier import config
from ranvier._configurable import Configurable
from ranvier.errors import one_of
from ranvier.utils.naming import snake_case

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array, ArrayLike, Shape

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "none", "mean_with_sample_weight", None)


class Loss(Configurable):
    """How far predictions are from targets: one number a row, and their mean or sum.

    A subclass names its native loss and says which of its own arguments that is told. A loss of your own has a method
    `call(y_true, y_pred)` written with `ranvier.ops`: it is recorded once and runs natively.

    Args:
        name: what it is called in logs.
        reduction: "sum_over_batch_size" or "mean" (the mean over rows), "sum", "mean_with_sample_weight" (the mean
            weighted by the sample weights), "none" or None (a number for each row).
        dtype: "float32" or "float64" for calls on arrays; by default that of y_pred.

    Raises: ValueError for an unknown reduction.

    >>> from ranvier.losses import MeanSquaredError
    >>> float(MeanSquaredError()([[0.0, 1.0]], [[1.0, 1.0]]))
    0.5
    """

    kind: ClassVar[str] = ""
    sparse: ClassVar[bool] = False  # targets are class indices
    probabilities: ClassVar[bool] = False  # targets lie in [0, 1]
    any_labels: ClassVar[bool] = False  # of a sparse loss: targets are any integers, no index is made of them
    binary_labels: ClassVar[bool] = False  # targets 0 and 1 stand for -1 and 1
    whole_batch: ClassVar[bool] = False  # rows of a batch have no values of their own
    ignore_class: int | None = None  # of a sparse loss: a target that does not count

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: str | None = None
    ) -> None:
        one_of(type(self).__name__, "reduction", reduction, REDUCTIONS)
        self.name = (self.kind or snake_case(type(self).__name__)) if name is None else name
        self.reduction = reduction
        self.dtype = None if dtype is None else config.standardize_dtype(dtype)

    def native_kind(self) -> str:
        """The native loss that computes this one."""
        return self.kind

    def native_config(self) -> dict[str, Any]:
        """What the native loss is told."""
        return {}

    @property
    def is_traced(self) -> bool:
        """Whether it is written in Python: a method `call` says what it is."""
        return hasattr(self, "call")

    def native_for(self, dtype: str, from_binary_labels: bool, target: Shape, prediction: Shape) -> _core.Loss:
        """The native loss for rows of these shapes."""
        if not self.is_traced:
            return self.native(dtype, from_binary_labels)
        from ranvier.losses.traced import native_network

        network = native_network(self.call, self.name, dtype, target, prediction)  # type: ignore[attr-defined]
        return config.scalars(dtype).Loss(network, self.reduction or "none")

    def native(self, dtype: str, from_binary_labels: bool = False) -> _core.Loss:
        """The native loss for a number type; `from_binary_labels`: hinge targets are 0 and 1."""
        told = self.native_config() | ({"binary_labels": 1} if from_binary_labels else {})
        return config.scalars(dtype).Loss(self.native_kind(), told, self.reduction or "none")

    def rows(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        """The loss of each row: y_pred's shape without the last axis."""
        if self.is_traced:
            numbers = "float64" if getattr(y_pred, "dtype", None) == np.float64 else config.floatx()
            arrays = [np.asarray(array).astype(self.dtype or numbers) for array in (y_true, y_pred)]
            return np.asarray(self.call(*arrays))  # type: ignore[attr-defined]
        target, prediction, dtype = together(y_true, y_pred, self.sparse, self.dtype)
        if self.sparse and not self.any_labels:
            check_classes(target, prediction.shape[-1], self.ignore_class)
        binary = self.binary_labels and is_binary(target)
        return self.native(dtype, binary).values(target, prediction)

    def counted(self, y_true: ArrayLike, values: Array) -> Array | None:
        """Which values a mean is over, or None for all. The others are 0."""
        return None

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike = None) -> Any:
        """The reduced loss.

        Args:
            y_true: targets (batch, ..., columns), or class indices (batch, ...) for a sparse loss.
            y_pred: predictions (batch, ..., columns).
            sample_weight: a weight for each row, or None.

        Raises: ValueError where the shapes do not fit.
        """
        values = self.rows(y_true, y_pred)
        counted = self.counted(y_true, values)
        weights: Array = np.ones((), values.dtype)
        if sample_weight is not None:
            weights = np.asarray(sample_weight, dtype=values.dtype)
            if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
                weights = weights[..., 0]
            weights = weights.reshape(weights.shape + (1,) * (values.ndim - weights.ndim))
            values = values * weights
        if self.reduction in (None, "none"):
            return values
        if self.reduction == "sum":
            return values.sum()
        here = np.ones((), values.dtype) if counted is None else counted
        weights = weights * here if self.reduction == "mean_with_sample_weight" else here
        total = np.broadcast_to(weights, values.shape).sum(dtype=values.dtype)
        return values.sum() / total if total else values.sum()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def together(y_true: ArrayLike, y_pred: ArrayLike, sparse: bool, dtype: str | None = None) -> tuple[Array, Array, str]:
    """Targets and predictions as arrays of shapes that fit, and the number type to compute in.

    A last axis of size 1 that only one of them has is added to or dropped from the targets.

    Raises: ValueError where the shapes do not fit.
    """
    target, prediction = np.asarray(y_true), np.asarray(y_pred)
    if dtype is None:
        dtype = "float64" if prediction.dtype == np.float64 and isinstance(y_pred, np.ndarray) else config.floatx()
    if prediction.ndim == 0:
        raise ValueError("[y_pred] expected an array (..., columns), got a single number")
    wanted = prediction.shape[:-1] if sparse else prediction.shape
    if (*wanted, 1) == target.shape:
        target = target[..., 0]
    elif (*target.shape, 1) == wanted:
        target = target[..., None]
    if target.shape != wanted:
        hint = ""
        if sparse and target.shape == prediction.shape:
            hint = "; these look one-hot: use the categorical form, or y_true.argmax(-1)"
        elif not sparse and target.shape == prediction.shape[:-1]:
            hint = "; these look like class indices: use the sparse form, or ranvier.utils.to_categorical"
        raise ValueError(
            f"[y_true] expected shape {wanted} for y_pred of shape {prediction.shape}, got {target.shape}{hint}"
        )
    return target, prediction.astype(dtype, copy=False), dtype


def check_classes(target: Array, classes: int, ignored: int | None = None) -> None:
    """Raises ValueError unless all targets are integers from 0 to classes - 1: the native core indexes with them."""
    wrong = (target < 0) | (target >= classes) | (target != np.floor(target))
    if ignored is not None:
        wrong &= target != ignored
    if wrong.any():
        raise ValueError(f"[y_true] expected integer classes from 0 to {classes - 1}, got {target[wrong].flat[0]}")


def is_binary(target: Array) -> bool:
    """Whether all targets are 0 or 1."""
    return bool(((target == 0) | (target == 1)).all())


def along_last(y_true: ArrayLike, y_pred: ArrayLike, axis: int) -> tuple[ArrayLike, ArrayLike]:
    """Both arrays with `axis` of y_pred moved to the end, where the losses work."""
    if axis == -1:
        return y_true, y_pred
    target, prediction = np.asarray(y_true), np.asarray(y_pred)
    if target.ndim == prediction.ndim:
        target = np.moveaxis(target, axis, -1)
    return target, np.moveaxis(prediction, axis, -1)
