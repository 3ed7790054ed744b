from __future__ import annotations

from typing import Any

from ranvier import activations, initializers
from ranvier.layers.layer import Layer


class Dense(Layer):
    """Fully connected layer: y = activation(x W + b), on the last axis of x.

    Args:
        units: number of outputs, at least 1.
        activation: name, function or activation layer; None is linear.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (features, units).
        bias_initializer: initial values of b, (units,).
        **kwargs: those of `Layer`.

    Input shape: (batch, ..., features). Output shape: (batch, ..., units).
    Raises: ValueError for units below 1 or an unknown name.

    >>> import numpy as np
    >>> layer = Dense(2, activation="relu", kernel_initializer="ones")
    >>> layer(np.array([[1.0, 2.0, 3.0]]))
    array([[6., 6.]], dtype=float32)
    """

    kind = "dense"

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **kwargs: Any,
    ) -> None:
        if isinstance(units, bool) or not hasattr(units, "__index__") or units < 1:
            raise ValueError(f"[Dense] units must be an integer of at least 1, got {units!r}")
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        function, _, axis = activations.split(self.activation)
        if function.along_axis and axis != -1:
            raise ValueError(
                f"[Dense] {function.__name__} works on the last axis here, got axis={axis}: add a Softmax layer"
            )
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        function, parameters, _ = activations.split(self.activation)
        told: dict[str, Any] = {
            "units": self.units,
            "use_bias": self.use_bias,
            "activation": function.__name__,
            "activation_parameters": parameters,
        }
        if self.compute_dtype == "bfloat16":
            told["dtype_policy"] = self.dtype_policy.name
        return told
