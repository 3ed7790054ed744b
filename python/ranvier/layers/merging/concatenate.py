from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier.layers.layer import Layer


class Concatenate(Layer):
    """Lays its inputs side by side along one axis.

    Args:
        axis: the axis along which shapes may differ; the batch, 0, is not allowed.
        **kwargs: those of `Layer`.

    Input shape: a list. Output shape: theirs, the sizes along `axis` summed.
    Raises: ValueError where shapes differ along another axis.

    >>> import numpy as np
    >>> Concatenate()([np.array([[1.0]]), np.array([[2.0, 3.0]])])
    array([[1., 2., 3.]], dtype=float32)
    """

    kind = "concatenate"
    merges = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        self.axis = int(axis)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"axis": self.axis}


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """Lays symbols or arrays side by side along one axis; see `Concatenate`.

    Args:
        inputs: a list.
        axis: the axis along which shapes may differ.
        **kwargs: those of `Layer`.

    >>> import numpy as np
    >>> concatenate([np.array([[1.0]]), np.array([[2.0, 3.0]])])
    array([[1., 2., 3.]], dtype=float32)
    """
    return Concatenate(axis, **kwargs)(inputs)
