from __future__ import annotations

from typing import Any

from ranvier import regularizers
from ranvier.layers.layer import Layer


class ActivityRegularization(Layer):
    """Adds a penalty on its input to the loss, and passes the input on: y = x.

    The penalty is (l1 * sum(|x|) + l2 * sum(x^2)) / rows of the batch.

    Args:
        l1: factor of absolute values, at least 0.
        l2: factor of squares, at least 0.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.
    Raises: ValueError for a number out of range.

    >>> import numpy as np
    >>> ActivityRegularization(l2=0.1)(np.array([[1.0, -2.0]]))
    array([[ 1., -2.]], dtype=float32)
    """

    kind = "identity"
    supports_masking = True

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **kwargs)
        self.l1 = float(l1)
        self.l2 = float(l2)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        config.pop("activity_regularizer")
        return config
