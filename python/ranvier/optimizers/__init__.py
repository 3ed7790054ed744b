"""Optimizers: how weights follow gradients."""

from __future__ import annotations

from typing import Any

from ranvier._configurable import from_description, plain
from ranvier.errors import unknown
from ranvier.optimizers import schedules
from ranvier.optimizers.adadelta import Adadelta
from ranvier.optimizers.adafactor import Adafactor
from ranvier.optimizers.adagrad import Adagrad
from ranvier.optimizers.adam import Adam
from ranvier.optimizers.adamax import Adamax
from ranvier.optimizers.adamw import AdamW
from ranvier.optimizers.ftrl import Ftrl
from ranvier.optimizers.lamb import Lamb
from ranvier.optimizers.lion import Lion
from ranvier.optimizers.nadam import Nadam
from ranvier.optimizers.optimizer import Optimizer
from ranvier.optimizers.rmsprop import RMSprop
from ranvier.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

_CLASSES: dict[str, type[Optimizer]] = {
    cls.__name__: cls
    for cls in (
        Adadelta,
        Adafactor,
        Adagrad,
        Adam,
        Adamax,
        AdamW,
        Ftrl,
        Lamb,
        Lion,
        Nadam,
        RMSprop,
        SGD,
    )
}
_BY_LOWER = {name.lower(): cls for name, cls in _CLASSES.items()}


def get(identifier: Any) -> Optimizer:
    """The optimizer that a name, a class, a description or an object stands for.

    Args:
        identifier: a name in any case, a class, what `serialize` returned, or an object, given back as it is.

    Raises: ValueError for an unknown name; TypeError for another kind of object.

    >>> get("adam").learning_rate
    0.001
    """
    return as_optimizer(identifier, "optimizers")


def as_optimizer(identifier: Any, where: str) -> Optimizer:
    """What `get` returns; `where` is who complains if there is no such optimizer."""
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, str):
        if identifier.lower() not in _BY_LOWER:
            raise ValueError(unknown(where, "optimizer", identifier, _BY_LOWER))
        return _BY_LOWER[identifier.lower()]()  # type: ignore[call-arg]  # every subclass has a default rate
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Optimizer) and identifier is not Optimizer:
        return identifier()  # type: ignore[call-arg]
    raise TypeError(f"[{where}] expected the name of an optimizer or an Optimizer, got {identifier!r}")


def serialize(optimizer: Optimizer) -> Any:
    """An optimizer as JSON can hold it, without its state.

    >>> serialize(SGD(0.1))["config"]["learning_rate"]
    0.1
    """
    return plain(optimizer)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Optimizer:
    """The optimizer that `serialize` described, without state.

    Args:
        config: {"class_name", "config"}.
        custom_objects: classes of your own by name.

    Raises: ValueError for an unknown class.

    >>> deserialize({"class_name": "SGD", "config": {"learning_rate": 0.1}}).learning_rate
    0.1
    """
    name = config.get("class_name")
    if isinstance(name, str) and name.lower() in _BY_LOWER:
        config = config | {"class_name": _BY_LOWER[name.lower()].__name__}
    found: Optimizer = from_description(config, _CLASSES | (custom_objects or {}), "optimizers", "optimizer")
    return found
