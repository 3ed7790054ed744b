from __future__ import annotations

from typing import Any

from ranvier.layers.layer import Layer


class Rescaling(Layer):
    """Scales and shifts its input: y = scale * x + offset.

    Args:
        scale: factor.
        offset: what is added after it.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.

    >>> import numpy as np
    >>> Rescaling(1 / 255)(np.array([[0, 255]]))
    array([[0., 1.]], dtype=float32)
    """

    kind = "rescaling"
    supports_masking = True

    def __init__(self, scale: float, offset: float = 0.0, **kwargs: Any) -> None:
        self.scale = float(scale)
        self.offset = float(offset)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"scale": self.scale, "offset": self.offset}
