from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranvier import activations, constraints, initializers, regularizers
from ranvier.layers.layer import Layer

if TYPE_CHECKING:
    from ranvier.variable import Variable


class Dense(Layer):
    """Fully connected layer: y = activation(x W + b), on the last axis of x.

    Args:
        units: number of outputs, at least 1.
        activation: name, function or activation layer; None is linear.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (features, units).
        bias_initializer: initial values of b, (units,).
        kernel_regularizer: penalty on W that is added to the loss: a name or a `Regularizer`.
        bias_regularizer: penalty on b.
        activity_regularizer: penalty on y, divided by the rows of the batch.
        kernel_constraint: condition on W that is restored after each update: a name or a `Constraint`.
        bias_constraint: condition on b.
        **kwargs: those of `Layer`.

    Input shape: (batch, ..., features). Output shape: (batch, ..., units).
    Raises: ValueError for units below 1 or an unknown name.

    >>> import numpy as np
    >>> layer = Dense(2, activation="relu", kernel_initializer="ones")
    >>> layer(np.array([[1.0, 2.0, 3.0]]))
    array([[6., 6.]], dtype=float32)
    """

    kind = "dense"
    supports_masking = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(units, bool) or not hasattr(units, "__index__") or units < 1:
            raise ValueError(f"[Dense] units must be an integer of at least 1, got {units!r}")
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        function, _, axis = activations.split(self.activation)
        if function.along_axis and axis != -1:
            raise ValueError(
                f"[Dense] {function.__name__} works on the last axis here, got axis={axis}: add a Softmax layer"
            )
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)

    @property
    def kernel(self) -> Variable | None:
        """The matrix, (inputs, units)."""
        return self.weight("kernel")

    @property
    def bias(self) -> Variable | None:
        """The vector that is added, (units,); None without."""
        return self.weight("bias")

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
