"""Convolutions of sequences, images and volumes."""

from __future__ import annotations

from typing import Any

from ranvier.layers.convolution.convolving import Convolving


class Conv1D(Convolving):
    """Convolution of sequences: y = activation(conv(x, W) + b).

    Each output is the sum of a window of x times W, one for each filter; windows are not flipped.

    Args:
        filters: number of outputs for each window, at least 1.
        kernel_size: size of the windows, an integer.
        strides: steps between windows, an integer.
        padding: "valid" takes windows that lie in the input only; "same" pads with zeros, so that ceil(size / stride)
            come out; "causal" pads the beginning, so that no output sees later steps.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        dilation_rate: steps between the elements of a window, an integer; not together with strides.
        groups: the channels are cut into so many parts, each with filters / groups filters of its own.
        activation: name, function or activation layer; None is linear.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (*kernel_size, channels / groups, filters).
        bias_initializer: initial values of b, (filters,).
        kernel_regularizer: penalty on W that is added to the loss: a name or a `Regularizer`.
        bias_regularizer: penalty on b.
        activity_regularizer: penalty on y, divided by the rows of the batch.
        kernel_constraint: condition on W that is restored after each update: a name or a `Constraint`.
        bias_constraint: condition on b.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, channels), or with the channels first. Output shape: (batch, new steps, filters).
    Raises: ValueError for numbers out of range, groups that do not divide channels and filters, or a window that is
        larger than the input.
    Source: LeCun et al., Proceedings of the IEEE 1998.

    >>> import numpy as np
    >>> Conv1D(1, 2, kernel_initializer="ones")(np.array([[[1.0], [2.0], [4.0]]]))
    array([[[3.],
            [6.]]], dtype=float32)
    """

    kind = "convolution"
    rank = 1
    causal = True

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
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
        self._set(locals())


class Conv2D(Convolving):
    """Convolution of images: y = activation(conv(x, W) + b).

    Each output is the sum of a window of x times W, one for each filter; windows are not flipped.

    Args:
        filters: number of outputs for each window, at least 1.
        kernel_size: size of the windows, an integer or two.
        strides: steps between windows, an integer or two.
        padding: "valid" takes windows that lie in the input only; "same" pads with zeros, so that ceil(size / stride)
            come out.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        dilation_rate: steps between the elements of a window, an integer or two; not together with strides.
        groups: the channels are cut into so many parts, each with filters / groups filters of its own.
        activation: name, function or activation layer; None is linear.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (*kernel_size, channels / groups, filters).
        bias_initializer: initial values of b, (filters,).
        kernel_regularizer: penalty on W that is added to the loss: a name or a `Regularizer`.
        bias_regularizer: penalty on b.
        activity_regularizer: penalty on y, divided by the rows of the batch.
        kernel_constraint: condition on W that is restored after each update: a name or a `Constraint`.
        bias_constraint: condition on b.
        **kwargs: those of `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: (batch, new height, new
    width, filters).
    Raises: ValueError for numbers out of range, groups that do not divide channels and filters, or a window that is
        larger than the input.
    Source: LeCun et al., Proceedings of the IEEE 1998.

    >>> import numpy as np
    >>> Conv2D(8, 3, padding="same", activation="relu")(np.ones((2, 28, 28, 1))).shape
    (2, 28, 28, 8)
    """

    kind = "convolution"
    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        groups: int = 1,
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
        self._set(locals())


class Conv3D(Convolving):
    """Convolution of volumes: y = activation(conv(x, W) + b).

    Each output is the sum of a window of x times W, one for each filter; windows are not flipped.

    Args:
        filters: number of outputs for each window, at least 1.
        kernel_size: size of the windows, an integer or three.
        strides: steps between windows, an integer or three.
        padding: "valid" takes windows that lie in the input only; "same" pads with zeros, so that ceil(size / stride)
            come out.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        dilation_rate: steps between the elements of a window, an integer or three; not together with strides.
        groups: the channels are cut into so many parts, each with filters / groups filters of its own.
        activation: name, function or activation layer; None is linear.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (*kernel_size, channels / groups, filters).
        bias_initializer: initial values of b, (filters,).
        kernel_regularizer: penalty on W that is added to the loss: a name or a `Regularizer`.
        bias_regularizer: penalty on b.
        activity_regularizer: penalty on y, divided by the rows of the batch.
        kernel_constraint: condition on W that is restored after each update: a name or a `Constraint`.
        bias_constraint: condition on b.
        **kwargs: those of `Layer`.

    Input shape: (batch, depth, height, width, channels), or with the channels first. Output shape: (batch, new
    depth, new height, new width, filters).
    Raises: ValueError for numbers out of range, groups that do not divide channels and filters, or a window that is
        larger than the input.
    Source: LeCun et al., Proceedings of the IEEE 1998.

    >>> import numpy as np
    >>> Conv3D(4, 2, strides=2)(np.ones((1, 4, 6, 8, 3))).shape
    (1, 2, 3, 4, 4)
    """

    kind = "convolution"
    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1, 1),
        groups: int = 1,
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
        self._set(locals())
