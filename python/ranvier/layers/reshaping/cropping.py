"""Sequences, images and volumes without their edges."""

from __future__ import annotations

from typing import Any

from ranvier.layers.layer import Layer
from ranvier.layers.spatial import checked_format, numbers, pairs


class Cropping1D(Layer):
    """Cuts the edges off sequences.

    Args:
        cropping: how many elements before and behind: an integer or a pair.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, channels). Output shape: (batch, new steps, channels).
    Raises: ValueError for numbers below 0, or where nothing is left.

    >>> import numpy as np
    >>> Cropping1D(1)(np.ones((1, 4, 1))).shape
    (1, 2, 1)
    """

    kind = "padding"

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        self.cropping = numbers("Cropping1D", "cropping", cropping, 2, least=0)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"before": [-self.cropping[0]], "after": [-self.cropping[1]]}


class Cropping2D(Layer):
    """Cuts the edges off images.

    Args:
        cropping: how many elements before and behind each axis: an integer for all, one for each axis, or a pair
            for each.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        **kwargs: those of `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: (batch, new height, new
    width, channels).
    Raises: ValueError for numbers below 0, or where nothing is left.

    >>> import numpy as np
    >>> Cropping2D(1)(np.ones((1, 4, 4, 1))).shape
    (1, 2, 2, 1)
    """

    kind = "padding"

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        self.cropping = pairs("Cropping2D", "cropping", cropping, 2)
        self.data_format = checked_format("Cropping2D", data_format)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        before, after = ([-pair[side] for pair in self.cropping] for side in (0, 1))
        return {"before": before, "after": after, "data_format": self.data_format}


class Cropping3D(Layer):
    """Cuts the edges off volumes.

    Args:
        cropping: how many elements before and behind each axis: an integer for all, one for each axis, or a pair
            for each.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        **kwargs: those of `Layer`.

    Input shape: (batch, depth, height, width, channels), or with the channels first. Output shape: (batch, new
    depth, new height, new width, channels).
    Raises: ValueError for numbers below 0, or where nothing is left.

    >>> import numpy as np
    >>> Cropping3D(1)(np.ones((1, 4, 4, 4, 1))).shape
    (1, 2, 2, 2, 1)
    """

    kind = "padding"

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        self.cropping = pairs("Cropping3D", "cropping", cropping, 3)
        self.data_format = checked_format("Cropping3D", data_format)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        before, after = ([-pair[side] for pair in self.cropping] for side in (0, 1))
        return {"before": before, "after": after, "data_format": self.data_format}
