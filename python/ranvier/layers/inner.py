"""Layers inside layers: an argument that is a layer may be one, or what `get_config` made of it."""

from __future__ import annotations

from typing import Any


def inner_layer(value: Any, dtype: Any) -> Any:
    """A layer from its description, which takes `dtype` if it names none; anything else as it is."""
    from ranvier.layers import deserialize

    if not isinstance(value, dict):
        return value
    config = dict(value.get("config") or {})
    if dtype is not None:
        config.setdefault("dtype", dtype)
    return deserialize(value | {"config": config})


def same_dtype(outer: Any, *parts: Any) -> None:
    """Raises ValueError unless all compute in one number type."""
    for part in parts:
        if part.dtype != outer.dtype:
            raise ValueError(
                f"[{outer.name}] computes in {outer.dtype}, but {part.name} inside it in {part.dtype}: give both one "
                "dtype"
            )
