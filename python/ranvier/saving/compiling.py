"""What `compile` was told, as JSON can hold it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from ranvier import losses, metrics, optimizers
from ranvier._configurable import Configurable, plain
from ranvier._custom_objects import find, get_registered_name

_KEYS = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics")


def describe(arguments: Mapping[str, Any], optimizer: Any) -> dict[str, Any]:
    """The arguments of `compile`, the optimizer as it is now.

    Raises: TypeError for what cannot be written down.
    """
    described = {key: _described(key, arguments[key]) for key in _KEYS[1:]}
    return {"optimizer": plain(optimizer), **described}


def arguments(description: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for `compile` from what `describe` returned.

    Raises: ValueError and TypeError for what is unknown.
    """
    made = {key: _made(key, description.get(key)) for key in _KEYS[1:]}
    return {"optimizer": optimizers.deserialize(description["optimizer"]), **made}


def _described(key: str, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_described(key, item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): _described(key, item) for name, item in value.items()}
    if isinstance(value, type):
        value = value()
    if isinstance(value, functools.partial):
        value = losses.as_loss(value) if key == "loss" else metrics.as_metric(value, "save")
    if isinstance(value, Configurable):
        return plain(value)
    if not callable(value):
        return value.item() if hasattr(value, "item") else value
    name = str(getattr(value, "__name__", ""))
    module = losses if key == "loss" else metrics
    if getattr(module, name, None) is value or getattr(losses, name, None) is value:
        return name
    if hasattr(value, "get_config"):
        return {
            "class_name": type(value).__name__,
            "config": value.get_config(),
            "registered_name": get_registered_name(type(value)),
        }
    if not name:
        raise TypeError(f"[save] {key} {value!r} has no name that it could be found again by: give it one")
    return {"class_name": "function", "config": get_registered_name(value)}


def _made(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_made(key, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "class_name" not in value:
        return {name: _made(key, item) for name, item in value.items()}
    if value["class_name"] == "function":
        name = value.get("config")
        return find({"class_name": name}) or (losses.get(name) if key == "loss" else metrics.get(name))
    return (losses if key == "loss" else metrics).deserialize(dict(value))
