"""Constraints: conditions on weights that are restored after each update."""

from __future__ import annotations

from typing import Any

from ranvier._configurable import from_description, plain
from ranvier.constraints.constraint import Constraint
from ranvier.constraints.non_neg import NonNeg
from ranvier.constraints.norms import MaxNorm, MinMaxNorm, UnitNorm
from ranvier.errors import unknown

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "serialize",
    "unit_norm",
]

max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

_CLASSES: dict[str, type[Constraint]] = {cls.__name__: cls for cls in (MaxNorm, MinMaxNorm, NonNeg, UnitNorm)}
_BY_NAME = _CLASSES | {
    "max_norm": MaxNorm,
    "min_max_norm": MinMaxNorm,
    "non_neg": NonNeg,
    "unit_norm": UnitNorm,
}


def get(identifier: Any) -> Constraint | None:
    """The constraint that a name, a class, a description or an object stands for; None is none.

    Args:
        identifier: a name such as "max_norm" or "MaxNorm", a class, what `serialize` returned, or an object, given
            back as it is.

    Raises: ValueError for an unknown name; TypeError for another kind of object.

    >>> get("max_norm").max_value
    2.0
    """
    if identifier is None or isinstance(identifier, Constraint):
        return identifier
    if isinstance(identifier, str):
        if identifier not in _BY_NAME:
            raise ValueError(unknown("constraints", "constraint", identifier, _BY_NAME))
        return _BY_NAME[identifier]()
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Constraint) and identifier is not Constraint:
        return identifier()
    raise TypeError(f"[constraints] expected the name of a constraint or a Constraint, got {identifier!r:.80}")


def serialize(constraint: Constraint) -> Any:
    """A constraint as JSON can hold it.

    >>> serialize(UnitNorm(axis=1))
    {'class_name': 'UnitNorm', 'config': {'axis': 1}}
    """
    return plain(constraint)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Constraint:
    """The constraint that `serialize` described.

    Args:
        config: {"class_name", "config"}.
        custom_objects: classes of your own by name.

    Raises: ValueError for an unknown class.

    >>> deserialize({"class_name": "MaxNorm", "config": {"max_value": 3}}).max_value
    3.0
    """
    found: Constraint = from_description(config, _CLASSES | (custom_objects or {}), "constraints", "constraint")
    return found
