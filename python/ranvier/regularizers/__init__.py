"""Regularizers: penalties on weights and outputs that are added to the loss."""

from __future__ import annotations

from typing import Any

from ranvier._configurable import from_description, plain
from ranvier.errors import unknown
from ranvier.regularizers.orthogonal import OrthogonalRegularizer
from ranvier.regularizers.powers import L1, L1L2, L2
from ranvier.regularizers.regularizer import Regularizer

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "serialize",
]

l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

_CLASSES: dict[str, type[Regularizer]] = {cls.__name__: cls for cls in (L1, L1L2, L2, OrthogonalRegularizer)}
_BY_NAME = _CLASSES | {
    "l1": L1,
    "l2": L2,
    "l1l2": L1L2,
    "l1_l2": L1L2,
    "orthogonal_regularizer": OrthogonalRegularizer,
}


def get(identifier: Any) -> Regularizer | None:
    """The regularizer that a name, a class, a description or an object stands for; None is none.

    Args:
        identifier: a name such as "l2" or "L2", a class, what `serialize` returned, or an object, given back as it is.

    Raises: ValueError for an unknown name; TypeError for another kind of object.

    >>> get("l2").l2
    0.01
    """
    if identifier is None or isinstance(identifier, Regularizer):
        return identifier
    if isinstance(identifier, str):
        if identifier not in _BY_NAME:
            raise ValueError(unknown("regularizers", "regularizer", identifier, _BY_NAME))
        return _BY_NAME[identifier]()
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Regularizer) and identifier is not Regularizer:
        return identifier()
    raise TypeError(f"[regularizers] expected the name of a regularizer or a Regularizer, got {identifier!r:.80}")


def serialize(regularizer: Regularizer) -> Any:
    """A regularizer as JSON can hold it.

    >>> serialize(L2(0.1))
    {'class_name': 'L2', 'config': {'l2': 0.1}}
    """
    return plain(regularizer)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Regularizer:
    """The regularizer that `serialize` described.

    Args:
        config: {"class_name", "config"}.
        custom_objects: classes of your own by name.

    Raises: ValueError for an unknown class.

    >>> deserialize({"class_name": "L1", "config": {"l1": 0.5}}).l1
    0.5
    """
    found: Regularizer = from_description(config, _CLASSES | (custom_objects or {}), "regularizers", "regularizer")
    return found
