"""How often predictions are right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranvier.metrics.metric import Metric, whole

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike


class Accuracy(Metric):
    """Share of columns where target and prediction are equal. Arguments: see `Metric`.

    >>> Accuracy()([1, 2, 3, 4], [1, 2, 3, 0])
    0.75
    """

    kind = "accuracy"

    def __init__(self, name: str = "accuracy", dtype: str | None = None) -> None:
        super().__init__(dtype, name)


def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> Array:
    """Share of columns where the prediction is on the target's side of the threshold, of each row.

    Args:
        y_true: 0 or 1, (batch, ..., columns).
        y_pred: probabilities of the same shape.
        threshold: above it, a prediction counts as 1.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> binary_accuracy([[1, 0]], [[0.9, 0.8]])
    array([0.5], dtype=float32)
    """
    return BinaryAccuracy(threshold=threshold).rows(y_true, y_pred)


class BinaryAccuracy(Metric):
    """Share of columns where the prediction is on the target's side of the threshold.

    Args:
        name, dtype: see `Metric`.
        threshold: above it, a prediction counts as 1; from 0 to 1.

    Raises: ValueError for a threshold outside 0 .. 1.

    >>> BinaryAccuracy()([[1], [0]], [[0.9], [0.8]])
    0.5
    """

    kind = "binary_accuracy"

    def __init__(self, name: str = "binary_accuracy", dtype: str | None = None, threshold: float = 0.5) -> None:
        if not 0 <= threshold <= 1:
            raise ValueError(f"[BinaryAccuracy] threshold must be from 0 to 1, got {threshold!r}")
        super().__init__(dtype, name)
        self.threshold = float(threshold)

    def native_config(self) -> dict[str, Any]:
        return {"threshold": self.threshold}


def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """1 where the greatest prediction is the greatest target, else 0, of each row.

    Args:
        y_true: one-hot targets (batch, ..., classes).
        y_pred: scores of the same shape.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> categorical_accuracy([[0, 1]], [[0.1, 0.9]])
    array([1.], dtype=float32)
    """
    return CategoricalAccuracy().rows(y_true, y_pred)


class CategoricalAccuracy(Metric):
    """Share of rows whose greatest prediction is the greatest target. Arguments: see `Metric`.

    >>> CategoricalAccuracy()([[0, 1], [1, 0]], [[0.1, 0.9], [0.1, 0.9]])
    0.5
    """

    kind = "categorical_accuracy"

    def __init__(self, name: str = "categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(dtype, name)


def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """1 where the greatest prediction is that of the class, else 0, of each row.

    Args:
        y_true: integers 0 .. classes - 1, (batch, ...).
        y_pred: scores (batch, ..., classes).

    Output shape: y_true's.
    Raises: ValueError where the shapes do not fit.

    >>> sparse_categorical_accuracy([1], [[0.1, 0.9]])
    array([1.], dtype=float32)
    """
    return SparseCategoricalAccuracy().rows(y_true, y_pred)


class SparseCategoricalAccuracy(Metric):
    """Share of rows whose greatest prediction is that of the class. Arguments: see `Metric`.

    >>> SparseCategoricalAccuracy()([1, 0], [[0.1, 0.9], [0.1, 0.9]])
    0.5
    """

    kind = "sparse_categorical_accuracy"
    sparse = True

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(dtype, name)


def top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> Array:
    """1 where the greatest target is among the k greatest predictions, else 0, of each row.

    Args:
        y_true: one-hot targets (batch, ..., classes).
        y_pred: scores of the same shape.
        k: how many places count.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> top_k_categorical_accuracy([[0, 1, 0]], [[0.5, 0.3, 0.2]], k=2)
    array([1.], dtype=float32)
    """
    return TopKCategoricalAccuracy(k).rows(y_true, y_pred)


class TopKCategoricalAccuracy(Metric):
    """Share of rows whose greatest target is among the k greatest predictions.

    Args:
        k: how many places count, at least 1.
        name, dtype: see `Metric`.

    >>> TopKCategoricalAccuracy(k=2)([[0, 1, 0]], [[0.5, 0.3, 0.2]])
    1.0
    """

    kind = "top_k_categorical_accuracy"

    def __init__(self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(dtype, name)
        self.k = whole(type(self).__name__, "k", k, 1)

    def native_config(self) -> dict[str, Any]:
        return {"k": self.k}


def sparse_top_k_categorical_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 5, from_sorted_ids: bool = False
) -> Array:
    """1 where the class is among the k greatest predictions, else 0, of each row.

    Args:
        y_true: integers 0 .. classes - 1, (batch, ...).
        y_pred: scores (batch, ..., classes).
        k: how many places count.
        from_sorted_ids: whether predictions are classes, the likeliest first, instead of scores.

    Output shape: y_true's.
    Raises: ValueError where the shapes do not fit.

    >>> sparse_top_k_categorical_accuracy([1], [[0.5, 0.3, 0.2]], k=2)
    array([1.], dtype=float32)
    """
    return SparseTopKCategoricalAccuracy(k, from_sorted_ids=from_sorted_ids).rows(y_true, y_pred)


class SparseTopKCategoricalAccuracy(Metric):
    """Share of rows whose class is among the k greatest predictions.

    Args:
        k: how many places count, at least 1.
        name, dtype: see `Metric`.
        from_sorted_ids: whether predictions are classes, the likeliest first, instead of scores.

    >>> SparseTopKCategoricalAccuracy(k=2)([1], [[0.5, 0.3, 0.2]])
    1.0
    """

    kind = "sparse_top_k_categorical_accuracy"
    sparse = True

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: str | None = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(dtype, name)
        self.k = whole("SparseTopKCategoricalAccuracy", "k", k, 1)
        self.from_sorted_ids = bool(from_sorted_ids)
        self.any_labels = self.from_sorted_ids

    def native_config(self) -> dict[str, Any]:
        return {"k": self.k, "from_sorted_ids": self.from_sorted_ids}
