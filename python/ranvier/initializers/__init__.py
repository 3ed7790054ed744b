"""Initializers: the values that weights start from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ranvier._configurable import from_description, plain
from ranvier.errors import unknown
from ranvier.initializers.constant import STFT, Constant, Identity, Ones, Zeros
from ranvier.initializers.drawn import Orthogonal, RandomNormal, RandomUniform, TruncatedNormal
from ranvier.initializers.initializer import Initializer
from ranvier.initializers.scaled import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)

__all__ = [
    "STFT",
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "STFTInitializer",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "stft",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = IdentityInitializer = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = OrthogonalInitializer = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
stft = STFTInitializer = STFT
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros


def _classes() -> dict[str, type[Initializer]]:
    members = {name: globals()[name] for name in __all__ if isinstance(globals()[name], type) and name != "Initializer"}
    return members | {"uniform": RandomUniform, "normal": RandomNormal}


def get(identifier: Any) -> Initializer | Callable[..., Any]:
    """The initializer that a name, a class, a description or an object stands for.

    Args:
        identifier: a name such as "he_normal" or "HeNormal", a class, an object, what `serialize` returned, or a
            function of (shape, dtype).

    An object without a seed of its own is copied, so that two layers given the same one start differently.

    Raises: ValueError for an unknown name; TypeError for another kind of object.

    >>> type(get("he_normal")).__name__
    'HeNormal'
    """
    if isinstance(identifier, str):
        classes = _classes()
        if identifier not in classes:
            raise ValueError(unknown("initializers", "initializer", identifier, classes))
        return classes[identifier]()
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, Initializer):
        copy: Initializer = identifier.clone()
        return copy
    if isinstance(identifier, type) and issubclass(identifier, Initializer):
        return identifier()
    if callable(identifier):
        function: Callable[..., Any] = identifier
        return function
    raise TypeError(
        f"[initializers] expected a name, an Initializer or a function of (shape, dtype), got {identifier!r}"
    )


def serialize(initializer: Initializer) -> Any:
    """An initializer as JSON can hold it.

    >>> serialize(Constant(2.0))
    {'class_name': 'Constant', 'config': {'value': 2.0}}
    """
    return plain(initializer)


def deserialize(config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Initializer:
    """The initializer that `serialize` described.

    Args:
        config: {"class_name", "config"}.
        custom_objects: classes of your own by name.

    Raises: ValueError for an unknown class.

    >>> deserialize({"class_name": "Ones", "config": {}})((1,))
    array([1.], dtype=float32)
    """
    classes = _classes() | dict(custom_objects or {})
    found: Initializer = from_description(config, classes, "initializers", "initializer")
    return found
