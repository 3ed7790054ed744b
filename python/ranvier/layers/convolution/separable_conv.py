"""Convolutions in space, then across the channels."""

from __future__ import annotations

from typing import Any

from ranvier.layers.convolution.convolving import Convolving


class SeparableConv1D(Convolving):
    """Convolution of sequences in two steps: y = activation(conv(x, W) V + b).

    W moves over each channel by itself, V mixes the channels of every place: far fewer weights than `Conv1D` has.

    Args:
        filters: number of outputs for each window, at least 1.
        kernel_size: size of the windows, an integer.
        strides: steps between windows, an integer.
        padding: "valid" takes windows that lie in the input only; "same" pads with zeros, so that ceil(size / stride)
            come out.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        dilation_rate: steps between the elements of a window, an integer; not together with strides.
        depth_multiplier: outputs of each channel of the first step, at least 1.
        activation: name, function or activation layer; None is linear.
        use_bias: whether b is there.
        depthwise_initializer: initial values of W, (*kernel_size, channels, depth_multiplier).
        pointwise_initializer: initial values of V, (..., channels * depth_multiplier, filters).
        bias_initializer: initial values of b, (filters,).
        depthwise_regularizer: penalty on W that is added to the loss: a name or a `Regularizer`.
        pointwise_regularizer: penalty on V that is added to the loss: a name or a `Regularizer`.
        bias_regularizer: penalty on b.
        activity_regularizer: penalty on y, divided by the rows of the batch.
        depthwise_constraint: condition on W that is restored after each update: a name or a `Constraint`.
        pointwise_constraint: condition on V that is restored after each update: a name or a `Constraint`.
        bias_constraint: condition on b.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, channels), or with the channels first. Output shape: (batch, new steps, filters).
    Raises: ValueError for numbers out of range, or a window that is larger than the input.
    Source: Chollet, CVPR 2017.

    >>> import numpy as np
    >>> SeparableConv1D(5, 3)(np.ones((2, 10, 4))).shape
    (2, 8, 5)
    """

    kind = "separable_convolution"
    rank = 1
    options_of = {"depthwise_kernel": "depthwise", "pointwise_kernel": "pointwise"}

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self._set(locals())


class SeparableConv2D(Convolving):
    """Convolution of images in two steps: y = activation(conv(x, W) V + b).

    W moves over each channel by itself, V mixes the channels of every place: far fewer weights than `Conv2D` has.

    Args:
        filters: number of outputs for each window, at least 1.
        kernel_size: size of the windows, an integer or two.
        strides: steps between windows, an integer or two.
        padding: "valid" takes windows that lie in the input only; "same" pads with zeros, so that ceil(size / stride)
            come out.
        data_format: "channels_last" or "channels_first"; by default `ranvier.config.image_data_format()`.
        dilation_rate: steps between the elements of a window, an integer or two; not together with strides.
        depth_multiplier: outputs of each channel of the first step, at least 1.
        activation: name, function or activation layer; None is linear.
        use_bias: whether b is there.
        depthwise_initializer: initial values of W, (*kernel_size, channels, depth_multiplier).
        pointwise_initializer: initial values of V, (..., channels * depth_multiplier, filters).
        bias_initializer: initial values of b, (filters,).
        depthwise_regularizer: penalty on W that is added to the loss: a name or a `Regularizer`.
        pointwise_regularizer: penalty on V that is added to the loss: a name or a `Regularizer`.
        bias_regularizer: penalty on b.
        activity_regularizer: penalty on y, divided by the rows of the batch.
        depthwise_constraint: condition on W that is restored after each update: a name or a `Constraint`.
        pointwise_constraint: condition on V that is restored after each update: a name or a `Constraint`.
        bias_constraint: condition on b.
        **kwargs: those of `Layer`.

    Input shape: (batch, height, width, channels), or with the channels first. Output shape: (batch, new height, new
    width, filters).
    Raises: ValueError for numbers out of range, or a window that is larger than the input.
    Source: Chollet, CVPR 2017.

    >>> import numpy as np
    >>> SeparableConv2D(5, 3, padding="same")(np.ones((2, 8, 8, 4))).shape
    (2, 8, 8, 5)
    """

    kind = "separable_convolution"
    rank = 2
    options_of = {"depthwise_kernel": "depthwise", "pointwise_kernel": "pointwise"}

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self._set(locals())
