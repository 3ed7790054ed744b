from __future__ import annotations

from ranvier.constraints.constraint import Constraint


class NonNeg(Constraint):
    """Weights are at least 0: w = max(w, 0).

    >>> NonNeg()([-1.0, 2.0])
    array([0., 2.])
    """

    kind = "non_neg"
