"""Losses of real targets: distances, relative errors, angles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranvier.losses.loss import Loss, along_last

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Mean of squares, of each row: mean((y_true - y_pred)^2).

    Args:
        y_true: targets (batch, ..., columns).
        y_pred: predictions of the same shape.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> mean_squared_error([[0.0, 2.0]], [[1.0, 2.0]])
    array([0.5], dtype=float32)
    """
    return MeanSquaredError().rows(y_true, y_pred)


class MeanSquaredError(Loss):
    """Mean of squares: mean((y_true - y_pred)^2). Arguments: see `Loss`.

    >>> float(MeanSquaredError()([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    kind = "mean_squared_error"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Mean of absolute differences, of each row: mean(|y_true - y_pred|).

    Args:
        y_true: targets (batch, ..., columns).
        y_pred: predictions of the same shape.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> mean_absolute_error([[0.0, 2.0]], [[1.0, 2.0]])
    array([0.5], dtype=float32)
    """
    return MeanAbsoluteError().rows(y_true, y_pred)


class MeanAbsoluteError(Loss):
    """Mean of absolute differences: mean(|y_true - y_pred|). Arguments: see `Loss`.

    >>> float(MeanAbsoluteError()([[0.0, 2.0]], [[1.0, 2.0]]))
    0.5
    """

    kind = "mean_absolute_error"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Mean relative error in percent, of each row: 100 mean(|y_true - y_pred| / max(|y_true|, 1e-7)).

    Args:
        y_true: targets (batch, ..., columns).
        y_pred: predictions of the same shape.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]])
    array([25.], dtype=float32)
    """
    return MeanAbsolutePercentageError().rows(y_true, y_pred)


class MeanAbsolutePercentageError(Loss):
    """Mean relative error in percent: 100 mean(|y_true - y_pred| / max(|y_true|, 1e-7)). Arguments: see `Loss`.

    >>> float(MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]))
    25.0
    """

    kind = "mean_absolute_percentage_error"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Mean of squared differences of logarithms, of each row: mean((log(y_true + 1) - log(y_pred + 1))^2).

    Args:
        y_true: targets (batch, ..., columns); values below 1e-7 count as 1e-7.
        y_pred: predictions of the same shape; likewise.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> mean_squared_logarithmic_error([[3.0]], [[3.0]])
    array([0.], dtype=float32)
    """
    return MeanSquaredLogarithmicError().rows(y_true, y_pred)


class MeanSquaredLogarithmicError(Loss):
    """Mean of squared differences of logarithms: mean((log(y_true + 1) - log(y_pred + 1))^2). Arguments: see `Loss`.

    >>> float(MeanSquaredLogarithmicError()([[3.0]], [[3.0]]))
    0.0
    """

    kind = "mean_squared_logarithmic_error"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Mean of log(cosh(y_pred - y_true)), of each row: half the square for small differences, |.| - log 2 for large.

    Args:
        y_true: targets (batch, ..., columns).
        y_pred: predictions of the same shape.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> log_cosh([[1.0, 2.0]], [[1.0, 2.0]])
    array([0.], dtype=float32)
    """
    return LogCosh().rows(y_true, y_pred)


class LogCosh(Loss):
    """Mean of log(cosh(y_pred - y_true)): half the square for small differences, |.| - log 2 for large.

    Arguments: see `Loss`.

    >>> float(LogCosh()([[1.0, 2.0]], [[1.0, 2.0]]))
    0.0
    """

    kind = "log_cosh"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "log_cosh", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> Array:
    """Mean of e^2 / 2 where |e| <= delta and delta |e| - delta^2 / 2 beyond, of each row, for e = y_true - y_pred.

    Args:
        y_true: targets (batch, ..., columns).
        y_pred: predictions of the same shape.
        delta: where the square turns into a line, above 0.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.
    Source: Huber, Annals of Mathematical Statistics 35, 1964.

    >>> huber([[0.0, 0.0]], [[1.0, 3.0]])
    array([1.5], dtype=float32)
    """
    return Huber(delta).rows(y_true, y_pred)


class Huber(Loss):
    """Mean of e^2 / 2 where |e| <= delta and delta |e| - delta^2 / 2 beyond, for e = y_true - y_pred.

    Args:
        delta: where the square turns into a line, above 0.
        reduction, name, dtype: see `Loss`.

    Source: Huber, Annals of Mathematical Statistics 35, 1964.

    >>> float(Huber()([[0.0, 0.0]], [[1.0, 3.0]]))
    1.5
    """

    kind = "huber"

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: str | None = None,
    ) -> None:
        if not delta > 0:
            raise ValueError(f"[Huber] delta must be above 0, got {delta!r}")
        super().__init__(name, reduction, dtype)
        self.delta = float(delta)

    def native_config(self) -> dict[str, Any]:
        return {"delta": self.delta}


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
    """Minus the cosine of the angle between rows: -sum(y_true y_pred) / (||y_true|| ||y_pred||).

    Args:
        y_true: targets (batch, ..., columns).
        y_pred: predictions of the same shape.
        axis: the axis of the vectors.

    Output shape: y_pred's without the axis. -1 for the same direction, 1 for opposite ones.
    Raises: ValueError where the shapes do not fit.

    >>> cosine_similarity([[0.0, 2.0]], [[3.0, 0.0]])
    array([-0.], dtype=float32)
    """
    return CosineSimilarity().rows(*along_last(y_true, y_pred, axis))


class CosineSimilarity(Loss):
    """Minus the cosine of the angle between rows: -sum(y_true y_pred) / (||y_true|| ||y_pred||).

    Args:
        axis: the axis of the vectors; in training the last.
        reduction, name, dtype: see `Loss`.

    >>> float(CosineSimilarity()([[0.0, 2.0]], [[0.0, 3.0]]))
    -1.0
    """

    kind = "cosine_similarity"

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = axis

    def rows(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        return super().rows(*along_last(y_true, y_pred, self.axis))
