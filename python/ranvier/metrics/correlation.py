"""How targets and predictions vary together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranvier._axes import checked_axis
from ranvier.metrics.metric import Metric

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike


def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
    """Correlation of targets and predictions of each row: covariance / (product of their standard deviations).

    Args:
        y_true: targets (batch, ..., columns).
        y_pred: predictions of the same shape.
        axis: the axis along which they vary.

    Output shape: y_pred's without the axis; NaN where one of them does not vary.
    Raises: ValueError where the shapes do not fit.

    >>> pearson_correlation([[0.0, 1.0, 2.0]], [[1.0, 3.0, 5.0]])
    array([1.], dtype=float32)
    """
    return PearsonCorrelation(axis=axis).rows(y_true, y_pred)


class PearsonCorrelation(Metric):
    """Mean over rows of the correlation: covariance / (product of the standard deviations).

    Args:
        name, dtype: see `Metric`.
        axis: the axis along which they vary; in `compile` the last.

    >>> PearsonCorrelation()([[0.0, 1.0, 2.0]], [[5.0, 3.0, 1.0]])
    -1.0
    """

    kind = "pearson_correlation"

    def __init__(self, name: str = "pearson_correlation", dtype: str | None = None, axis: int = -1) -> None:
        super().__init__(dtype, name)
        self.axis = checked_axis("PearsonCorrelation", axis)


def concordance_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Array:
    """Agreement of each row: 2 covariance / (both variances + squared difference of the means + 1e-7).

    Args:
        y_true: targets (batch, ..., columns).
        y_pred: predictions of the same shape.
        axis: the axis along which they vary.

    Output shape: y_pred's without the axis.
    Raises: ValueError where the shapes do not fit.
    Source: Lin, Biometrics 45, 1989.

    >>> concordance_correlation([[0.0, 1.0, 2.0]], [[0.0, 1.0, 2.0]]).round(4)
    array([1.], dtype=float32)
    """
    return ConcordanceCorrelation(axis=axis).rows(y_true, y_pred)


class ConcordanceCorrelation(Metric):
    """Mean over rows of the agreement: 2 covariance / (both variances + squared difference of the means + 1e-7).

    Args:
        name, dtype: see `Metric`.
        axis: the axis along which they vary; in `compile` the last.

    Source: Lin, Biometrics 45, 1989.

    >>> round(ConcordanceCorrelation()([[0.0, 1.0, 2.0]], [[1.0, 2.0, 3.0]]), 4)
    0.5714
    """

    kind = "concordance_correlation"

    def __init__(self, name: str = "concordance_correlation", dtype: str | None = None, axis: int = -1) -> None:
        super().__init__(dtype, name)
        self.axis = checked_axis("ConcordanceCorrelation", axis)
