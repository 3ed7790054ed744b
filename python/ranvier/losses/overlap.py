"""Losses of how little two regions overlap. They join the rows of a batch, unless the axes say otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ranvier._axes import as_list
from ranvier.losses.loss import Loss

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike

Axes = int | Sequence[int] | None


def dice(y_true: ArrayLike, y_pred: ArrayLike, axis: Axes = None) -> Array:
    """Dice loss: 1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred) + 1e-7).

    Args:
        y_true: weights of each element, 0 or 1 or between; (batch, ..., columns).
        y_pred: predictions of the same shape.
        axis: the axes of the sums, 0 for the batch; None for all.

    Output shape: the other axes of y_pred.
    Raises: ValueError where the shapes do not fit.
    Source: Milletari, Navab and Ahmadi, 3DV 2016.

    >>> dice([[1.0, 0.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]])
    array(0.5, dtype=float32)
    """
    return Dice(axis=axis).rows(y_true, y_pred)


class _Overlap(Loss):
    """What they share: axes over which regions extend."""

    whole_batch = True
    axis: Axes

    def native_config(self) -> dict[str, Any]:
        if self.axis is None:
            return {}
        return {"axis": as_list(self.axis)}


def checked_axes(where: str, axis: Axes) -> Axes:
    """None, an axis, or a list of them.

    Raises: TypeError for anything else.
    """
    if axis is None or (hasattr(axis, "__index__") and not isinstance(axis, bool)):
        return None if axis is None else int(axis)
    if isinstance(axis, list | tuple) and axis and all(hasattr(one, "__index__") for one in axis):
        return [int(one) for one in axis]
    raise TypeError(f"[{where}] axis must be None, an integer or a list of integers, got {axis!r}")


class Dice(_Overlap):
    """Dice loss: 1 - 2 sum(y_true y_pred) / (sum(y_true) + sum(y_pred) + 1e-7).

    Args:
        reduction, name: see `Loss`.
        axis: the axes of the sums, 0 for the batch; None for all, which gives one number for a batch.
        dtype: see `Loss`.

    Raises: TypeError for an `axis` that is neither.
    Source: Milletari, Navab and Ahmadi, 3DV 2016.

    >>> float(Dice()([[1.0, 0.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]]))
    0.5
    """

    kind = "dice"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Axes = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = checked_axes("Dice", axis)


def tversky(y_true: ArrayLike, y_pred: ArrayLike, alpha: float = 0.5, beta: float = 0.5, axis: Axes = None) -> Array:
    """Tversky loss: 1 - both / (both + alpha missed + beta invented + 1e-7).

    both = sum(y_true y_pred), missed = sum(y_true (1 - y_pred)), invented = sum((1 - y_true) y_pred).

    Args:
        y_true: weights of each element, 0 or 1 or between; (batch, ..., columns).
        y_pred: predictions of the same shape.
        alpha: how much an element counts that is missed.
        beta: how much one counts that is invented.
        axis: the axes of the sums, 0 for the batch; None for all.

    Output shape: the other axes of y_pred.
    Raises: ValueError where the shapes do not fit.
    Source: Salehi, Erdogmus and Gholipour, MLMI 2017.

    >>> round(float(tversky([[1.0, 0.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]], alpha=1.0)), 4)
    0.6667
    """
    return Tversky(alpha, beta, axis=axis).rows(y_true, y_pred)


class Tversky(_Overlap):
    """Tversky loss: 1 - both / (both + alpha missed + beta invented + 1e-7); see `tversky`.

    Args:
        alpha: how much an element counts that is missed.
        beta: how much one counts that is invented.
        reduction, name: see `Loss`.
        axis: the axes of the sums, 0 for the batch; None for all, which gives one number for a batch.
        dtype: see `Loss`.

    Raises: ValueError for a negative weight; TypeError for an `axis` that is neither.
    Source: Salehi, Erdogmus and Gholipour, MLMI 2017.

    >>> round(float(Tversky(alpha=1.0)([[1.0, 0.0], [1.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]])), 4)
    0.6667
    """

    kind = "tversky"

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Axes = None,
        dtype: str | None = None,
    ) -> None:
        for argument, value in (("alpha", alpha), ("beta", beta)):
            if not value >= 0:
                raise ValueError(f"[Tversky] {argument} must be at least 0, got {value!r}")
        super().__init__(name, reduction, dtype)
        self.alpha = float(alpha)
        self.beta = float(beta)
        self.axis = checked_axes("Tversky", axis)

    def native_config(self) -> dict[str, Any]:
        return {"alpha": self.alpha, "beta": self.beta, **super().native_config()}
