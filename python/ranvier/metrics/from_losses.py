"""Losses as metrics: the mean of a loss over all rows seen."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ranvier import losses
from ranvier._axes import checked_axis
from ranvier.losses.loss import Loss
from ranvier.metrics.metric import Metric


class MeanLoss(Metric):
    """The mean of a loss over rows.

    Args:
        loss: a loss, as `compile` takes it.
        name, dtype: see `Metric`.

    >>> MeanLoss("mse")([[0.0, 2.0]], [[1.0, 2.0]])
    0.5
    """

    kind = "mean_loss"

    def __init__(self, loss: Any, name: str | None = None, dtype: str | None = None) -> None:
        self.loss = losses.as_loss(loss, "metrics", own=False)
        if self.loss.whole_batch:
            raise TypeError(f"[MeanLoss] {self.loss.name} has no value for each row: give the loss itself as a metric")
        super().__init__(dtype, self.loss.name if name is None else name)
        self.sparse = self.loss.sparse
        self.binary_labels = self.loss.binary_labels

    def native_config(self) -> dict[str, Any]:
        return {"loss": self.loss.native_kind(), **self.loss.native_config()}


class _OfLoss(MeanLoss):
    """A metric class of one loss class."""

    of: ClassVar[type[Loss]]

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(self.of(), name, dtype)


class MeanSquaredError(_OfLoss):
    """Mean of squared errors. Arguments: see `Metric`.

    >>> MeanSquaredError()([[0.0, 2.0]], [[1.0, 2.0]])
    0.5
    """

    of = losses.MeanSquaredError

    def __init__(self, name: str = "mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class RootMeanSquaredError(_OfLoss):
    """Root of the mean of squared errors. Arguments: see `Metric`.

    >>> RootMeanSquaredError()([[0.0], [0.0]], [[2.0], [2.0]])
    2.0
    """

    of = losses.MeanSquaredError

    def __init__(self, name: str = "root_mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(name, dtype)

    def finish(self, mean: float) -> float:
        return math.sqrt(mean)


class MeanAbsoluteError(_OfLoss):
    """Mean of absolute errors. Arguments: see `Metric`.

    >>> MeanAbsoluteError()([[0.0, 2.0]], [[1.0, 2.0]])
    0.5
    """

    of = losses.MeanAbsoluteError

    def __init__(self, name: str = "mean_absolute_error", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class MeanAbsolutePercentageError(_OfLoss):
    """Mean relative error in percent. Arguments: see `Metric`.

    >>> MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]])
    25.0
    """

    of = losses.MeanAbsolutePercentageError

    def __init__(self, name: str = "mean_absolute_percentage_error", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class MeanSquaredLogarithmicError(_OfLoss):
    """Mean of squared differences of logarithms. Arguments: see `Metric`.

    >>> MeanSquaredLogarithmicError()([[3.0]], [[3.0]])
    0.0
    """

    of = losses.MeanSquaredLogarithmicError

    def __init__(self, name: str = "mean_squared_logarithmic_error", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class LogCoshError(_OfLoss):
    """Mean of log(cosh(error)). Arguments: see `Metric`.

    >>> LogCoshError()([[3.0]], [[3.0]])
    0.0
    """

    of = losses.LogCosh

    def __init__(self, name: str = "logcosh", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class CosineSimilarity(MeanLoss):
    """Mean cosine of the angle between rows: 1 for the same direction, the loss's value with its sign turned.

    Args:
        name, dtype: see `Metric`.
        axis: the axis of the vectors; in `compile` the last.

    >>> CosineSimilarity()([[0.0, 2.0]], [[0.0, 3.0]])
    1.0
    """

    def __init__(self, name: str = "cosine_similarity", dtype: str | None = None, axis: int = -1) -> None:
        self.axis = checked_axis("CosineSimilarity", axis)
        super().__init__(losses.CosineSimilarity(axis), name, dtype)

    def finish(self, mean: float) -> float:
        return -mean


class KLDivergence(_OfLoss):
    """Mean Kullback-Leibler divergence. Arguments: see `Metric`.

    >>> KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]])
    0.0
    """

    of = losses.KLDivergence

    def __init__(self, name: str = "kl_divergence", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class Poisson(_OfLoss):
    """Mean Poisson loss. Arguments: see `Metric`.

    >>> Poisson()([[0.0, 0.0]], [[1.0, 2.0]])
    1.5
    """

    of = losses.Poisson

    def __init__(self, name: str = "poisson", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class Hinge(_OfLoss):
    """Mean hinge loss. Arguments: see `Metric`.

    >>> Hinge()([[-1.0, 1.0]], [[0.5, 2.0]])
    0.75
    """

    of = losses.Hinge

    def __init__(self, name: str = "hinge", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class SquaredHinge(_OfLoss):
    """Mean squared hinge loss. Arguments: see `Metric`.

    >>> SquaredHinge()([[-1.0, 1.0]], [[1.0, 2.0]])
    2.0
    """

    of = losses.SquaredHinge

    def __init__(self, name: str = "squared_hinge", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class CategoricalHinge(_OfLoss):
    """Mean categorical hinge loss. Arguments: see `Metric`.

    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.25]])
    1.25
    """

    of = losses.CategoricalHinge

    def __init__(self, name: str = "categorical_hinge", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


class BinaryCrossentropy(MeanLoss):
    """Mean cross-entropy of yes-or-no targets.

    Args:
        name, dtype: see `Metric`.
        from_logits, label_smoothing: see `ranvier.losses.BinaryCrossentropy`.

    >>> round(BinaryCrossentropy()([[1.0]], [[0.5]]), 4)
    0.6931
    """

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(losses.BinaryCrossentropy(from_logits, label_smoothing), name, dtype)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing


class CategoricalCrossentropy(MeanLoss):
    """Mean cross-entropy of one-hot targets.

    Args:
        name, dtype: see `Metric`.
        from_logits, label_smoothing: see `ranvier.losses.CategoricalCrossentropy`.
        axis: the axis of the classes; in `compile` the last.

    >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]), 4)
    0.6931
    """

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(losses.CategoricalCrossentropy(from_logits, label_smoothing, axis), name, dtype)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = checked_axis("CategoricalCrossentropy", axis)


class SparseCategoricalCrossentropy(MeanLoss):
    """Mean cross-entropy of class indices.

    Args:
        name, dtype: see `Metric`.
        from_logits, ignore_class: see `ranvier.losses.SparseCategoricalCrossentropy`.
        axis: the axis of the classes; in `compile` the last.

    >>> round(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]), 4)
    0.6931
    """

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(losses.SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis), name, dtype)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = checked_axis("SparseCategoricalCrossentropy", axis)
