"""Convolutions of each channel by itself."""

from __future__ import annotations

from typing import Any

from ranvier.layers.convolution.convolving import Convolving


class DepthwiseConv1D(Convolving):
    """Convolution of each channel of sequences by itself: y = activation(conv(x, W) + b).

    The outputs of a channel lie side by side: channel c makes c * depth_multiplier and the following ones.

    Args:
        kernel_size: size of the windows, an integer.
        strides: steps between windows, an integer.
        padding: "valid" takes windows that lie in the input only; "same" pads with zeros, so that ceil(size / stride)
            come out.
        depth_multiplier: outputs of each channel, at least 1.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        dilation_rate: steps between the elements of a window, an integer; not together with strides.
        activation: name, function or activation layer; None is linear.
        use_bias: whether b is there.
        depthwise_initializer: initial values of W, (*kernel_size, channels, depth_multiplier).
        bias_initializer: initial values of b, (channels * depth_multiplier,).
        depthwise_regularizer: penalty on W that is added to the loss: a name or a `Regularizer`.
        bias_regularizer: penalty on b.
        activity_regularizer: penalty on y, divided by the rows of the batch.
        depthwise_constraint: condition on W that is restored after each update: a name or a `Constraint`.
        bias_constraint: condition on b.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, channels), or with the channels first. Output shape: (batch, new steps, channels *
    depth_multiplier).
    Raises: ValueError for numbers out of range, or a window that is larger than the input.
    Source: Chollet, CVPR 2017.

    >>> import numpy as np
    >>> DepthwiseConv1D(3, padding="same")(np.ones((2, 10, 4))).shape
    (2, 10, 4)
    """

    kind = "convolution"
    rank = 1
    options_of = {"kernel": "depthwise"}

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self._set(locals())


class DepthwiseConv2D(Convolving):
    """Convolution of each channel of images by itself: y = activation(conv(x, W) + b).

    The outputs of a channel lie side by side: channel c makes c * depth_multiplier and the following ones.

    Args:
        kernel_size: size of the windows, an integer or two.
        strides: steps between windows, an integer or two.
        padding: "valid" takes windows that lie in the input only; "same" pads with zeros, so that ceil(size / stride)
            come out.
        depth_multiplier: outputs of each channel, at least 1.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        dilation_rate: steps between the elements of a window, an integer or two; not together with strides.
        activation: name, function or activation layer; None is linear.
        use_bias: whether b is there.
        depthwise_initializer: initial values of W, (*kernel_size, channels, depth_multiplier).
        bias_initializer: initial values of b, (channels * depth_multiplier,).
        depthwise_regularizer: penalty on W that is added to the loss: a name or a `Regularizer`.
        bias_regularizer: penalty on b.
        activity_regularizer: penalty on y, divided by the rows of the batch.
        depthwise_constraint: condition on W that is restored after each update: a name or a `Constraint`.
        bias_constraint: condition on b.
        **kwargs: those of `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: (batch, new height, new
    width, channels * depth_multiplier).
    Raises: ValueError for numbers out of range, or a window that is larger than the input.
    Source: Chollet, CVPR 2017.

    >>> import numpy as np
    >>> DepthwiseConv2D(3, depth_multiplier=2)(np.ones((2, 8, 8, 4))).shape
    (2, 6, 6, 8)
    """

    kind = "convolution"
    rank = 2
    options_of = {"kernel": "depthwise"}

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self._set(locals())
