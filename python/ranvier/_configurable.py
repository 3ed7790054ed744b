"""Configuration written once: the constructor's signature. Every argument is kept in the attribute of its name."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier._custom_objects import find, get_registered_name


def argument_names(cls: type) -> tuple[str, ...]:
    """Names of the arguments of a class's constructor, without `self`, `*args` and `**kwargs`.

    >>> class Scale:
    ...     def __init__(self, factor, bias=0.0): ...
    >>> argument_names(Scale)
    ('factor', 'bias')
    """
    constructor: Any = getattr(cls, "__init__")  # noqa: B009  mypy distrusts cls.__init__
    code = getattr(constructor, "__code__", None)
    return code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount] if code else ()


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: objects become {"class_name", "config"}, activation functions their names.

    >>> plain(np.float32(0.5))
    0.5
    """
    if isinstance(value, Configurable):
        described = {"class_name": type(value).__name__, "config": value.get_config()}
        registered = get_registered_name(type(value))
        return described if registered == type(value).__name__ else described | {"registered_name": registered}
    if callable(value):
        # Of functions only activations can be made again from a name.
        from ranvier import activations

        return activations.serialize(value)
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


class Configurable:
    """An object that can be written down as its class and its constructor's arguments, and made again from them."""

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments by name, as JSON can hold them."""
        return {name: plain(getattr(self, name)) for name in argument_names(type(self))}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new object from what `get_config` returned."""
        return cls(**config)


def from_description(description: dict[str, Any], classes: dict[str, Any], where: str, what: str) -> Any:
    """An object from {"class_name", "config"}; `classes` are the valid ones by name.

    Classes of the user's own come from `custom_object_scope` or `register_keras_serializable`.
    Raises: ValueError if a key is missing or the class is unknown.
    """
    from ranvier.errors import unknown

    if not isinstance(description, dict) or "class_name" not in description:
        raise ValueError(
            f"[{where}] a {what} given as a dict needs the keys 'class_name' and 'config', got {description!r:.200}"
        )
    name = description["class_name"]
    found = find(description) or (classes.get(name) if isinstance(name, str) else None)
    if found is None:
        own = " A class of your own needs custom_objects={name: class}, or register_keras_serializable."
        raise ValueError(unknown(where, what, str(name), classes, own))
    return found.from_config(dict(description.get("config") or {}))
