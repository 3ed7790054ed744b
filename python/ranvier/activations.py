"""Activation functions. The native core holds the list: a function added there appears here by itself.

Each works on arrays and on symbols, and can be given to a layer: by name, as the function, as a `functools.partial` of
it, or as an activation layer.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _core, config
from ranvier.errors import unknown

if TYPE_CHECKING:
    from inspect import Signature

    from ranvier._typing import ArrayLike

    Activation = Callable[..., Any]

_ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}


class ActivationFunction:
    """One activation, callable on an array or a symbol.

    >>> from ranvier.activations import relu
    >>> relu([-1.0, 2.0])
    array([0., 2.], dtype=float32)
    """

    def __init__(self, name: str, formula: str, defaults: dict[str, float], along_axis: bool) -> None:
        self.__name__ = self.__qualname__ = name
        self.__module__ = __name__
        self.__doc__ = f"{name}: {formula}\n\nx may be an array, of which float64 is computed in float64, or a symbol."
        self.defaults = defaults
        self.along_axis = along_axis

    @property
    def __signature__(self) -> Signature:
        from inspect import Parameter, Signature

        arguments: dict[str, Any] = {"axis": -1} if self.along_axis else self.defaults
        kind = Parameter.POSITIONAL_OR_KEYWORD
        return Signature(
            [Parameter("x", kind)]
            + [Parameter(name, kind, default=None if value == math.inf else value) for name, value in arguments.items()]
        )

    def values(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Every parameter by name, in native order; None means infinite.

        Raises: TypeError for a parameter it does not have.
        """
        names = list(self.defaults)
        if len(args) > len(names):
            raise TypeError(f"[{self.__name__}] takes x and {len(names)} parameters, got {len(args)} after x")
        given = dict(zip(names, args, strict=False))
        for name, value in kwargs.items():
            if name not in self.defaults:
                raise TypeError(unknown(self.__name__, "parameter", name, names))
            if name in given:
                raise TypeError(f"[{self.__name__}] got {name} twice")
            given[name] = value
        return {
            name: math.inf if (value := given.get(name, default)) is None else float(value)
            for name, default in self.defaults.items()
        }

    def __call__(self, x: ArrayLike, *args: Any, **kwargs: Any) -> Any:
        if config_is_symbol(x):
            from ranvier.layers.core.activation import Activation as ActivationLayer

            function = functools.partial(self, **dict(zip(self.defaults, args, strict=False)), **kwargs)
            return ActivationLayer(function, dtype=x.dtype)(x)
        dtype = "float64" if isinstance(x, np.ndarray) and x.dtype == np.float64 else config.floatx()
        array = np.asarray(x, dtype=dtype)
        native = config.scalars(dtype)
        if self.along_axis:
            return native.axis_activation(self.__name__, array, axis_of(self, *args, **kwargs))
        return native.activation(self.__name__, list(self.values(*args, **kwargs).values()), array)

    def __reduce__(self) -> tuple[Any, ...]:
        return get, (self.__name__,)

    def __repr__(self) -> str:
        return f"<activation {self.__name__}>"


def config_is_symbol(x: object) -> bool:
    """Whether `x` is a symbol of a network that has not run yet."""
    from ranvier.symbol import KerasTensor

    return isinstance(x, KerasTensor)


def axis_of(function: ActivationFunction, axis: int = -1) -> int:
    """The axis among the arguments of an activation that works along one."""
    if not hasattr(axis, "__index__"):
        raise TypeError(f"[{function.__name__}] axis must be an integer, got {axis!r}")
    return int(axis)


@functools.cache
def _table() -> dict[str, ActivationFunction]:
    rows = [(row, False) for row in _core.activations()] + [(row, True) for row in _core.axis_activations()]
    functions = {
        row["name"]: ActivationFunction(row["name"], row["formula"], dict(row["parameters"]), along_axis)
        for row, along_axis in rows
    }
    return functions | {alias: functions[name] for alias, name in _ALIASES.items() if name in functions}


def __getattr__(name: str) -> ActivationFunction:
    # A dunder that a module lacks is asked for by import machinery and doctest, before the core is needed.
    if name.startswith("__") or name not in _table():
        raise AttributeError(unknown("activations", "name", name, _table()) if not name.startswith("__") else name)
    return _table()[name]


def __dir__() -> list[str]:
    return sorted([*globals(), *_table()])


def get(identifier: Any) -> Activation:
    """The activation that a name, a description, a layer or None (linear) stands for.

    Args:
        identifier: a name, an activation of this module, a `functools.partial` of one, an activation layer such as
            `LeakyReLU()`, what `serialize` returned, or None.

    Raises: ValueError for an unknown name; TypeError for another kind of object.

    >>> get("relu")
    <activation relu>
    """
    if identifier is None:
        return _table()["linear"]
    if isinstance(identifier, str):
        if identifier not in _table():
            raise ValueError(unknown("activations", "activation", identifier, _table()))
        return _table()[identifier]
    if isinstance(identifier, dict):
        return functools.partial(get(identifier["class_name"]), **identifier["config"])
    if isinstance(identifier, ActivationFunction):
        return identifier
    if isinstance(identifier, functools.partial) and isinstance(identifier.func, ActivationFunction):
        return _checked(identifier)
    if hasattr(identifier, "activation_function"):
        return get(identifier.activation_function())
    raise TypeError(
        f"[activations] expected the name of an activation, a function of ranvier.activations or an activation layer, "
        f"got {identifier!r}. Valid names: {', '.join(sorted(_table()))}"
    )


def _checked(partial: functools.partial[Any]) -> functools.partial[Any]:
    split(partial)
    return partial


def split(activation: Activation) -> tuple[ActivationFunction, list[float], int]:
    """What the native core is told of an activation that `get` returned: function, parameters in order, axis."""
    function, args, kwargs = activation, (), {}
    if isinstance(activation, functools.partial):
        function, args, kwargs = activation.func, activation.args, activation.keywords
    if not isinstance(function, ActivationFunction):
        raise TypeError(f"[activations] {activation!r} is no activation of ranvier.activations")
    if function.along_axis:
        return function, [], axis_of(function, *args, **kwargs)
    return function, list(function.values(*args, **kwargs).values()), -1


def serialize(activation: Activation) -> str | dict[str, Any]:
    """What `get` makes the activation from again: its name, or a dict where parameters differ from the defaults.

    >>> import functools
    >>> serialize(functools.partial(get("elu"), alpha=0.5))
    {'class_name': 'elu', 'config': {'alpha': 0.5}}
    """
    function, parameters, axis = split(get(activation))
    changed: dict[str, Any] = {
        name: value
        for (name, default), value in zip(function.defaults.items(), parameters, strict=False)
        if value != default
    }
    if axis != -1:
        changed["axis"] = axis
    return {"class_name": function.__name__, "config": changed} if changed else function.__name__


def deserialize(config: str | dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Activation:
    """The activation that `serialize` described; the same as `get`.

    Args:
        config: a name, or {"class_name", "config"}.
        custom_objects: accepted for compatibility: activations are native.

    >>> deserialize("tanh")
    <activation tanh>
    """
    return get(config)
