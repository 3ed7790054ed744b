"""Counts of true and false, positive and negative predictions, and what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier.metrics.metric import Metric, share, whole

Thresholds = float | Sequence[float] | None


def checked_thresholds(where: str, thresholds: Thresholds) -> Any:
    """None, a number from 0 to 1 or a list of them.

    Raises: ValueError otherwise.
    """
    if thresholds is None or hasattr(thresholds, "__float__"):
        return None if thresholds is None else share(where, "thresholds", thresholds)  # type: ignore[arg-type]
    if not len(thresholds):
        raise ValueError(f"[{where}] thresholds must hold at least one number from 0 to 1, got {thresholds!r}")
    return [share(where, "thresholds", one) for one in thresholds]


class _AtThresholds(Metric):
    """A number for each threshold."""

    thresholds: Any

    def native_config(self) -> dict[str, Any]:
        given = self.thresholds
        return {} if given is None else {"thresholds": given if isinstance(given, list) else [given]}


class _Count(_AtThresholds):
    def __init__(self, thresholds: Thresholds = None, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(dtype, name)
        self.thresholds = checked_thresholds(type(self).__name__, thresholds)


class TruePositives(_Count):
    """Weight of positive targets that are predicted to be.

    Args:
        thresholds: above it, a prediction is positive; a number from 0 to 1, 0.5 by default, or a list of them, which
            gives an array.
        name, dtype: see `Metric`.

    Raises: ValueError for a threshold outside 0 .. 1.

    >>> TruePositives()([1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1])
    1.0
    """

    kind = "true_positives"


class FalsePositives(_Count):
    """Weight of negative targets that are predicted to be positive. Arguments: see `TruePositives`.

    >>> FalsePositives([0.5, 0.05])([1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1])
    array([1., 2.])
    """

    kind = "false_positives"


class TrueNegatives(_Count):
    """Weight of negative targets that are predicted to be. Arguments: see `TruePositives`.

    >>> TrueNegatives()([1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1])
    1.0
    """

    kind = "true_negatives"


class FalseNegatives(_Count):
    """Weight of positive targets that are predicted to be negative. Arguments: see `TruePositives`.

    >>> FalseNegatives()([1, 1, 0, 0], [0.9, 0.2, 0.8, 0.1])
    1.0
    """

    kind = "false_negatives"


class _OfPositives(_AtThresholds):
    def __init__(
        self,
        thresholds: Thresholds = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        where = type(self).__name__
        super().__init__(dtype, name)
        self.thresholds = checked_thresholds(where, thresholds)
        self.top_k = None if top_k is None else whole(where, "top_k", top_k, 1)
        self.class_id = None if class_id is None else whole(where, "class_id", class_id, 0)

    def native_config(self) -> dict[str, Any]:
        return {**super().native_config(), "top_k": self.top_k, "class_id": self.class_id}


class Precision(_OfPositives):
    """Share of positive predictions that are right: true positives / (true positives + false positives).

    Args:
        thresholds: above it, a prediction is positive; a number from 0 to 1, 0.5 by default, or a list of them, which
            gives an array. With `top_k`, any by default.
        top_k: only so many predictions of each row, the greatest, can be positive.
        class_id: the only column that counts; all by default.
        name, dtype: see `Metric`.

    Raises: ValueError for an argument out of its range.

    >>> Precision()([0, 1, 1, 1], [0.9, 0.1, 0.8, 0.7]).__round__(4)
    0.6667
    """

    kind = "precision"


class Recall(_OfPositives):
    """Share of positive targets that are found: true positives / (true positives + false negatives).

    Arguments: see `Precision`.

    >>> Recall(thresholds=[0.5, 0.75])([0, 1, 1, 1], [0.9, 0.1, 0.8, 0.7]).round(4)
    array([0.6667, 0.3333])
    """

    kind = "recall"


class _Best(Metric):
    """The best of one share where another is at least a number."""

    num_thresholds: int
    class_id: int | None

    def _take(self, num_thresholds: int, class_id: int | None) -> None:
        where = type(self).__name__
        self.num_thresholds = whole(where, "num_thresholds", num_thresholds, 1)
        self.class_id = None if class_id is None else whole(where, "class_id", class_id, 0)

    def native_config(self) -> dict[str, Any]:
        return {"num_thresholds": self.num_thresholds, "class_id": self.class_id}


class SensitivityAtSpecificity(_Best):
    """Best sensitivity (recall) at thresholds where the specificity is at least a number.

    Args:
        specificity: that number, from 0 to 1.
        num_thresholds: how many thresholds, evenly from 0 to 1.
        class_id: the only column that counts; all by default.
        name, dtype: see `Metric`.

    Raises: ValueError for an argument out of its range.

    >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    kind = "sensitivity_at_specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        self.specificity = share("SensitivityAtSpecificity", "specificity", specificity)
        self._take(num_thresholds, class_id)

    def native_config(self) -> dict[str, Any]:
        return {"specificity": self.specificity, **super().native_config()}


class SpecificityAtSensitivity(_Best):
    """Best specificity at thresholds where the sensitivity (recall) is at least a number.

    Args:
        sensitivity: that number, from 0 to 1.
        num_thresholds, class_id, name, dtype: see `SensitivityAtSpecificity`.

    Raises: ValueError for an argument out of its range.

    >>> SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8]).__round__(4)
    0.6667
    """

    kind = "specificity_at_sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        self.sensitivity = share("SpecificityAtSensitivity", "sensitivity", sensitivity)
        self._take(num_thresholds, class_id)

    def native_config(self) -> dict[str, Any]:
        return {"sensitivity": self.sensitivity, **super().native_config()}


class PrecisionAtRecall(_Best):
    """Best precision at thresholds where the recall is at least a number.

    Args:
        recall: that number, from 0 to 1.
        num_thresholds, class_id, name, dtype: see `SensitivityAtSpecificity`.

    Raises: ValueError for an argument out of its range.

    >>> PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    kind = "precision_at_recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        self.recall = share("PrecisionAtRecall", "recall", recall)
        self._take(num_thresholds, class_id)

    def native_config(self) -> dict[str, Any]:
        return {"recall": self.recall, **super().native_config()}


class RecallAtPrecision(_Best):
    """Best recall at thresholds where the precision is at least a number.

    Args:
        precision: that number, from 0 to 1.
        num_thresholds, class_id, name, dtype: see `SensitivityAtSpecificity`.

    Raises: ValueError for an argument out of its range.

    >>> RecallAtPrecision(0.8)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])
    0.5
    """

    kind = "recall_at_precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        self.precision = share("RecallAtPrecision", "precision", precision)
        self._take(num_thresholds, class_id)

    def native_config(self) -> dict[str, Any]:
        return {"precision": self.precision, **super().native_config()}
