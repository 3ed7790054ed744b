from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier import initializers
from ranvier._axes import as_list, checked_axes
from ranvier.layers.layer import Layer
from ranvier.layers.normalization.normalizing import checked_number


class RMSNormalization(Layer):
    """Divides by the root mean square: y = scale * x / sqrt(mean(x^2) + epsilon).

    Args:
        axis: axis, or axes, that the mean is taken along; not 0, the batch. The weight `scale` has their shape.
        epsilon: is added to the mean square, at least 0.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.
    Raises: ValueError for a number out of range or axis 0.
    Source: Zhang and Sennrich, NeurIPS 2019.

    >>> import numpy as np
    >>> RMSNormalization()(np.array([[3.0, -3.0]])).round(3)
    array([[ 1., -1.]], dtype=float32)
    """

    kind = "rms_normalization"
    supports_masking = True

    def __init__(self, axis: int | Sequence[int] = -1, epsilon: float = 1e-6, **kwargs: Any) -> None:
        self.axis = checked_axes("RMSNormalization", axis)
        self.epsilon = checked_number("RMSNormalization", "epsilon", epsilon)
        self.scale_initializer = initializers.Ones()
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"axis": as_list(self.axis), "epsilon": self.epsilon}
