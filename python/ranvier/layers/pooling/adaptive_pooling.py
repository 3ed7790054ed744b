"""Pooling to a given size."""

from __future__ import annotations

from typing import Any

from ranvier.layers.pooling.pooling import AdaptivePooling


class AdaptiveMaxPooling1D(AdaptivePooling):
    """The greatest element of each of the parts that the axes of sequences are cut into, channel by channel.

    Part j of n of an axis with m elements begins at floor(j m / n) and ends before ceil((j + 1) m / n).

    Args:
        output_size: number of parts of each axis, an integer.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, channels), or with the channels first. Output shape: (batch, *output_size,
    channels).
    Raises: ValueError for numbers below 1.

    >>> import numpy as np
    >>> AdaptiveMaxPooling1D(2)(np.ones((2, 5, 3))).shape
    (2, 2, 3)
    """

    kind = "max_pooling"
    rank = 1

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        self._set(output_size, data_format, kwargs)


class AdaptiveMaxPooling2D(AdaptivePooling):
    """The greatest element of each of the parts that the axes of images are cut into, channel by channel.

    Part j of n of an axis with m elements begins at floor(j m / n) and ends before ceil((j + 1) m / n).

    Args:
        output_size: number of parts of each axis, an integer or two.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        **kwargs: those of `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: (batch, *output_size,
    channels).
    Raises: ValueError for numbers below 1.

    >>> import numpy as np
    >>> AdaptiveMaxPooling2D(2)(np.ones((2, 4, 5, 3))).shape
    (2, 2, 2, 3)
    """

    kind = "max_pooling"
    rank = 2

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        self._set(output_size, data_format, kwargs)


class AdaptiveMaxPooling3D(AdaptivePooling):
    """The greatest element of each of the parts that the axes of volumes are cut into, channel by channel.

    Part j of n of an axis with m elements begins at floor(j m / n) and ends before ceil((j + 1) m / n).

    Args:
        output_size: number of parts of each axis, an integer or three.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        **kwargs: those of `Layer`.

    Input shape: (batch, depth, height, width, channels), or with the channels first. Output shape: (batch,
    *output_size, channels).
    Raises: ValueError for numbers below 1.

    >>> import numpy as np
    >>> AdaptiveMaxPooling3D(2)(np.ones((2, 3, 4, 5, 3))).shape
    (2, 2, 2, 2, 3)
    """

    kind = "max_pooling"
    rank = 3

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        self._set(output_size, data_format, kwargs)


class AdaptiveAveragePooling1D(AdaptivePooling):
    """The mean of each of the parts that the axes of sequences are cut into, channel by channel.

    Part j of n of an axis with m elements begins at floor(j m / n) and ends before ceil((j + 1) m / n).

    Args:
        output_size: number of parts of each axis, an integer.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, channels), or with the channels first. Output shape: (batch, *output_size,
    channels).
    Raises: ValueError for numbers below 1.

    >>> import numpy as np
    >>> AdaptiveAveragePooling1D(2)(np.ones((2, 5, 3))).shape
    (2, 2, 3)
    """

    kind = "average_pooling"
    rank = 1

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        self._set(output_size, data_format, kwargs)


class AdaptiveAveragePooling2D(AdaptivePooling):
    """The mean of each of the parts that the axes of images are cut into, channel by channel.

    Part j of n of an axis with m elements begins at floor(j m / n) and ends before ceil((j + 1) m / n).

    Args:
        output_size: number of parts of each axis, an integer or two.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        **kwargs: those of `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: (batch, *output_size,
    channels).
    Raises: ValueError for numbers below 1.

    >>> import numpy as np
    >>> AdaptiveAveragePooling2D(2)(np.ones((2, 4, 5, 3))).shape
    (2, 2, 2, 3)
    """

    kind = "average_pooling"
    rank = 2

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        self._set(output_size, data_format, kwargs)


class AdaptiveAveragePooling3D(AdaptivePooling):
    """The mean of each of the parts that the axes of volumes are cut into, channel by channel.

    Part j of n of an axis with m elements begins at floor(j m / n) and ends before ceil((j + 1) m / n).

    Args:
        output_size: number of parts of each axis, an integer or three.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        **kwargs: those of `Layer`.

    Input shape: (batch, depth, height, width, channels), or with the channels first. Output shape: (batch,
    *output_size, channels).
    Raises: ValueError for numbers below 1.

    >>> import numpy as np
    >>> AdaptiveAveragePooling3D(2)(np.ones((2, 3, 4, 5, 3))).shape
    (2, 2, 2, 2, 3)
    """

    kind = "average_pooling"
    rank = 3

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        self._set(output_size, data_format, kwargs)
