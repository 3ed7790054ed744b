"""Losses that stop at a margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranvier.losses.loss import Loss

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike


def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Mean of max(1 - y_true y_pred, 0), of each row.

    Args:
        y_true: -1 or 1, or 0 or 1 throughout, which then stand for -1 and 1; (batch, ..., columns).
        y_pred: predictions of the same shape.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> hinge([[-1.0, 1.0]], [[0.5, 2.0]])
    array([0.75], dtype=float32)
    """
    return Hinge().rows(y_true, y_pred)


class Hinge(Loss):
    """Mean of max(1 - y_true y_pred, 0), for targets -1 and 1, or 0 and 1. Arguments: see `Loss`.

    >>> float(Hinge()([[-1.0, 1.0]], [[0.5, 2.0]]))
    0.75
    """

    kind = "hinge"
    binary_labels = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "hinge", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)


def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Mean of max(1 - y_true y_pred, 0)^2, of each row.

    Args:
        y_true: -1 or 1, or 0 or 1 throughout, which then stand for -1 and 1; (batch, ..., columns).
        y_pred: predictions of the same shape.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> squared_hinge([[-1.0, 1.0]], [[1.0, 2.0]])
    array([2.], dtype=float32)
    """
    return SquaredHinge().rows(y_true, y_pred)


class SquaredHinge(Loss):
    """Mean of max(1 - y_true y_pred, 0)^2, for targets -1 and 1, or 0 and 1. Arguments: see `Loss`.

    >>> float(SquaredHinge()([[-1.0, 1.0]], [[1.0, 2.0]]))
    2.0
    """

    kind = "squared_hinge"
    binary_labels = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "squared_hinge", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)


def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """The margin of each row: max(neg - pos + 1, 0), pos = sum(y_true y_pred), neg = max((1 - y_true) y_pred).

    Args:
        y_true: one-hot targets (batch, ..., classes).
        y_pred: scores of the same shape.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> categorical_hinge([[0.0, 1.0]], [[0.5, 0.25]])
    array([1.25], dtype=float32)
    """
    return CategoricalHinge().rows(y_true, y_pred)


class CategoricalHinge(Loss):
    """The margin max(neg - pos + 1, 0), pos = sum(y_true y_pred), neg = max((1 - y_true) y_pred).

    Arguments: see `Loss`.

    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.25]]))
    1.25
    """

    kind = "categorical_hinge"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "categorical_hinge", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)
