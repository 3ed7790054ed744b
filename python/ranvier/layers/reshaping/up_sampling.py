"""Larger sequences, images and volumes."""

from __future__ import annotations

from typing import Any

from ranvier.errors import one_of
from ranvier.layers.layer import Layer
from ranvier.layers.spatial import checked_format, numbers, whole

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class UpSampling1D(Layer):
    """Repeats every step of sequences `size` times.

    Args:
        size: factor of each axis, an integer.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, channels). Output shape: (batch, steps * size, channels).
    Raises: ValueError for factors below 1.

    >>> import numpy as np
    >>> UpSampling1D(2)(np.array([[[1.0], [2.0]]]))[0, :, 0]
    array([1., 1., 2., 2.], dtype=float32)
    """

    kind = "up_sampling"

    def __init__(self, size: Any = 2, **kwargs: Any) -> None:
        self.size = whole("UpSampling1D", "size", size)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"size": [self.size]}


class UpSampling2D(Layer):
    """Repeats the rows and columns of images, or interpolates between them.

    Args:
        size: factor of each axis, an integer or two.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        interpolation: "nearest" repeats; "bilinear" interpolates linearly between the centers of the old elements,
            "bicubic" with Keys's cubic convolution (1981, a = -1/2), "lanczos3" and "lanczos5" with Lanczos's window of
            3 or 5 elements to each side.
        **kwargs: those of `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: (batch, height *
    size[0], width * size[1], channels).
    Raises: ValueError for factors below 1 or another interpolation.

    >>> import numpy as np
    >>> UpSampling2D((1, 2), interpolation="bilinear")(np.array([[[[0.0], [4.0]]]]))[0, 0, :, 0]
    array([0., 1., 3., 4.], dtype=float32)
    """

    kind = "up_sampling"

    def __init__(
        self, size: Any = (2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any
    ) -> None:
        self.size = numbers("UpSampling2D", "size", size, 2)
        self.data_format = checked_format("UpSampling2D", data_format)
        self.interpolation = str(interpolation).lower()
        one_of("UpSampling2D", "interpolation", self.interpolation, _INTERPOLATIONS)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("size", "data_format", "interpolation")}


class UpSampling3D(Layer):
    """Repeats the elements of volumes along each axis.

    Args:
        size: factor of each axis, an integer or three.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        **kwargs: those of `Layer`.

    Input shape: (batch, depth, height, width, channels), or with the channels first. Output shape: (batch, depth *
    size[0], height * size[1], width * size[2], channels).
    Raises: ValueError for factors below 1.

    >>> import numpy as np
    >>> UpSampling3D(2)(np.ones((1, 2, 3, 4, 1))).shape
    (1, 4, 6, 8, 1)
    """

    kind = "up_sampling"

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
        self.size = numbers("UpSampling3D", "size", size, 3)
        self.data_format = checked_format("UpSampling3D", data_format)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"size": self.size, "data_format": self.data_format}
