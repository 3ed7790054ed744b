"""Constraints on the Euclidean norm of weights along an axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier import config
from ranvier._axes import as_list
from ranvier.constraints.constraint import Constraint


class MaxNorm(Constraint):
    """Norms are at most `max_value`: w = w * min(norm, max_value) / (epsilon + norm).

    Args:
        max_value: greatest norm, at least 0.
        axis: axis, or axes, that norms are taken along; 0 gives each unit of a dense layer its norm.

    Raises: ValueError for a number out of range, and for a weight without that axis.
    Source: Srivastava et al., JMLR 15, 2014.

    >>> MaxNorm(1.0)([[0.0, 0.3], [2.0, 0.4]]).round(3)
    array([[0. , 0.3],
           [1. , 0.4]])
    """

    kind = "norm_range"

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        self.max_value = _norm("MaxNorm", "max_value", max_value)
        self.axis = _axes("MaxNorm", axis)

    def native_config(self) -> dict[str, Any]:
        return _native(0.0, self.max_value, 1.0, self.axis)


class UnitNorm(Constraint):
    """Norms are 1: w = w / (epsilon + norm).

    Args:
        axis: axis, or axes, that norms are taken along.

    Raises: ValueError for a weight without that axis.

    >>> UnitNorm()([[3.0], [4.0]]).round(3)
    array([[0.6],
           [0.8]])
    """

    kind = "norm_range"

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        self.axis = _axes("UnitNorm", axis)

    def native_config(self) -> dict[str, Any]:
        return _native(1.0, 1.0, 1.0, self.axis)


class MinMaxNorm(Constraint):
    """Norms are from `min_value` to `max_value`, or move towards that by `rate` at each step.

    w = w * (rate * clip(norm, min_value, max_value) + (1 - rate) * norm) / (epsilon + norm)

    Args:
        min_value: least norm, at least 0.
        max_value: greatest norm, at least `min_value`.
        rate: 1 for norms within the bounds after each step, less to approach them, from 0 to 1.
        axis: axis, or axes, that norms are taken along.

    Raises: ValueError for a number out of range, and for a weight without that axis.

    >>> MinMaxNorm(0.0, 1.0)([[3.0], [4.0]]).round(3)
    array([[0.6],
           [0.8]])
    """

    kind = "norm_range"

    def __init__(
        self, min_value: float = 0.0, max_value: float = 1.0, rate: float = 1.0, axis: int | Sequence[int] = 0
    ) -> None:
        self.min_value = _norm("MinMaxNorm", "min_value", min_value)
        self.max_value = _norm("MinMaxNorm", "max_value", max_value)
        if self.max_value < self.min_value:
            raise ValueError(
                f"[MinMaxNorm] max_value must be at least min_value, {self.min_value}, got {self.max_value}"
            )
        if not hasattr(rate, "__float__") or not 0 <= rate <= 1:
            raise ValueError(f"[MinMaxNorm] rate must be a number from 0 to 1, got {rate!r}")
        self.rate = float(rate)
        self.axis = _axes("MinMaxNorm", axis)

    def native_config(self) -> dict[str, Any]:
        return _native(self.min_value, self.max_value, self.rate, self.axis)


def _native(low: float, high: float, rate: float, axis: int | list[int]) -> dict[str, Any]:
    return {"min_value": low, "max_value": high, "rate": rate, "axis": as_list(axis), "epsilon": config.epsilon()}


def _norm(where: str, argument: str, value: Any) -> float:
    if isinstance(value, bool) or not hasattr(value, "__float__") or not 0 <= value < float("inf"):
        raise ValueError(f"[{where}] {argument} must be a finite number of at least 0, got {value!r}")
    return float(value)


def _axes(where: str, axis: Any) -> int | list[int]:
    if hasattr(axis, "__index__") and not isinstance(axis, bool):
        return int(axis)
    if isinstance(axis, list | tuple) and axis and all(hasattr(each, "__index__") for each in axis):
        return [int(each) for each in axis]
    raise ValueError(f"[{where}] axis must be an integer or a list of integers, got {axis!r}")
