from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier.errors import one_of
from ranvier.metrics.confusion import checked_thresholds
from ranvier.metrics.metric import Metric, whole


class AUC(Metric):
    """Area under the curve of two rates, each point of which belongs to a threshold.

    Args:
        num_thresholds: how many thresholds, evenly from 0 to 1; at least 2.
        curve: "ROC" (recall over the share of negatives called positive), "PR" (precision over recall) or "PRGAIN".
        summation_method: "interpolation" (the middle of each step, for PR along the curve that Davis and Goadrich
            found), "minoring" (its lower end) or "majoring" (its upper end).
        name, dtype: see `Metric`.
        thresholds: those to use instead, from 0 to 1; the ends are added.
        multi_label: whether the area of each column is taken, and then their mean; otherwise all count together.
        num_labels: number of columns, if it is to be checked; only with `multi_label`.
        label_weights: a weight for each column.
        from_logits: whether predictions are logits.

    Raises: ValueError for an argument out of its range.
    Source: Davis and Goadrich, ICML 2006; Flach and Kull, NeurIPS 2015.

    >>> AUC(num_thresholds=3)([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])
    0.75
    """

    kind = "auc"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        self.num_thresholds = whole("AUC", "num_thresholds", num_thresholds, 2)
        self.curve = str(curve).upper()
        one_of("AUC", "curve", self.curve, ("ROC", "PR", "PRGAIN"))
        self.summation_method = str(summation_method).lower()
        one_of("AUC", "summation_method", self.summation_method, ("interpolation", "minoring", "majoring"))
        if num_labels and not multi_label:
            raise ValueError(
                f"[AUC] num_labels has a meaning only with multi_label=True, got num_labels={num_labels!r}"
            )
        super().__init__(dtype, name)
        self.thresholds = None if thresholds is None else checked_thresholds("AUC", list(thresholds))
        self.multi_label = bool(multi_label)
        self.num_labels = None if num_labels is None else whole("AUC", "num_labels", num_labels, 1)
        self.label_weights = None if label_weights is None else [float(weight) for weight in label_weights]
        self.from_logits = bool(from_logits)

    def native_config(self) -> dict[str, Any]:
        told: dict[str, Any] = {
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": self.label_weights,
            "from_logits": self.from_logits,
        }
        return told | (
            {"num_thresholds": self.num_thresholds} if self.thresholds is None else {"thresholds": self.thresholds}
        )
