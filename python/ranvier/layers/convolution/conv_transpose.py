"""Transposed convolutions: from small images to large ones."""

from __future__ import annotations

from typing import Any

from ranvier.layers.convolution.convolving import Convolving
from ranvier.layers.spatial import numbers


def checked_output_padding(where: str, output_padding: Any, strides: Any, rank: int) -> tuple[int, ...] | None:
    """None, or an integer for each axis, below the axis's stride.

    Raises: ValueError otherwise.
    """
    if output_padding is None:
        return None
    found = numbers(where, "output_padding", output_padding, rank, least=0)
    if any(more >= stride for more, stride in zip(found, numbers(where, "strides", strides, rank), strict=True)):
        raise ValueError(f"[{where}] output_padding must be less than strides, got {output_padding!r} and {strides!r}")
    return found


class Conv1DTranspose(Convolving):
    """The adjoint of a convolution of sequences: y = activation(conv'(x, W) + b).

    Every x adds its share, x times W, to a window of y; where windows overlap, shares add up.

    Args:
        filters: number of channels of y, at least 1.
        kernel_size: size of the windows, an integer.
        strides: steps between the windows in y, an integer.
        padding: "valid" keeps all of y; "same" cuts its edges to size * stride.
        output_padding: what is added to the size of y, an integer below the strides; None makes it size * stride for
            padding "same".
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        dilation_rate: steps between the elements of a window, an integer; not together with strides.
        activation: name, function or activation layer; None is linear.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (*kernel_size, filters, channels).
        bias_initializer: initial values of b, (filters,).
        kernel_regularizer: penalty on W that is added to the loss: a name or a `Regularizer`.
        bias_regularizer: penalty on b.
        activity_regularizer: penalty on y, divided by the rows of the batch.
        kernel_constraint: condition on W that is restored after each update: a name or a `Constraint`.
        bias_constraint: condition on b.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, channels), or with the channels first. Output shape: (batch, new steps, filters).
    Raises: ValueError for numbers out of range.
    Source: Zeiler et al., CVPR 2010; Dumoulin and Visin, arXiv:1603.07285.

    >>> import numpy as np
    >>> Conv1DTranspose(1, 2, kernel_initializer="ones")(np.array([[[1.0], [2.0]]]))[0, :, 0]
    array([1., 3., 2.], dtype=float32)
    """

    kind = "transposed_convolution"
    rank = 1

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self.output_padding = checked_output_padding(type(self).__name__, output_padding, strides, 1)
        self._set(locals())


class Conv2DTranspose(Convolving):
    """The adjoint of a convolution of images: y = activation(conv'(x, W) + b).

    Every x adds its share, x times W, to a window of y; where windows overlap, shares add up.

    Args:
        filters: number of channels of y, at least 1.
        kernel_size: size of the windows, an integer or two.
        strides: steps between the windows in y, an integer or two.
        padding: "valid" keeps all of y; "same" cuts its edges to size * stride.
        output_padding: what is added to the size of y, an integer or two below the strides; None makes it size * stride
            for padding "same".
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        dilation_rate: steps between the elements of a window, an integer or two; not together with strides.
        activation: name, function or activation layer; None is linear.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (*kernel_size, filters, channels).
        bias_initializer: initial values of b, (filters,).
        kernel_regularizer: penalty on W that is added to the loss: a name or a `Regularizer`.
        bias_regularizer: penalty on b.
        activity_regularizer: penalty on y, divided by the rows of the batch.
        kernel_constraint: condition on W that is restored after each update: a name or a `Constraint`.
        bias_constraint: condition on b.
        **kwargs: those of `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: (batch, new height, new
    width, filters).
    Raises: ValueError for numbers out of range.
    Source: Zeiler et al., CVPR 2010; Dumoulin and Visin, arXiv:1603.07285.

    >>> import numpy as np
    >>> Conv2DTranspose(3, 3, strides=2, padding="same")(np.ones((2, 8, 8, 4))).shape
    (2, 16, 16, 3)
    """

    kind = "transposed_convolution"
    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self.output_padding = checked_output_padding(type(self).__name__, output_padding, strides, 2)
        self._set(locals())


class Conv3DTranspose(Convolving):
    """The adjoint of a convolution of volumes: y = activation(conv'(x, W) + b).

    Every x adds its share, x times W, to a window of y; where windows overlap, shares add up.

    Args:
        filters: number of channels of y, at least 1.
        kernel_size: size of the windows, an integer or three.
        strides: steps between the windows in y, an integer or three.
        padding: "valid" keeps all of y; "same" cuts its edges to size * stride.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        output_padding: what is added to the size of y, an integer or three below the strides; None makes it size *
            stride for padding "same".
        dilation_rate: steps between the elements of a window, an integer or three; not together with strides.
        activation: name, function or activation layer; None is linear.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (*kernel_size, filters, channels).
        bias_initializer: initial values of b, (filters,).
        kernel_regularizer: penalty on W that is added to the loss: a name or a `Regularizer`.
        bias_regularizer: penalty on b.
        activity_regularizer: penalty on y, divided by the rows of the batch.
        kernel_constraint: condition on W that is restored after each update: a name or a `Constraint`.
        bias_constraint: condition on b.
        **kwargs: those of `Layer`.

    Input shape: (batch, depth, height, width, channels), or with the channels first. Output shape: (batch, new
    depth, new height, new width, filters).
    Raises: ValueError for numbers out of range.
    Source: Zeiler et al., CVPR 2010; Dumoulin and Visin, arXiv:1603.07285.

    >>> import numpy as np
    >>> Conv3DTranspose(3, 2, strides=2)(np.ones((1, 2, 3, 4, 5))).shape
    (1, 4, 6, 8, 3)
    """

    kind = "transposed_convolution"
    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: Any = None,
        dilation_rate: Any = (1, 1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self.output_padding = checked_output_padding(type(self).__name__, output_padding, strides, 3)
        self._set(locals())
