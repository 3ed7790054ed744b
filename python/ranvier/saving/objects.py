"""Any describable object as JSON can hold it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ranvier._configurable import Configurable, plain
from ranvier._custom_objects import custom_object_scope, find

_MODULES = ("layers", "optimizers", "losses", "metrics", "initializers", "regularizers", "constraints")


def serialize_keras_object(obj: Any) -> Any:
    """A layer, optimizer, loss, metric, initializer or the like as JSON can hold it: its class and configuration.

    Lists and dicts of them, numbers, strings and None are taken as well.

    >>> from ranvier.losses import Huber
    >>> serialize_keras_object(Huber(2.0))["class_name"]
    'Huber'
    """
    described = plain(obj)
    if isinstance(obj, Configurable):
        module = type(obj).__module__.split(".")
        described["module"] = ".".join(module[:2]) if module[0] == "ranvier" else module[0]
    return described


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True, **kwargs: Any
) -> Any:
    """The object that `serialize_keras_object` described.

    Args:
        config: the description; what is none is given back as it is.
        custom_objects: classes of your own that it names.
        safe_mode: accepted for compatibility; a description is never run.
        **kwargs: accepted for compatibility.

    Raises: ValueError for an unknown class.

    >>> deserialize_keras_object({"module": "ranvier.losses", "class_name": "Huber", "config": {"delta": 2.0}}).delta
    2.0
    """
    import ranvier

    if isinstance(config, list):
        return [deserialize_keras_object(item, custom_objects) for item in config]
    if not isinstance(config, dict) or "class_name" not in config:
        return config
    with custom_object_scope(custom_objects):
        own = find(config)
        if own is not None:
            return own.from_config(dict(config.get("config") or {}))
        name, error = str(config.get("module") or ""), None
        likely = [module for module in _MODULES if name.endswith(module)] or list(_MODULES)
        for module in likely:
            if not hasattr(ranvier, module):
                continue
            try:
                return getattr(ranvier, module).deserialize(dict(config))
            except ValueError as unknown:
                error = unknown
        raise error or ValueError(f"[deserialize_keras_object] unknown module {name!r}")
