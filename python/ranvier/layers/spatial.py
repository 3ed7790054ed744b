"""What layers of sequences, images and volumes check alike: numbers for each spatial axis, padding, data format."""

from __future__ import annotations

from typing import Any

from ranvier import config
from ranvier.errors import one_of


def whole(where: str, argument: str, value: Any, least: int = 1) -> int:
    """An integer of at least `least`.

    Raises: ValueError otherwise.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ValueError(f"[{where}] {argument} must be an integer of at least {least}, got {value!r}")
    return int(value)


def numbers(where: str, argument: str, value: Any, rank: int, least: int = 1) -> tuple[int, ...]:
    """An integer for each of `rank` axes; a single one stands for all.

    Raises: ValueError for another number of them, or one below `least`.

    >>> numbers("Conv2D", "strides", 2, rank=2)
    (2, 2)
    """
    items = list(value) if isinstance(value, list | tuple) else [value] * rank
    if len(items) != rank or any(
        isinstance(item, bool) or not hasattr(item, "__index__") or item < least for item in items
    ):
        wanted = "an integer" if rank == 1 else f"an integer or {rank} integers"
        raise ValueError(f"[{where}] {argument} must be {wanted} of at least {least}, got {value!r}")
    return tuple(int(item) for item in items)


def pairs(where: str, argument: str, value: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """How much before and behind each of `rank` axes: an integer for all, one for each axis, or two for each.

    Raises: ValueError otherwise.

    >>> pairs("ZeroPadding2D", "padding", ((1, 2), 3), rank=2)
    ((1, 2), (3, 3))
    """
    items = list(value) if isinstance(value, list | tuple) else [value] * rank
    if len(items) != rank:
        raise ValueError(
            f"[{where}] {argument} must be an integer, or {rank} integers or pairs of integers, got {value!r}"
        )
    found = [numbers(where, argument, item, 2, least=0) for item in items]
    return tuple((before, after) for before, after in found)


def checked_padding(where: str, padding: Any, causal: bool = False) -> str:
    """One of "valid", "same" or, if `causal`, "causal", in lower case.

    Raises: ValueError for anything else.
    """
    word = padding.lower() if isinstance(padding, str) else padding
    one_of(where, "padding", word, ("valid", "same", "causal") if causal else ("valid", "same"))
    return str(word)


def checked_format(where: str, data_format: Any) -> str:
    """One of the two data formats; None is the configured one.

    Raises: ValueError otherwise.
    """
    if data_format is None:
        return config.image_data_format()
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(f"[{where}] data_format must be 'channels_last' or 'channels_first', got {data_format!r}")
    return str(data_format)
