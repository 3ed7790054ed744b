from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier.layers.layer import Layer


class Permute(Layer):
    """Each row with its axes in another order.

    Args:
        dims: the axes of the input in the order of the output, counted from 1: (2, 1) transposes matrices.
        **kwargs: those of `Layer`.

    Input shape: (batch, ...) with as many axes as `dims`. Output shape: the same in that order.
    Raises: ValueError unless `dims` holds each axis once.

    >>> import numpy as np
    >>> Permute((2, 1))(np.array([[[1.0, 2.0]]])).shape
    (1, 2, 1)
    """

    kind = "permute"

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        self.dims = tuple(int(axis) for axis in dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(f"[Permute] dims must hold each axis from 1 to {len(self.dims)} once, got {tuple(dims)}")
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"dims": list(self.dims)}
