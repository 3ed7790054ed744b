from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier.layers.layer import Layer
from ranvier.random import draw_seed


class Dropout(Layer):
    """In training sets a random share of its input to 0: y = x * mask / (1 - rate); otherwise y = x.

    Args:
        rate: share to drop, from 0 to 1.
        noise_shape: shape of the mask with the batch axis; 1 shares it along an axis, None takes the input's size.
        seed: an integer for masks of its own; None draws it from the library's generator.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.
    Raises: ValueError for a rate outside 0 .. 1.
    Source: Srivastava et al., JMLR 15, 2014.

    >>> import numpy as np
    >>> Dropout(0.5)(np.array([[1.0, 2.0]]))
    array([[1., 2.]], dtype=float32)
    """

    kind = "dropout"
    supports_masking = True

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        if not hasattr(rate, "__float__") or not 0 <= rate <= 1:
            raise ValueError(f"[Dropout] rate must be a number from 0 to 1, got {rate!r}")
        self.rate = float(rate)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self.seed = seed
        self._stream = draw_seed() if seed is None else int(seed)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        noise = None if self.noise_shape is None else [axis or 0 for axis in self.noise_shape]
        return {"rate": self.rate, "noise_shape": noise, "seed": self._stream}
