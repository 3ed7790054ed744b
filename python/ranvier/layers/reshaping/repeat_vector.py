from __future__ import annotations

from typing import Any

from ranvier.layers.layer import Layer, checked_shape


class RepeatVector(Layer):
    """Each row n times: y[t] = x.

    Args:
        n: how often.
        **kwargs: those of `Layer`.

    Input shape: (batch, features). Output shape: (batch, n, features).
    Raises: ValueError for n below 1, or rows that are no vectors.

    >>> import numpy as np
    >>> RepeatVector(2)(np.array([[1.0, 2.0]]))
    array([[[1., 2.], [1., 2.]]], dtype=float32)
    """

    kind = "repeat"

    def __init__(self, n: int, **kwargs: Any) -> None:
        [self.n] = checked_shape("RepeatVector", n)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"n": self.n, "new_axis": True}
