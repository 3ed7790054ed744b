from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ranvier import activations
from ranvier._custom_objects import get_registered_name, get_registered_object
from ranvier.layers.layer import Layer


class Lambda(Layer):
    """A function as a layer: y = function(x), written with `ranvier.ops` and recorded once.

    In a file it is the name that the function was registered under; the file holds no code.

    Args:
        function: called on symbols.
        output_shape: accepted for compatibility; the function says it.
        mask: must be None.
        arguments: more arguments of the function.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: as the function makes it.
    Raises: TypeError if it is no function.

    >>> import numpy as np
    >>> from ranvier import ops
    >>> Lambda(lambda x: ops.square(x) + 1)(np.array([[2.0]]))
    array([[5.]], dtype=float32)
    """

    def __init__(
        self,
        function: Callable[..., Any] | str,
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(function, str):
            function = get_registered_object(function) or activations.get(function)
        if not callable(function):
            raise TypeError(f"[Lambda] expected a function, got {function!r:.80}")
        if mask is not None:
            raise ValueError("[Lambda] mask must be None here")
        self.function = function
        self.mask = mask
        self.arguments = dict(arguments or {})
        super().__init__(**kwargs)

    def call(self, inputs: Any) -> Any:
        """What the function makes of the inputs."""
        return self.function(inputs, **self.arguments)

    def get_config(self) -> dict[str, Any]:
        """The name that the function was registered under, and its arguments.

        Raises: TypeError for a function that has none.
        """
        name = get_registered_name(self.function) if hasattr(self.function, "__name__") else ""
        if get_registered_object(name) is not self.function and getattr(activations, name, None) is not self.function:
            raise TypeError(
                f"[{self.name}] files hold no code: name the function with "
                "@ranvier.saving.register_keras_serializable() and it can be found again"
            )
        return self._common_config() | {"function": name, "arguments": self.arguments}
