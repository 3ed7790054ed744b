from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.errors import one_of
from ranvier.metrics.metric import Metric, whole


class R2Score(Metric):
    """Share of the variance of targets that is explained: 1 - sum((y - p)^2) / sum((y - mean(y))^2), of each column.

    Args:
        class_aggregation: "uniform_average" over columns, "variance_weighted_average", or None for all of them.
        num_regressors: independent variables that the score is adjusted for, where there are at least two more targets.
        name, dtype: see `Metric`.

    Raises: ValueError for an argument out of its range.

    >>> R2Score()([[1.0], [2.0], [3.0]], [[1.0], [2.0], [2.0]])
    0.5
    """

    kind = "r2_score"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: str | None = None,
    ) -> None:
        valid = (None, "uniform_average", "variance_weighted_average")
        one_of("R2Score", "class_aggregation", class_aggregation, valid)
        super().__init__(dtype, name)
        self.class_aggregation = class_aggregation
        self.num_regressors = whole("R2Score", "num_regressors", num_regressors, 0)

    def native_config(self) -> dict[str, Any]:
        return {"class_aggregation": self.class_aggregation or "none", "num_regressors": self.num_regressors}

    def finish(self, result: Any) -> Any:
        return np.atleast_1d(result) if self.class_aggregation is None else result
