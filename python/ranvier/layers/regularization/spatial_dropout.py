"""Dropout of whole feature maps."""

from __future__ import annotations

from typing import Any, ClassVar

from ranvier.layers.regularization.dropout import Dropout
from ranvier.layers.spatial import checked_format


class _SpatialDropout(Dropout):
    rank: ClassVar[int] = 0

    def _set_noise(self, channels_first: bool) -> None:
        # What Dropout is told, and no argument of this layer.
        shared = [1] * self.rank
        self.noise_shape = (None, None, *shared) if channels_first else (None, *shared, None)


class SpatialDropout1D(_SpatialDropout):
    """In training sets whole channels of a sequence to 0, and scales the others by 1 / (1 - rate); otherwise y = x.

    Args:
        rate: share of the channels to drop, from 0 to 1.
        seed: an integer for masks of its own; None draws it from the library's generator.
        name: see `Layer`.
        dtype: see `Layer`.

    Input shape: (batch, steps, channels). Output shape: the same.
    Raises: ValueError for a rate outside 0 .. 1.
    Source: Tompson et al., CVPR 2015.

    >>> import numpy as np
    >>> SpatialDropout1D(0.5)(np.ones((1, 2, 1)))[0, :, 0]
    array([1., 1.], dtype=float32)
    """

    rank = 1

    def __init__(
        self, rate: float, seed: int | None = None, name: str | None = None, dtype: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(rate, None, seed, name=name, dtype=dtype, **kwargs)
        self._set_noise(channels_first=False)


class SpatialDropout2D(_SpatialDropout):
    """In training sets whole channels of an image to 0, and scales the others by 1 / (1 - rate); otherwise y = x.

    Args:
        rate: share of the channels to drop, from 0 to 1.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        seed: an integer for masks of its own; None draws it from the library's generator.
        name: see `Layer`.
        dtype: see `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: the same.
    Raises: ValueError for a rate outside 0 .. 1 or another format.
    Source: Tompson et al., CVPR 2015.

    >>> import numpy as np
    >>> SpatialDropout2D(0.5)(np.ones((1, 2, 1, 1)))[0, :, 0, 0]
    array([1., 1.], dtype=float32)
    """

    rank = 2

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(rate, None, seed, name=name, dtype=dtype, **kwargs)
        self.data_format = checked_format(type(self).__name__, data_format)
        self._set_noise(self.data_format == "channels_first")


class SpatialDropout3D(SpatialDropout2D):
    """In training sets whole channels of a volume to 0, and scales the others by 1 / (1 - rate); otherwise y = x.

    Args:
        rate: share of the channels to drop, from 0 to 1.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        seed: an integer for masks of its own; None draws it from the library's generator.
        name: see `Layer`.
        dtype: see `Layer`.

    Input shape: (batch, depth, height, width, channels), or with the channels first. Output shape: the same.
    Raises: ValueError for a rate outside 0 .. 1 or another format.
    Source: Tompson et al., CVPR 2015.

    >>> import numpy as np
    >>> SpatialDropout3D(0.5)(np.ones((1, 2, 1, 1, 1)))[0, :, 0, 0, 0]
    array([1., 1.], dtype=float32)
    """

    rank = 3
