from __future__ import annotations

from typing import Any

from ranvier.errors import one_of
from ranvier.layers.layer import Layer


class Flatten(Layer):
    """Lays each row out as one vector.

    Args:
        data_format: "channels_last" (the same as None); "channels_first" is not supported.
        **kwargs: those of `Layer`.

    Input shape: (batch, a, b, ...). Output shape: (batch, a * b * ...).
    Raises: ValueError for another data format.

    >>> import numpy as np
    >>> Flatten()(np.ones((2, 3, 4))).shape
    (2, 12)
    """

    kind = "flatten"

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        one_of("Flatten", "data_format", data_format, (None, "channels_last"))
        self.data_format = data_format
        super().__init__(**kwargs)
