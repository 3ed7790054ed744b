from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier.layers.layer import Layer


class Dot(Layer):
    """Products of two inputs, summed along an axis of each: y[i, j] = sum over k of x_0[i, k] x_1[j, k].

    Args:
        axes: the axis of both, or of each, to sum along; the batch, 0, is not allowed.
        normalize: whether both are scaled to length 1 along that axis first: the cosine of their angle.
        **kwargs: those of `Layer`.

    Input shape: a list of two. Output shape: the other axes of the first, then those of the second; 1 if there are
    none.
    Raises: ValueError unless both have the same size along the axes.

    >>> import numpy as np
    >>> Dot(1)([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])])
    array([[11.]], dtype=float32)
    """

    kind = "dot"
    supports_masking = True
    merges = True

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        both = [axes, axes] if isinstance(axes, int) else list(axes)
        if len(both) != 2 or not all(isinstance(axis, int) for axis in both):
            raise ValueError(f"[Dot] axes must be an integer or two of them, got {axes!r}")
        self.axes = axes if isinstance(axes, int) else both
        self.normalize = bool(normalize)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        both = [self.axes, self.axes] if isinstance(self.axes, int) else list(self.axes)
        return {"axes": both, "normalize": self.normalize}

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return None


def dot(inputs: Sequence[Any], axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """Products of two symbols or arrays, summed along an axis of each; see `Dot`.

    Args:
        inputs: a list of two.
        axes: the axis of both, or of each, to sum along.
        **kwargs: those of `Dot`.

    >>> import numpy as np
    >>> dot([np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]])])
    array([[11.]], dtype=float32)
    """
    return Dot(axes, **kwargs)(inputs)
