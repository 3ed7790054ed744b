"""The mean of each window."""

from __future__ import annotations

from typing import Any

from ranvier.layers.pooling.pooling import Pooling


class AveragePooling1D(Pooling):
    """The mean of each window of sequences, channel by channel: y = mean(window of x).

    Args:
        pool_size: size of the windows, an integer.
        strides: steps between windows, an integer; None is the size of the windows.
        padding: "valid" takes windows that lie in the input only; "same" takes ceil(size / stride) of them, and
            what lies outside does not count.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        name: see `Layer`.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, channels), or with the channels first. Output shape: (batch, new steps, channels).
    Raises: ValueError for numbers below 1, or a window that is larger than the input.

    >>> import numpy as np
    >>> AveragePooling1D(2)(np.array([[[1.0], [3.0], [2.0], [0.0]]]))[0, :, 0]
    array([2., 1.], dtype=float32)
    """

    kind = "average_pooling"
    rank = 1

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._set(locals())


class AveragePooling2D(Pooling):
    """The mean of each window of images, channel by channel: y = mean(window of x).

    Args:
        pool_size: size of the windows, an integer or two.
        strides: steps between windows, an integer or two; None is the size of the windows.
        padding: "valid" takes windows that lie in the input only; "same" takes ceil(size / stride) of them, and
            what lies outside does not count.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        name: see `Layer`.
        **kwargs: those of `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: (batch, new height, new
    width, channels).
    Raises: ValueError for numbers below 1, or a window that is larger than the input.

    >>> import numpy as np
    >>> AveragePooling2D(2)(np.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]], dtype=float32)
    """

    kind = "average_pooling"
    rank = 2

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._set(locals())


class AveragePooling3D(Pooling):
    """The mean of each window of volumes, channel by channel: y = mean(window of x).

    Args:
        pool_size: size of the windows, an integer or three.
        strides: steps between windows, an integer or three; None is the size of the windows.
        padding: "valid" takes windows that lie in the input only; "same" takes ceil(size / stride) of them, and
            what lies outside does not count.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        name: see `Layer`.
        **kwargs: those of `Layer`.

    Input shape: (batch, depth, height, width, channels), or with the channels first. Output shape: (batch, new
    depth, new height, new width, channels).
    Raises: ValueError for numbers below 1, or a window that is larger than the input.

    >>> import numpy as np
    >>> AveragePooling3D(2)(np.ones((1, 4, 4, 4, 2))).shape
    (1, 2, 2, 2, 2)
    """

    kind = "average_pooling"
    rank = 3

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._set(locals())
