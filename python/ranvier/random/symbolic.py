"""Draws inside a network: a native node that makes other numbers for each row and in each pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ranvier.layers import tracing
from ranvier.random.seeds import native_seed

if TYPE_CHECKING:
    from ranvier.symbol import KerasTensor


def drawn(
    distribution: str, numbers: Mapping[str, float], shape: Any, seed: Any, like: KerasTensor | None = None
) -> KerasTensor | None:
    """The symbol of what a distribution draws; None where that is to be drawn at once.

    Args:
        distribution: the native one.
        numbers: its parameters.
        shape: of all numbers; what `ops.shape` gave for a symbol, or with None in the place of the batch.
        seed: see `native_seed`.
        like: has the batch and the number type, whatever the shape says.

    Raises: ValueError for a shape with other sizes that are not known, or with a batch that nobody knows.
    """
    from ranvier.ops import graph

    where = f"random.{distribution}"
    axes = checked_shape(where, shape)
    recording = tracing.recording()
    of_batch = axes[:1] == (None,)
    if like is None:
        like = getattr(shape, "symbol", None)
    if like is None and of_batch and recording is not None:
        like = recording.inputs[0]
    if like is None and not of_batch and recording is None:
        return None
    settings = {"distribution": distribution, **numbers, **native_seed(seed)}
    if not of_batch:
        told = settings | {"shape": list(axes)}
        owner = recording.layer if like is None and recording is not None else like
        assert owner is not None  # otherwise it is drawn at once
        return graph.node("random", told, [], distribution, owner.dtype)
    if like is None:
        raise ValueError(
            f"[{where}] the shape {axes} does not say whose batch is meant: outside of `call` and Lambda give it what "
            "ops.shape(x) is for a symbol"
        )
    if axes != like.shape:
        settings["shape"] = list(axes[1:])
    return graph.node("random", settings, [like], distribution)


def checked_shape(where: str, shape: Any) -> tuple[int | None, ...]:
    """A shape with positive sizes, of which the first may be None for the batch; as `ops.shape` gave it, others too.

    Raises: ValueError for anything else.
    """
    axes = tuple(shape) if hasattr(shape, "__iter__") else (shape,)
    open_sizes = hasattr(shape, "symbol")
    for place, axis in enumerate(axes):
        if axis is None and (place == 0 or open_sizes):
            continue
        if isinstance(axis, bool) or not hasattr(axis, "__index__") or axis < 1:
            raise ValueError(
                f"[{where}] expected a shape of positive sizes, where the first may be the batch of a symbol, got "
                f"{axes}"
            )
    return tuple(None if axis is None else int(axis) for axis in axes)
