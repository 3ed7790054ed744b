from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier.layers.regularization.dropout import Dropout
from ranvier.layers.regularization.noise import checked_rate


class AlphaDropout(Dropout):
    """Dropout for selu networks: a random share of x becomes selu's least value, mean and variance stay.

    With low = -1.7581, y = a * (x or low) + b for a = ((1 - rate) * (1 + rate * low^2))^-1/2 and b = -a * rate * low.

    Args:
        rate: share to drop, from 0 to below 1.
        noise_shape: shape of the mask with the batch axis; 1 shares it along an axis, None takes the input's size.
        seed: an integer for masks of its own; None draws it from the library's generator.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.
    Raises: ValueError for a rate outside that range.
    Source: Klambauer et al., NeurIPS 2017.

    >>> import numpy as np
    >>> AlphaDropout(0.5)(np.array([[1.0, 2.0]]))
    array([[1., 2.]], dtype=float32)
    """

    kind = "alpha_dropout"

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(checked_rate("AlphaDropout", rate), noise_shape, seed, **kwargs)
