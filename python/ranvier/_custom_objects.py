"""Classes and functions of the user's own that files may name: only what is listed here can come out of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

_registered: dict[str, Any] = {}
_scope: ContextVar[Mapping[str, Any]] = ContextVar("ranvier_custom_objects", default=MappingProxyType({}))


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[Any], Any]:
    """A decorator that lets files name a class or a function of yours.

    Args:
        package: put before the name, so that two packages may use one name.
        name: by default the object's own.

    Raises: TypeError for anything that is no class or function.

    >>> @register_keras_serializable("docs")
    ... class Mine:
    ...     pass
    >>> get_registered_name(Mine)
    'docs>Mine'
    """

    def register(thing: Any) -> Any:
        if not callable(thing):
            raise TypeError(f"[register_keras_serializable] expected a class or a function, got {thing!r}")
        _registered[f"{package}>{name or thing.__name__}"] = thing
        return thing

    return register


def get_registered_name(obj: Any) -> str:
    """The name an object was registered under, or its own.

    >>> get_registered_name(int)
    'int'
    """
    for name, thing in _registered.items():
        if thing is obj:
            return name
    return str(obj.__name__)


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Mapping[str, Any] | None = None
) -> Any:
    """The object of a name: from the scopes around, `custom_objects`, what was registered, `module_objects`; or None.

    Args:
        name: as `get_registered_name` gives it.
        custom_objects: more objects by name.
        module_objects: the same.

    >>> get_registered_object("width", {"width": int})
    <class 'int'>
    """
    for objects in (_scope.get(), custom_objects or {}, _registered, module_objects or {}):
        if name in objects:
            return objects[name]
    return None


def get_custom_objects() -> dict[str, Any]:
    """What was registered and what the scopes around add, by name.

    >>> with custom_object_scope({"width": int}):
    ...     get_custom_objects()["width"]
    <class 'int'>
    """
    return {**_registered, **_scope.get()}


@contextmanager
def custom_object_scope(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """Lets files name these objects as long as it lasts.

    Args:
        custom_objects: classes and functions by name.

    Raises: TypeError unless it is a mapping.

    >>> with custom_object_scope({"width": int}):
    ...     get_registered_object("width")
    <class 'int'>
    """
    if custom_objects is not None and not isinstance(custom_objects, Mapping):
        raise TypeError(
            f"[custom_object_scope] expected a dict of objects by name, got {type(custom_objects).__name__}"
        )
    token = _scope.set({**_scope.get(), **(custom_objects or {})})
    try:
        yield
    finally:
        _scope.reset(token)


CustomObjectScope = custom_object_scope


def find(description: Mapping[str, Any]) -> Any:
    """The user's object that {"class_name", "registered_name", ...} names, or None."""
    for key in ("registered_name", "class_name"):
        name = description.get(key)
        if isinstance(name, str) and (found := get_registered_object(name)) is not None:
            return found
    return None
