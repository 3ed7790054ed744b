"""F-scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.errors import one_of
from ranvier.metrics.metric import Metric


class FBetaScore(Metric):
    """Harmonic mean of precision and recall, recall weighing beta times as much, of each column.

    (1 + beta^2) precision recall / (beta^2 precision + recall)

    Args:
        average: None for an array with one number for each column; "micro": all columns counted together; "macro": the
            mean over columns; "weighted": the mean weighted by how often each column is true.
        beta: above 0.
        threshold: above it, a prediction is positive; None: the greatest of each row is.
        name, dtype: see `Metric`.

    Raises: ValueError for an argument out of its range.
    Source: van Rijsbergen, Information Retrieval, 1979.

    >>> FBetaScore("micro", beta=2.0)([[1, 0], [0, 1], [0, 1]], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]).__round__(4)
    0.6667
    """

    kind = "fbeta_score"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: str | None = None,
    ) -> None:
        where = type(self).__name__
        one_of(where, "average", average, (None, "micro", "macro", "weighted"))
        if isinstance(beta, bool) or not hasattr(beta, "__float__") or not beta > 0:
            raise ValueError(f"[{where}] beta must be a number above 0, got {beta!r}")
        if threshold is not None and not 0 < threshold <= 1:
            raise ValueError(f"[{where}] threshold must be None, or above 0 and at most 1, got {threshold!r}")
        super().__init__(dtype, name)
        self.average = average
        self.beta = float(beta)
        self.threshold = None if threshold is None else float(threshold)

    def native_config(self) -> dict[str, Any]:
        return {"average": self.average or "none", "beta": self.beta, "threshold": self.threshold}

    def finish(self, result: Any) -> Any:
        return np.atleast_1d(result) if self.average is None else result


class F1Score(FBetaScore):
    """Harmonic mean of precision and recall of each column: 2 precision recall / (precision + recall).

    Args:
        average, threshold, name, dtype: see `FBetaScore`.

    >>> F1Score()([[1, 0], [0, 1], [0, 1]], [[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]]).round(4)
    array([0.6667, 0.6667])
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)
