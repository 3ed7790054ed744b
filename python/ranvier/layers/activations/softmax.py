from __future__ import annotations

import functools
from typing import Any

from ranvier import activations
from ranvier.layers.layer import Layer


class Softmax(Layer):
    """Turns scores into probabilities along an axis: y_i = exp(x_i) / sum_j exp(x_j).

    Args:
        axis: the axis along which y sums to 1; the batch, 0, is not allowed.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.

    >>> import numpy as np
    >>> Softmax()(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]], dtype=float32)
    """

    kind = "axis_activation"
    supports_masking = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        self.axis = int(axis)
        super().__init__(**kwargs)

    def activation_function(self) -> Any:
        """The function that this layer applies, its axis bound."""
        return functools.partial(activations.get("softmax"), axis=self.axis)

    def native_config(self) -> dict[str, Any]:
        return {"activation": "softmax", "axis": self.axis}
