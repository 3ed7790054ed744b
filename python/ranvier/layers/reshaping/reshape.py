from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier.layers.layer import Layer


class Reshape(Layer):
    """Gives each row another shape with the same number of elements.

    Args:
        target_shape: shape of a row; one axis may be -1, which takes what is left.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: (batch, *target_shape).
    Raises: ValueError where the numbers of elements differ.

    >>> import numpy as np
    >>> Reshape((-1, 2))(np.ones((2, 6))).shape
    (2, 3, 2)
    """

    kind = "reshape"

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        self.target_shape = tuple(int(axis) for axis in target_shape)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"target_shape": list(self.target_shape)}
