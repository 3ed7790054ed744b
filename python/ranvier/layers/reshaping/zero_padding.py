"""Zeros around sequences, images and volumes."""

from __future__ import annotations

from typing import Any

from ranvier.layers.layer import Layer
from ranvier.layers.spatial import checked_format, numbers, pairs


class ZeroPadding1D(Layer):
    """Puts zeros around sequences.

    Args:
        padding: how many elements before and behind: an integer or a pair.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, channels), or with the channels first. Output shape: (batch, new steps, channels).
    Raises: ValueError for numbers below 0.

    >>> import numpy as np
    >>> ZeroPadding1D(1)(np.ones((1, 4, 1))).shape
    (1, 6, 1)
    """

    kind = "padding"

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        self.padding = numbers("ZeroPadding1D", "padding", padding, 2, least=0)
        self.data_format = checked_format("ZeroPadding1D", data_format)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"before": [self.padding[0]], "after": [self.padding[1]], "data_format": self.data_format}


class ZeroPadding2D(Layer):
    """Puts zeros around images.

    Args:
        padding: how many elements before and behind each axis: an integer for all, one for each axis, or a pair for
            each.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        **kwargs: those of `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: (batch, new height, new
    width, channels).
    Raises: ValueError for numbers below 0.

    >>> import numpy as np
    >>> ZeroPadding2D(1)(np.ones((1, 4, 4, 1))).shape
    (1, 6, 6, 1)
    """

    kind = "padding"

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        self.padding = pairs("ZeroPadding2D", "padding", padding, 2)
        self.data_format = checked_format("ZeroPadding2D", data_format)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        before, after = ([pair[side] for pair in self.padding] for side in (0, 1))
        return {"before": before, "after": after, "data_format": self.data_format}


class ZeroPadding3D(Layer):
    """Puts zeros around volumes.

    Args:
        padding: how many elements before and behind each axis: an integer for all, one for each axis, or a pair for
            each.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        **kwargs: those of `Layer`.

    Input shape: (batch, depth, height, width, channels), or with the channels first. Output shape: (batch, new
    depth, new height, new width, channels).
    Raises: ValueError for numbers below 0.

    >>> import numpy as np
    >>> ZeroPadding3D(1)(np.ones((1, 4, 4, 4, 1))).shape
    (1, 6, 6, 6, 1)
    """

    kind = "padding"

    def __init__(self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        self.padding = pairs("ZeroPadding3D", "padding", padding, 3)
        self.data_format = checked_format("ZeroPadding3D", data_format)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        before, after = ([pair[side] for pair in self.padding] for side in (0, 1))
        return {"before": before, "after": after, "data_format": self.data_format}
