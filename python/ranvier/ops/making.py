"""New arrays, which are NumPy's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Any:
    """Numbers in equal steps.

    Args:
        start: the first, or, alone, where they end, from 0.
        stop: where they end.
        step: by default 1.
        dtype: number type.

    >>> arange(3)
    array([0, 1, 2])
    """
    return np.arange(start, dtype=dtype) if stop is None else np.arange(start, stop, step, dtype=dtype)


def array(x: Any, dtype: Any = None) -> Any:
    """An array of numbers.

    Args:
        x: numbers.
        dtype: number type.

    >>> array([1, 2])
    array([1, 2])
    """
    return np.array(x, dtype)


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Any:
    """Ones on a diagonal, zeros elsewhere.

    Args:
        N: rows.
        M: columns, by default as many.
        k: how far the diagonal is to the right.
        dtype: number type.

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return np.eye(N, M, k, dtype or float)


def full(shape: Sequence[int] | int, fill_value: Any, dtype: Any = None) -> Any:
    """The same number everywhere.

    Args:
        shape: sizes of the axes.
        fill_value: the number.
        dtype: number type.

    >>> full(2, 3.0)
    array([3., 3.])
    """
    return np.full(shape, fill_value, dtype)


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0
) -> Any:
    """So many numbers in equal steps.

    Args:
        start: the first.
        stop: the last.
        num: how many.
        endpoint: whether the last is among them.
        retstep: whether to return the step too.
        dtype: number type.
        axis: along which.

    >>> linspace(0, 1, 3)
    array([0. , 0.5, 1. ])
    """
    given: dict[str, Any] = {"retstep": retstep, "dtype": dtype, "axis": axis}
    return np.linspace(start, stop, num, endpoint, **given)


def ones(shape: Sequence[int] | int, dtype: Any = None) -> Any:
    """Ones.

    Args:
        shape: sizes of the axes.
        dtype: number type.

    >>> ones(2)
    array([1., 1.])
    """
    return np.ones(shape, dtype)


def zeros(shape: Sequence[int] | int, dtype: Any = None) -> Any:
    """Zeros.

    Args:
        shape: sizes of the axes.
        dtype: number type.

    >>> zeros(2)
    array([0., 0.])
    """
    return np.zeros(shape, dtype or float)
