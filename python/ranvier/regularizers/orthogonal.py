from __future__ import annotations

from ranvier.errors import one_of
from ranvier.regularizers.regularizer import Regularizer, checked_strength


class OrthogonalRegularizer(Regularizer):
    """The mean of |cosine| over all pairs of rows, or of columns, of a matrix, times `factor`.

    Args:
        factor: strength, at least 0.
        mode: "rows" or "columns".

    Raises: ValueError for a number out of range or another mode, and for a weight that is no matrix.
    Source: Brock et al., ICLR 2017, with the absolute value in the place of the square.

    >>> round(OrthogonalRegularizer(1.0)([[1.0, 0.0], [3.0, 4.0]]), 3)
    0.6
    """

    kind = "orthogonal"

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = checked_strength("OrthogonalRegularizer", "factor", factor)
        one_of("OrthogonalRegularizer", "mode", mode, ("rows", "columns"))
        self.mode = mode
