"""Axes as arguments: an integer, or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def checked_axis(where: str, axis: Any) -> int:
    """An integer.

    Raises: TypeError otherwise.
    """
    if isinstance(axis, bool) or not hasattr(axis, "__index__"):
        raise TypeError(f"[{where}] axis must be an integer, got {axis!r}")
    return int(axis)


def checked_axes(where: str, axis: Any) -> int | list[int]:
    """An integer, or a list of integers.

    Raises: TypeError otherwise.
    """
    if isinstance(axis, list | tuple) and axis:
        return [checked_axis(where, each) for each in axis]
    if isinstance(axis, bool) or not hasattr(axis, "__index__"):
        raise TypeError(f"[{where}] axis must be an integer or a list of integers, got {axis!r}")
    return int(axis)


def as_list(axis: int | Sequence[int]) -> list[int]:
    """Axes as a list."""
    return [axis] if isinstance(axis, int) else list(axis)
