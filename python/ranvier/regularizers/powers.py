"""Penalties on absolute values and squares."""

from __future__ import annotations

from typing import Any

from ranvier.regularizers.regularizer import Regularizer, checked_strength


class L1(Regularizer):
    """l1 * sum(|x|), which drives small weights to 0.

    Args:
        l1: factor, at least 0.

    Raises: ValueError for a number out of range.

    >>> L1(0.5)([-1.0, 2.0])
    1.5
    """

    kind = "l1_l2"

    def __init__(self, l1: float | None = 0.01) -> None:
        self.l1 = checked_strength("L1", "l1", 0.01 if l1 is None else l1)

    def native_config(self) -> dict[str, Any]:
        return {"l1": self.l1}


class L2(Regularizer):
    """l2 * sum(x^2), which keeps weights small.

    Args:
        l2: factor, at least 0.

    Raises: ValueError for a number out of range.

    >>> L2(0.5)([-1.0, 2.0])
    2.5
    """

    kind = "l1_l2"

    def __init__(self, l2: float | None = 0.01) -> None:
        self.l2 = checked_strength("L2", "l2", 0.01 if l2 is None else l2)

    def native_config(self) -> dict[str, Any]:
        return {"l2": self.l2}


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x^2).

    Args:
        l1: factor of absolute values, at least 0.
        l2: factor of squares, at least 0.

    Raises: ValueError for a number out of range.

    >>> L1L2(l1=1.0, l2=0.5)([-1.0, 2.0])
    5.5
    """

    kind = "l1_l2"

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = checked_strength("L1L2", "l1", l1 or 0.0)
        self.l2 = checked_strength("L1L2", "l2", l2 or 0.0)
