from __future__ import annotations

from typing import Any

from ranvier import activations
from ranvier.layers.layer import Layer


class Activation(Layer):
    """Applies an activation function: y = f(x).

    Args:
        activation: name, function of `ranvier.activations`, `functools.partial` of one, or activation layer.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same (glu halves its axis).
    Raises: ValueError for an unknown name.

    >>> import numpy as np
    >>> Activation("relu")(np.array([[-1.0, 2.0]]))
    array([[0., 2.]], dtype=float32)
    """

    kind = "activation"
    supports_masking = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        self.activation = activations.get(activation)
        super().__init__(**kwargs)

    def activation_function(self) -> Any:
        """The function that this layer applies."""
        return self.activation

    def native_kind(self) -> str:
        return "axis_activation" if activations.split(self.activation)[0].along_axis else "activation"

    def native_config(self) -> dict[str, Any]:
        function, parameters, axis = activations.split(self.activation)
        name = function.__name__
        if function.along_axis:
            return {"activation": name, "axis": axis}
        return {"activation": name, "activation_parameters": parameters}
