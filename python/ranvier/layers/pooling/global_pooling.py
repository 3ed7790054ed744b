"""One element of all of a channel."""

from __future__ import annotations

from typing import Any

from ranvier.layers.pooling.pooling import GlobalPooling


class GlobalMaxPooling1D(GlobalPooling):
    """The greatest element of each channel of sequences: y = max(x).

    Args:
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, channels), or with the channels first. Output shape: (batch, channels), or with
    `keepdims` (batch, 1, channels).
    Raises: ValueError for another data format.

    >>> import numpy as np
    >>> GlobalMaxPooling1D()(np.ones((2, 5, 3))).shape
    (2, 3)
    """

    kind = "global_max_pooling"
    rank = 1

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        self._set(data_format, keepdims, kwargs)


class GlobalMaxPooling2D(GlobalPooling):
    """The greatest element of each channel of images: y = max(x).

    Args:
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: those of `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: (batch, channels), or
    with `keepdims` (batch, 1, 1, channels).
    Raises: ValueError for another data format.

    >>> import numpy as np
    >>> GlobalMaxPooling2D()(np.ones((2, 4, 5, 3))).shape
    (2, 3)
    """

    kind = "global_max_pooling"
    rank = 2

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        self._set(data_format, keepdims, kwargs)


class GlobalMaxPooling3D(GlobalPooling):
    """The greatest element of each channel of volumes: y = max(x).

    Args:
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: those of `Layer`.

    Input shape: (batch, depth, height, width, channels), or with the channels first. Output shape: (batch,
    channels), or with `keepdims` (batch, 1, 1, 1, channels).
    Raises: ValueError for another data format.

    >>> import numpy as np
    >>> GlobalMaxPooling3D()(np.ones((2, 3, 4, 5, 3))).shape
    (2, 3)
    """

    kind = "global_max_pooling"
    rank = 3

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        self._set(data_format, keepdims, kwargs)


class GlobalAveragePooling1D(GlobalPooling):
    """The mean of each channel of sequences, over the steps that a mask leaves: y = mean(x).

    Args:
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, channels), or with the channels first. Output shape: (batch, channels), or with
    `keepdims` (batch, 1, channels).
    Raises: ValueError for another data format.

    >>> import numpy as np
    >>> GlobalAveragePooling1D()(np.ones((2, 5, 3))).shape
    (2, 3)
    >>> GlobalAveragePooling1D()(np.array([[[1.0], [5.0]]]), mask=np.array([[1, 0]]))
    array([[1.]], dtype=float32)
    """

    kind = "global_average_pooling"
    rank = 1

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        self._set(data_format, keepdims, kwargs)
        self.takes_masks = self.data_format == "channels_last"


class GlobalAveragePooling2D(GlobalPooling):
    """The mean of each channel of images: y = mean(x).

    Args:
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: those of `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: (batch, channels), or
    with `keepdims` (batch, 1, 1, channels).
    Raises: ValueError for another data format.

    >>> import numpy as np
    >>> GlobalAveragePooling2D()(np.ones((2, 4, 5, 3))).shape
    (2, 3)
    """

    kind = "global_average_pooling"
    rank = 2

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        self._set(data_format, keepdims, kwargs)


class GlobalAveragePooling3D(GlobalPooling):
    """The mean of each channel of volumes: y = mean(x).

    Args:
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        keepdims: whether the spatial axes stay, with size 1.
        **kwargs: those of `Layer`.

    Input shape: (batch, depth, height, width, channels), or with the channels first. Output shape: (batch,
    channels), or with `keepdims` (batch, 1, 1, 1, channels).
    Raises: ValueError for another data format.

    >>> import numpy as np
    >>> GlobalAveragePooling3D()(np.ones((2, 3, 4, 5, 3))).shape
    (2, 3)
    """

    kind = "global_average_pooling"
    rank = 3

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        self._set(data_format, keepdims, kwargs)
