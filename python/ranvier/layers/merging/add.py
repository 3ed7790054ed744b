from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier.layers.core.step_mask import common
from ranvier.layers.layer import Layer


class Add(Layer):
    """Sums its inputs element by element: y = x_0 + x_1 + ...

    Args:
        **kwargs: those of `Layer`.

    Input shape: a list of at least two of one shape. Output shape: the same.
    Raises: ValueError where the shapes differ.

    >>> import numpy as np
    >>> Add()([np.array([[1.0]]), np.array([[2.0]])])
    array([[3.]], dtype=float32)
    """

    kind = "add"
    supports_masking = True
    merges = True

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return common(previous_mask)


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Sums symbols or arrays element by element; see `Add`.

    Args:
        inputs: a list of at least two of one shape.
        **kwargs: those of `Layer`.

    >>> import numpy as np
    >>> add([np.array([[1.0]]), np.array([[2.0]])])
    array([[3.]], dtype=float32)
    """
    return Add(**kwargs)(inputs)
