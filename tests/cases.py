"""One row for each layer, activation, loss, metric, optimizer, regularizer and so on, with its NumPy float64 formula.

tests/python/test_cases_*.py make all tests of a thing from its row, and fail where a thing has none. A formula comes
from the paper or from Keras's documentation, never from the code that it judges; its default arguments are Keras's.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray
Arguments = dict[str, Any]
Shape = tuple[int, ...]

EPSILON = 1e-7  # Keras's


# --- Activations: y = formula(x, **arguments) -------------------------------------------------------------------------


@dataclass(frozen=True)
class Activation:
    """`arguments`: sets of parameters to try besides the defaults, which are those of the formula."""

    name: str
    formula: Callable[..., Array]
    arguments: tuple[Arguments, ...] = ()


def sigmoid(x: Array) -> Array:
    return np.exp(-np.logaddexp(0, -x))


def negative(x: Array) -> Array:
    """Where x is positive 0, so that a function of the negative side cannot overflow."""
    return np.minimum(x, 0)


def gelu(x: Array, approximate: float = 0) -> Array:
    if approximate:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * np.vectorize(math.erfc, otypes=[float])(-x / math.sqrt(2))


def relu(x: Array, negative_slope: float = 0, max_value: float = math.inf, threshold: float = 0) -> Array:
    slope = negative_slope * np.where(np.isinf(x) & (negative_slope == 0), 0, x - threshold)
    return np.where(x > threshold, np.minimum(x, max_value), slope)


def selu(x: Array) -> Array:
    return 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(negative(x)))


def sparse_plus(x: Array) -> Array:
    return np.where(x <= -1, 0, np.where(x < 1, (np.clip(x, -1, 1) + 1) ** 2 / 4, x))


def squareplus(x: Array, b: float = 4) -> Array:
    root = np.sqrt(x * x + b)
    return np.where(x < 0, b / (2 * (root - np.minimum(x, 0))), (x + root) / 2)  # the sum would cancel


ACTIVATIONS = [
    Activation("celu", lambda x, alpha=1: np.where(x > 0, x, alpha * np.expm1(negative(x) / alpha)), ({"alpha": 0.4},)),
    Activation("elu", lambda x, alpha=1: np.where(x > 0, x, alpha * np.expm1(negative(x))), ({"alpha": 0.4},)),
    Activation("exponential", np.exp),
    Activation("gelu", gelu, ({"approximate": 1},)),
    Activation("hard_shrink", lambda x, threshold=0.5: np.where(abs(x) > threshold, x, 0), ({"threshold": 1.1},)),
    Activation("hard_sigmoid", lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    Activation("hard_silu", lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    Activation("hard_tanh", lambda x: np.clip(x, -1, 1)),
    Activation(
        "leaky_relu",
        lambda x, negative_slope=0.2: np.where(x > 0, x, negative_slope * x),
        ({"negative_slope": 0}, {"negative_slope": 0.5}),
    ),
    Activation("linear", lambda x: x),
    Activation("log_sigmoid", lambda x: -np.logaddexp(0, -x)),
    Activation("mish", lambda x: x * np.tanh(np.logaddexp(0, x))),
    Activation(
        "relu",
        relu,
        (
            {"negative_slope": 0.3},
            {"max_value": 1.5},
            {"threshold": 0.7},
            {"negative_slope": 0.3, "max_value": 2, "threshold": 0.7},
        ),
    ),
    Activation("relu6", lambda x: np.clip(x, 0, 6)),
    Activation("selu", selu),
    Activation("sigmoid", sigmoid),
    Activation("silu", lambda x: x * sigmoid(x)),
    Activation(
        "soft_shrink",
        lambda x, threshold=0.5: np.sign(x) * np.maximum(abs(x) - threshold, 0),
        ({"threshold": 1.1},),
    ),
    Activation("softplus", lambda x: np.logaddexp(0, x)),
    Activation("softsign", lambda x: x / (1 + abs(x))),
    Activation("sparse_plus", sparse_plus),
    Activation("sparse_sigmoid", lambda x: np.clip((x + 1) / 2, 0, 1)),
    Activation("squareplus", squareplus, ({"b": 0.3},)),
    Activation("tanh", np.tanh),
    Activation("tanh_shrink", lambda x: x - np.tanh(x)),
    Activation(
        "threshold",
        lambda x, threshold=0, default_value=0: np.where(x > threshold, x, default_value),
        ({"threshold": 0.7, "default_value": -2},),
    ),
]


# --- Activations along an axis: y = formula(x, axis) ------------------------------------------------------------------


@dataclass(frozen=True)
class AxisActivation:
    """`fits_dense`: keeps the shape, so that a dense layer may end in it."""

    name: str
    formula: Callable[[Array, int], Array]
    fits_dense: bool = True


def softmax(x: Array, axis: int = -1) -> Array:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def log_softmax(x: Array, axis: int = -1) -> Array:
    shifted = x - x.max(axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis, keepdims=True))


def sparsemax(x: Array, axis: int = -1) -> Array:
    """Algorithm 1 of Martins and Astudillo, 2016: sort, find the support, subtract its threshold."""
    z = -np.sort(-np.moveaxis(x, axis, -1))
    k = np.arange(1, z.shape[-1] + 1)
    support = (1 + k * z > z.cumsum(-1)).sum(-1, keepdims=True)
    tau = (np.take_along_axis(z.cumsum(-1), support - 1, -1) - 1) / support
    return np.maximum(x - np.moveaxis(tau, -1, axis), 0)


def glu(x: Array, axis: int = -1) -> Array:
    a, b = np.split(x, 2, axis)
    return a * sigmoid(b)


AXIS_ACTIVATIONS = [
    AxisActivation("softmax", softmax),
    AxisActivation("log_softmax", log_softmax),
    AxisActivation("sparsemax", sparsemax),
    AxisActivation("glu", glu, fits_dense=False),
]


# --- Layers: y = formula(x, ..., weight, ...) -------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    """`kind`: of the native node. `shapes`: of a row of each input.

    `training`: the formula in training, if it is another; its last argument draws the random bits of n elements.
    `samples`: what inputs are, "real" or "classes" 0, 1 and 2.
    `bad_arguments` and `bad_shapes`: what must be refused, with the words the error must say.
    `spread`: whether inputs are arguments of their own; `listed`: or always a list. `options`: other arguments of a
    call. `node`: which of its nodes draws.
    """

    name: str
    arguments: Arguments
    kind: str
    shapes: tuple[Shape, ...]
    formula: Callable[..., Array]
    training: Callable[..., Array] | None = None
    bad_arguments: tuple[tuple[Arguments, str], ...] = ()
    bad_shapes: tuple[tuple[tuple[Shape, ...], str], ...] = ()
    samples: str = "real"
    node: int = 0
    spread: bool = False
    listed: bool = False
    options: Arguments = field(default_factory=dict)

    def call(self, layer: Any, inputs: list[Any]) -> Any:
        """Calls a layer on symbols or arrays as the row says."""
        if self.spread:
            return layer(*inputs, **self.options)
        return layer(inputs if layer.merges or self.listed else inputs[0], **self.options)


def dense(x: Array, kernel: Array, bias: Array | float = 0) -> Array:
    return np.einsum("...k,kn->...n", x, kernel) + bias


def dropped(x: Array, rate: float, bits: Array) -> Array:
    """Kept elements grow, so that the mean stays (Srivastava et al., 2014, inverted)."""
    return np.where(bits / 2**32 < rate, 0, x / (1 - rate))


def normal(bits: Array) -> Array:
    """The quantile of each word, with mean 0 and deviation 1."""
    quantile = np.vectorize(statistics.NormalDist().inv_cdf, otypes=[float])
    return quantile((bits + 0.5) / 2**32)


def alpha_dropped(x: Array, rate: float, bits: Array) -> Array:
    """Klambauer et al., 2017, section 3: the affine map keeps mean 0 and variance 1."""
    low = -1.6732632423543772 * 1.0507009873554805
    kept = 1 - rate
    a = (kept + low**2 * kept * rate) ** -0.5
    return a * np.where(bits / 2**32 < rate, low, x) - a * rate * low


def standardized(x: Array, axes: Any, epsilon: float, gamma: Array | float = 1, beta: Array | float = 0) -> Array:
    deviation = np.sqrt(x.var(axes, keepdims=True) + epsilon)
    return gamma * (x - x.mean(axes, keepdims=True)) / deviation + beta


def batch_normalized(
    x: Array, *weights: Array, axis: int = -1, training: bool = False, epsilon: float = 1e-3, **_: Any
) -> Array:
    """Ioffe and Szegedy, 2015, algorithm 1 in training and 2 otherwise."""
    shape = [1] * x.ndim
    shape[axis] = x.shape[axis]
    axes = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    *affine, mean, variance = (w.reshape(shape) for w in weights)
    if training:
        mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    hat = (x - mean) / np.sqrt(variance + epsilon)
    return hat * affine[0] + affine[1] if len(affine) == 2 else hat


def group_normalized(x: Array, groups: int, axis: int, gamma: Array | float = 1, beta: Array | float = 0) -> Array:
    """Wu and He, 2018: mean and variance of each group of channels of a row."""
    channels = np.moveaxis(x, axis, 1)
    lines = channels.reshape(len(x), groups, -1)
    hat = np.moveaxis(standardized(lines, -1, 1e-3).reshape(channels.shape), 1, -1)
    return np.moveaxis(hat * gamma + beta, -1, axis)


def along(weight: Array, axes: tuple[int, ...], x: Array) -> Array:
    """A weight of the sizes of some axes, to be broadcast to x."""
    return weight.reshape([x.shape[a] if a in axes else 1 for a in range(x.ndim)])


LAYERS = [
    Layer(
        "Dense",
        {"units": 5},
        "dense",
        ((7,),),
        dense,
        bad_arguments=(
            ({"units": 0}, "units must be an integer of at least 1, got 0"),
            ({"units": -3}, "units must be an integer of at least 1, got -3"),
            ({"units": 2, "activation": "rellu"}, "unknown activation 'rellu'; did you mean 'relu'"),
            ({"units": 2, "activatoin": "relu"}, "unknown argument 'activatoin'; did you mean 'activation'"),
        ),
        bad_shapes=((((),), "expected input (*, features)"), (((3,), (3,)), "expected 1 input, got 2")),
    ),
    Layer("Dense", {"units": 5, "use_bias": False}, "dense", ((7,),), dense),
    Layer(
        "Dense",
        {
            "units": 5,
            "kernel_regularizer": {"class_name": "L1", "config": {"l1": 0.1}},
            "bias_regularizer": "l2",
            "activity_regularizer": "l1_l2",
            "kernel_constraint": {"class_name": "MaxNorm", "config": {"max_value": 3, "axis": [0, 1]}},
            "bias_constraint": "non_neg",
        },
        "dense",
        ((7,),),
        dense,
    ),
    Layer("Dense", {"units": 4, "activation": "relu"}, "dense", ((2, 3),), lambda *a: relu(dense(*a))),
    Layer("Dense", {"units": 6, "activation": "gelu"}, "dense", ((7,),), lambda *a: gelu(dense(*a))),
    Layer("Dense", {"units": 6, "activation": "softmax"}, "dense", ((2, 3),), lambda *a: softmax(dense(*a))),
    Layer(
        "Activation",
        {"activation": "tanh"},
        "activation",
        ((3, 5),),
        np.tanh,
        bad_arguments=(({"activation": "tahn"}, "unknown activation 'tahn'; did you mean 'tanh'"),),
    ),
    Layer(
        "Activation",
        {"activation": "glu"},
        "axis_activation",
        ((3, 6),),
        glu,
        bad_shapes=((((3, 5),), "expected an even size along axis -1, got (*, 3, 5)"),),
    ),
    Layer(
        "ReLU",
        {"max_value": 1.5, "negative_slope": 0.1, "threshold": 0.2},
        "activation",
        ((9,),),
        lambda x: relu(x, 0.1, 1.5, 0.2),
        bad_arguments=(
            ({"max_value": -1}, "max_value must be a number of at least 0, got -1"),
            ({"negative_slope": -1}, "negative_slope must be a number of at least 0, got -1"),
        ),
    ),
    Layer(
        "LeakyReLU",
        {},
        "activation",
        ((9,),),
        lambda x: np.where(x > 0, x, 0.3 * x),
        bad_arguments=(({"negative_slope": "steep"}, "negative_slope must be a number of at least 0, got 'steep'"),),
    ),
    Layer("ELU", {"alpha": 0.5}, "activation", ((9,),), lambda x: np.where(x > 0, x, 0.5 * np.expm1(negative(x)))),
    Layer(
        "PReLU",
        {},
        "prelu",
        ((3, 5),),
        lambda x, alpha: np.where(x > 0, x, alpha * x),
        bad_arguments=(({"shared_axes": "all"}, "must be an integer or a list of integers, got 'all'"),),
    ),
    Layer(
        "PReLU",
        {"shared_axes": [2, 1]},
        "prelu",
        ((2, 3, 4),),
        lambda x, alpha: np.where(x > 0, x, alpha * x),
        bad_arguments=(({"shared_axes": 0}, "axis 0 is the batch"),),
        bad_shapes=((((),), "axis 2 does not exist in an input of shape (*,)"),),
    ),
    Layer("PReLU", {"shared_axes": 3}, "prelu", ((2, 3, 17),), lambda x, alpha: np.where(x > 0, x, alpha * x)),
    Layer("Softmax", {}, "axis_activation", ((2, 9),), softmax),
    Layer(
        "Softmax",
        {"axis": 1},
        "axis_activation",
        ((4, 3),),
        lambda x: softmax(x, 1),
        bad_arguments=(({"axis": 0}, "axis 0 is the batch"),),
        bad_shapes=((((),), "axis 1 does not exist in an input of shape (*,)"),),
    ),
    Layer("Identity", {}, "identity", ((2, 3),), lambda x: x),
    Layer(
        "Dropout",
        {"rate": 0.4, "seed": 3},
        "dropout",
        ((5, 7),),
        lambda x: x,
        training=lambda x, bits: dropped(x, 0.4, bits(x.size).reshape(x.shape)),
        bad_arguments=(
            ({"rate": 1.5}, "rate must be a number from 0 to 1, got 1.5"),
            ({"rate": -0.1}, "rate must be a number from 0 to 1, got -0.1"),
        ),
    ),
    Layer(
        "Dropout",
        {"rate": 0.4, "seed": 3, "noise_shape": (None, 1, 7)},
        "dropout",
        ((5, 7),),
        lambda x: x,
        training=lambda x, bits: dropped(x, 0.4, bits(len(x) * 7).reshape(-1, 1, 7)),
        bad_shapes=((((5, 6),), "noise_shape (0, 1, 7) does not broadcast to (*, 5, 6)"),),
    ),
    Layer(
        "SpatialDropout1D",
        {"rate": 0.4, "seed": 3},
        "dropout",
        ((5, 7),),
        lambda x: x,
        training=lambda x, bits: dropped(x, 0.4, bits(len(x) * 7).reshape(-1, 1, 7)),
        bad_arguments=(({"rate": 1.5}, "rate must be a number from 0 to 1, got 1.5"),),
        bad_shapes=((((5,),), "noise_shape (0, 1, 0) does not broadcast to (*, 5)"),),
    ),
    Layer(
        "SpatialDropout2D",
        {"rate": 0.4, "seed": 3, "data_format": "channels_first"},
        "dropout",
        ((3, 2, 4),),
        lambda x: x,
        training=lambda x, bits: dropped(x, 0.4, bits(len(x) * 3).reshape(-1, 3, 1, 1)),
        bad_arguments=(({"rate": 0.5, "data_format": "last"}, "data_format must be 'channels_last' or"),),
    ),
    Layer(
        "SpatialDropout3D",
        {"rate": 0.4, "seed": 3},
        "dropout",
        ((2, 2, 3, 5),),
        lambda x: x,
        training=lambda x, bits: dropped(x, 0.4, bits(len(x) * 5).reshape(-1, 1, 1, 1, 5)),
    ),
    Layer(
        "AlphaDropout",
        {"rate": 0.4, "seed": 3},
        "alpha_dropout",
        ((5, 7),),
        lambda x: x,
        training=lambda x, bits: alpha_dropped(x, 0.4, bits(x.size).reshape(x.shape)),
        bad_arguments=(({"rate": 1.0}, "rate must be a number from 0 to below 1, got 1.0"),),
    ),
    Layer(
        "AlphaDropout",
        {"rate": 0.2, "seed": 3, "noise_shape": (None, 1, 7)},
        "alpha_dropout",
        ((5, 7),),
        lambda x: x,
        training=lambda x, bits: alpha_dropped(x, 0.2, bits(len(x) * 7).reshape(-1, 1, 7)),
    ),
    Layer(
        "GaussianNoise",
        {"stddev": 0.7, "seed": 3},
        "gaussian_noise",
        ((5, 7),),
        lambda x: x,
        training=lambda x, bits: x + 0.7 * normal(bits(x.size)).reshape(x.shape),
        bad_arguments=(({"stddev": -1}, "stddev must be a number from 0 to 1, got -1"),),
    ),
    Layer(
        "GaussianDropout",
        {"rate": 0.2, "seed": 3},
        "gaussian_dropout",
        ((5, 7),),
        lambda x: x,
        training=lambda x, bits: x * (1 + 0.5 * normal(bits(x.size)).reshape(x.shape)),
        bad_arguments=(({"rate": 1}, "rate must be a number from 0 to below 1, got 1"),),
    ),
    Layer(
        "ActivityRegularization",
        {"l1": 0.1},
        "identity",
        ((2, 3),),
        lambda x: x,
        bad_arguments=(({"l2": -1}, "l2 must be a finite number of at least 0, got -1"),),
    ),
    Layer(
        "BatchNormalization",
        {},
        "batch_normalization",
        ((7,),),
        batch_normalized,
        training=lambda *a: batch_normalized(*a[:-1], training=True),
        bad_arguments=(
            ({"axis": 0}, "axis 0 is the batch"),
            ({"momentum": 1.5}, "momentum must be a number from 0 to 1, got 1.5"),
            ({"epsilon": -1}, "epsilon must be a number of at least 0, got -1"),
            ({"renorm": True}, "batch renormalization is not available"),
        ),
        bad_shapes=((((),), "axis -1 does not exist in an input of shape (*,)"),),
    ),
    Layer(
        "BatchNormalization",
        {"axis": 1, "epsilon": 0.1},
        "batch_normalization",
        ((3, 2, 2),),
        lambda *a: batch_normalized(*a, axis=1, epsilon=0.1),
        training=lambda *a: batch_normalized(*a[:-1], axis=1, epsilon=0.1, training=True),
    ),
    Layer(
        "BatchNormalization",
        {"center": False, "scale": False},
        "batch_normalization",
        ((2, 5),),
        batch_normalized,
        training=lambda *a: batch_normalized(*a[:-1], training=True),
    ),
    Layer(
        "LayerNormalization",
        {},
        "layer_normalization",
        ((2, 9),),
        lambda x, gamma, beta: standardized(x, -1, 1e-3, gamma, beta),
        bad_arguments=(
            ({"axis": 1.5}, "axis must be an integer or a list of integers, got 1.5"),
            ({"epsilon": "small"}, "epsilon must be a number of at least 0, got 'small'"),
        ),
        bad_shapes=((((),), "axis -1 is the batch"),),
    ),
    Layer(
        "LayerNormalization",
        {"axis": [1, -1], "epsilon": 0.1},
        "layer_normalization",
        ((3, 4),),
        lambda x, gamma, beta: standardized(x, (1, 2), 0.1, gamma, beta),
    ),
    Layer(
        "LayerNormalization",
        {"axis": [3, 1], "center": False},
        "layer_normalization",
        ((3, 2, 4),),
        lambda x, gamma: standardized(x, (1, 3), 1e-3, along(gamma, (1, 3), x)),
    ),
    Layer(
        "LayerNormalization",
        {"axis": 1, "scale": False},
        "layer_normalization",
        ((6, 3),),
        lambda x, beta: standardized(x, 1, 1e-3, 1, along(beta, (1,), x)),
        bad_shapes=((((),), "axis 1 does not exist in an input of shape (*,)"),),
    ),
    Layer(
        "RMSNormalization",
        {},
        "rms_normalization",
        ((2, 9),),
        lambda x, scale: scale * x / np.sqrt(np.mean(x**2, -1, keepdims=True) + 1e-6),
        bad_arguments=(({"axis": None}, "axis must be an integer or a list of integers, got None"),),
    ),
    Layer(
        "RMSNormalization",
        {"axis": 1, "epsilon": 0.2},
        "rms_normalization",
        ((4, 3),),
        lambda x, scale: along(scale, (1,), x) * x / np.sqrt(np.mean(x**2, 1, keepdims=True) + 0.2),
    ),
    Layer(
        "UnitNormalization",
        {},
        "unit_normalization",
        ((2, 9),),
        lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True),
    ),
    Layer(
        "UnitNormalization",
        {"axis": [1, 2]},
        "unit_normalization",
        ((2, 3, 4),),
        lambda x: x / np.sqrt(np.sum(x**2, (1, 2), keepdims=True)),
        bad_arguments=(({"axis": "last"}, "axis must be an integer or a list of integers, got 'last'"),),
    ),
    Layer(
        "GroupNormalization",
        {"groups": 3},
        "group_normalization",
        ((2, 3, 6),),
        lambda x, gamma, beta: group_normalized(x, 3, -1, gamma, beta),
        bad_arguments=(
            ({"groups": 0}, "groups must be an integer of at least 1, or -1, got 0"),
            ({"axis": "last"}, "axis must be an integer, got 'last'"),
        ),
        bad_shapes=((((4,),), "expected a number of channels that 3 groups divide, got (*, 4)"),),
    ),
    Layer(
        "GroupNormalization",
        {"groups": -1, "axis": 1, "center": False},
        "group_normalization",
        ((4, 5),),
        lambda x, gamma: group_normalized(x, 4, 1, gamma),
    ),
    Layer(
        "GroupNormalization",
        {"groups": 1, "scale": False},
        "group_normalization",
        ((2, 6),),
        lambda x, beta: group_normalized(x, 1, -1, 1, beta),
    ),
    Layer("Rescaling", {"scale": 0.5, "offset": -1}, "rescaling", ((2, 3),), lambda x: 0.5 * x - 1),
    Layer(
        "Normalization",
        {},
        "normalization",
        ((2, 5),),
        lambda x, mean, variance, count: (x - mean) / np.sqrt(variance),
        bad_arguments=(
            ({"mean": 1}, "mean was given without variance"),
            ({"mean": [1, 2], "variance": 1}, "mean and variance must have one shape, got (2,) and ()"),
            ({"axis": "last"}, "axis must be None, an integer or a list of integers, got 'last'"),
        ),
        bad_shapes=((((),), "axis -1 does not exist in a row of an input of shape (*,)"),),
    ),
    Layer(
        "Normalization",
        {"axis": [3, 1], "invert": True},
        "normalization",
        ((2, 3, 4),),
        lambda x, mean, variance, count: mean[:, None] + x * np.sqrt(variance)[:, None],
    ),
    Layer(
        "Normalization",
        {"axis": None, "mean": 2, "variance": 9},
        "normalization",
        ((4,),),
        lambda x: (x - 2) / 3,
    ),
    Layer(
        "Normalization",
        {"mean": [1, -2, 0], "variance": [4, 1, 0.25]},
        "normalization",
        ((3,),),
        lambda x: (x - [1, -2, 0]) / [2, 1, 0.5],
        bad_shapes=((((4,),), "mean and variance have 3 numbers, but an input of shape (*, 4) needs 4"),),
    ),
    Layer(
        "CategoryEncoding",
        {"num_tokens": 3},
        "category_encoding",
        ((4,),),
        lambda x: np.stack([(x == t).any(-1) for t in range(3)], -1).astype(float),
        bad_arguments=(
            ({"num_tokens": 0}, "num_tokens must be an integer of at least 1, got 0"),
            ({"num_tokens": 2, "output_mode": "hot"}, "output_mode must be one of 'multi_hot', 'count', 'one_hot'"),
            ({"num_tokens": 2, "sparse": True}, "sparse outputs are not available"),
        ),
        samples="classes",
    ),
    Layer(
        "CategoryEncoding",
        {"num_tokens": 3, "output_mode": "count"},
        "category_encoding",
        ((2, 6),),
        lambda x: np.stack([(x == t).sum(-1) for t in range(3)], -1).astype(float),
        samples="classes",
    ),
    Layer(
        "CategoryEncoding",
        {"num_tokens": 3, "output_mode": "one_hot"},
        "category_encoding",
        ((4,),),
        lambda x: (x[..., None] == np.arange(3)).astype(float),
        samples="classes",
    ),
    Layer(
        "CategoryEncoding",
        {"num_tokens": 3, "output_mode": "one_hot"},
        "category_encoding",
        ((1,),),
        lambda x: (x == np.arange(3)).astype(float),
        samples="classes",
    ),
    Layer(
        "Discretization",
        {"bin_boundaries": [-1.0, 0.0, 0.5]},
        "discretization",
        ((3, 4),),
        lambda x: (x[..., None] >= [-1.0, 0.0, 0.5]).sum(-1).astype(float),
        bad_arguments=(
            ({}, "expected one of bin_boundaries and num_bins, got neither"),
            ({"bin_boundaries": [1, 0]}, "bin_boundaries must increase, got [1, 0]"),
            ({"num_bins": 1}, "num_bins must be an integer of at least 2, got 1"),
            ({"num_bins": 4}, "has no bins yet: call adapt(data)"),
            ({"num_bins": 4, "output_mode": "one_hot"}, "put a CategoryEncoding behind it"),
        ),
    ),
    Layer("Flatten", {}, "flatten", ((2, 3, 4),), lambda x: x.reshape(len(x), 24)),
    Layer(
        "Reshape",
        {"target_shape": (4, -1)},
        "reshape",
        ((2, 6),),
        lambda x: x.reshape(len(x), 4, 3),
        bad_arguments=(
            ({"target_shape": (-1, -1)}, "target_shape may hold one -1 only, got (-1, -1)"),
            ({"target_shape": (0,)}, "target_shape must hold sizes of at least 1, or one -1, got (0,)"),
        ),
        bad_shapes=((((2, 5),), "cannot reshape (*, 2, 5) (10 elements a row) to (*, 4, -1)"),),
    ),
    Layer("Concatenate", {}, "concatenate", ((3,), (1,), (4,)), lambda *x: np.concatenate(x, -1)),
    Layer(
        "Concatenate",
        {"axis": 1},
        "concatenate",
        ((2, 3), (4, 3)),
        lambda *x: np.concatenate(x, 1),
        bad_arguments=(({"axis": 0}, "axis 0 is the batch"),),
        bad_shapes=((((2, 3), (4, 5)), "expected inputs that differ along axis 1 only, got (*, 2, 3) and (*, 4, 5)"),),
    ),
]


# --- Losses: value of each row = formula(target, prediction, **arguments) ---------------------------------------------


@dataclass(frozen=True)
class Loss:
    """`targets` and `predictions`: the kinds of numbers, keys of SAMPLES."""

    name: str
    kind: str
    formula: Callable[..., Array]
    targets: str = "real"
    predictions: str = "real"
    arguments: tuple[Arguments, ...] = ({},)


def one_hot(y: Array, classes: int) -> Array:
    return np.eye(classes)[y.astype(int)]


def smooth(y: Array, label_smoothing: float, classes: int) -> Array:
    return y * (1 - label_smoothing) + label_smoothing / classes


def signs(y: Array) -> Array:
    """Labels 0 and 1 stand for -1 and 1."""
    return 2 * y - 1 if np.isin(y, (0, 1)).all() else y


def clipped(p: Array) -> Array:
    return np.clip(p, EPSILON, 1 - EPSILON)


def logarithm(y: Array) -> Array:
    return np.log(np.maximum(y, EPSILON) + 1)


def log_cosh(y: Array, p: Array) -> Array:
    return np.mean(np.logaddexp(p - y, y - p) - math.log(2), -1)


def huber(y: Array, p: Array, delta: float = 1) -> Array:
    e = abs(y - p)
    return np.mean(np.where(e <= delta, e**2 / 2, delta * e - delta**2 / 2), -1)


def kl_divergence(y: Array, p: Array) -> Array:
    y, p = np.clip(y, EPSILON, 1), np.clip(p, EPSILON, 1)
    return np.sum(y * np.log(y / p), -1)


def binary_crossentropy(y: Array, p: Array, from_logits: bool = False, label_smoothing: float = 0) -> Array:
    y = smooth(y, label_smoothing, 2)
    if from_logits:
        return np.mean(y * np.logaddexp(0, -p) + (1 - y) * np.logaddexp(0, p), -1)
    return -np.mean(y * np.log(clipped(p)) + (1 - y) * np.log(1 - clipped(p)), -1)


def categorical_crossentropy(y: Array, p: Array, from_logits: bool = False, label_smoothing: float = 0) -> Array:
    y = smooth(y, label_smoothing, p.shape[-1])
    return -np.sum(y * (log_softmax(p) if from_logits else np.log(clipped(p / p.sum(-1, keepdims=True)))), -1)


def sparse_categorical_crossentropy(y: Array, p: Array, from_logits: bool = False) -> Array:
    return categorical_crossentropy(one_hot(y, p.shape[-1]), p, from_logits)


def binary_focal_crossentropy(
    y: Array,
    p: Array,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2,
    from_logits: bool = False,
    label_smoothing: float = 0,
) -> Array:
    """Equations 4 and 5 of Lin et al., 2017, for targets that may be shares."""
    y = smooth(y, label_smoothing, 2)
    if from_logits:
        entropy, p = y * np.logaddexp(0, -p) + (1 - y) * np.logaddexp(0, p), sigmoid(p)
    else:
        entropy = -(y * np.log(clipped(p)) + (1 - y) * np.log(1 - clipped(p)))
    right = y * p + (1 - y) * (1 - p)
    balance = y * alpha + (1 - y) * (1 - alpha) if apply_class_balancing else 1
    return np.mean(balance * (1 - right) ** gamma * entropy, -1)


def categorical_focal_crossentropy(
    y: Array, p: Array, alpha: Any = 0.25, gamma: float = 2, from_logits: bool = False, label_smoothing: float = 0
) -> Array:
    y = smooth(y, label_smoothing, p.shape[-1])
    p = softmax(p) if from_logits else clipped(p / p.sum(-1, keepdims=True))
    return -np.sum(np.array(alpha) * y * (1 - p) ** gamma * np.log(p), -1)


def generalized_cross_entropy(y: Array, p: Array, q: float = 0.5) -> Array:
    return (1 - np.sum(one_hot(y, p.shape[-1]) * p, -1) ** q) / q


def categorical_hinge(y: Array, p: Array) -> Array:
    return np.maximum(np.max((1 - y) * p, -1) - np.sum(y * p, -1) + 1, 0)


def cosine_similarity(y: Array, p: Array) -> Array:
    return -np.sum(y * p, -1) / (np.linalg.norm(y, axis=-1) * np.linalg.norm(p, axis=-1))


def squared_error(y: Array, p: Array) -> Array:
    return np.mean((y - p) ** 2, -1)


SMOOTHING = ({}, {"label_smoothing": 0.2})
LOGITS = ({"from_logits": True},)
FOCUS = {"gamma": 3.5, "alpha": 0.7, "label_smoothing": 0.2}
BALANCED = {"apply_class_balancing": True, "gamma": 1, "alpha": 0.7, "label_smoothing": 0.2}
SMOOTH_LOGITS = ({"from_logits": True}, {"from_logits": True, "label_smoothing": 0.2})

LOSSES = [
    Loss("MeanSquaredError", "mean_squared_error", squared_error),
    Loss("MeanAbsoluteError", "mean_absolute_error", lambda y, p: np.mean(abs(y - p), -1)),
    Loss(
        "MeanAbsolutePercentageError",
        "mean_absolute_percentage_error",
        lambda y, p: 100 * np.mean(abs(y - p) / np.maximum(abs(y), EPSILON), -1),
    ),
    Loss(
        "MeanSquaredLogarithmicError",
        "mean_squared_logarithmic_error",
        lambda y, p: np.mean((logarithm(y) - logarithm(p)) ** 2, -1),
    ),
    Loss("LogCosh", "log_cosh", log_cosh),
    Loss("Huber", "huber", huber, arguments=({}, {"delta": 0.3})),
    Loss("CosineSimilarity", "cosine_similarity", cosine_similarity),
    Loss("Hinge", "hinge", lambda y, p: np.mean(np.maximum(1 - signs(y) * p, 0), -1), "signs"),
    Loss("Hinge", "hinge", lambda y, p: np.mean(np.maximum(1 - signs(y) * p, 0), -1), "binary"),
    Loss("SquaredHinge", "squared_hinge", lambda y, p: np.mean(np.maximum(1 - signs(y) * p, 0) ** 2, -1), "signs"),
    Loss("SquaredHinge", "squared_hinge", lambda y, p: np.mean(np.maximum(1 - signs(y) * p, 0) ** 2, -1), "binary"),
    Loss("CategoricalHinge", "categorical_hinge", categorical_hinge, "one_hot"),
    Loss("KLDivergence", "kl_divergence", kl_divergence, "distribution", "probability"),
    Loss("Poisson", "poisson", lambda y, p: np.mean(p - y * np.log(p + EPSILON), -1), "count", "positive"),
    Loss("BinaryCrossentropy", "binary_crossentropy", binary_crossentropy, "binary", "probability", SMOOTHING),
    Loss("BinaryCrossentropy", "binary_crossentropy", binary_crossentropy, "binary", "real", SMOOTH_LOGITS),
    Loss(
        "CategoricalCrossentropy",
        "categorical_crossentropy",
        categorical_crossentropy,
        "one_hot",
        "positive",
        SMOOTHING,
    ),
    Loss(
        "CategoricalCrossentropy",
        "categorical_crossentropy",
        categorical_crossentropy,
        "distribution",
        "real",
        SMOOTH_LOGITS,
    ),
    Loss(
        "SparseCategoricalCrossentropy",
        "sparse_categorical_crossentropy",
        sparse_categorical_crossentropy,
        "classes",
        "positive",
    ),
    Loss(
        "SparseCategoricalCrossentropy",
        "sparse_categorical_crossentropy",
        sparse_categorical_crossentropy,
        "classes",
        "real",
        LOGITS,
    ),
    Loss(
        "BinaryFocalCrossentropy",
        "binary_focal_crossentropy",
        binary_focal_crossentropy,
        "binary",
        "probability",
        ({}, {"gamma": 0}, BALANCED),
    ),
    Loss(
        "BinaryFocalCrossentropy",
        "binary_focal_crossentropy",
        binary_focal_crossentropy,
        "binary",
        "real",
        (*LOGITS, {"from_logits": True, "gamma": 0}, {"from_logits": True, **BALANCED}),
    ),
    Loss(
        "CategoricalFocalCrossentropy",
        "categorical_focal_crossentropy",
        categorical_focal_crossentropy,
        "one_hot",
        "positive",
        ({}, {"gamma": 1}, FOCUS),
    ),
    Loss(
        "CategoricalFocalCrossentropy",
        "categorical_focal_crossentropy",
        categorical_focal_crossentropy,
        "distribution",
        "real",
        (*LOGITS, {"from_logits": True, "gamma": 1}, {"from_logits": True, **FOCUS}),
    ),
    Loss(
        "CategoricalGeneralizedCrossEntropy",
        "categorical_generalized_cross_entropy",
        generalized_cross_entropy,
        "classes",
        "probability",
        ({"q": 0.8},),
    ),
    Loss(
        "NegativeLogLikelihood",
        "negative_log_likelihood",
        lambda y, p: -np.sum(one_hot(y, p.shape[-1]) * p, -1),
        "classes",
        "real",
    ),
]


def unit(x: Array) -> Array:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


# Kinds of numbers, for (..., columns): the tests draw targets and predictions of these.
SAMPLES: dict[str, Callable[[np.random.Generator, Shape], Array]] = {
    "real": lambda random, shape: random.normal(size=shape),
    "positive": lambda random, shape: random.uniform(0.1, 2, shape),
    "probability": lambda random, shape: random.uniform(0.05, 0.95, shape),
    "distribution": lambda random, shape: random.dirichlet(np.ones(shape[-1]) * 2, shape[:-1]),
    "count": lambda random, shape: random.poisson(2, shape).astype(float),
    "binary": lambda random, shape: random.integers(0, 2, shape).astype(float),
    "signs": lambda random, shape: random.choice([-1.0, 1.0], shape),
    "one_hot": lambda random, shape: one_hot(random.integers(0, shape[-1], shape[:-1]), shape[-1]),
    "classes": lambda random, shape: random.integers(0, shape[-1], shape[:-1]).astype(float),
    "labels": lambda random, shape: random.integers(-1, 2, shape[:-1]).astype(float) * 7,
    "segments": lambda random, shape: random.integers(0, 4, shape).astype(float),
    "unit": lambda random, shape: unit(random.normal(size=shape)),
}


# --- Metrics: value of each row = formula(target, prediction, **arguments), result = finish(mean) ---------------------


@dataclass(frozen=True)
class Metric:
    """`kind`: of the native metric; "mean_loss" of all that are losses."""

    name: str
    formula: Callable[..., Array]
    targets: str = "real"
    predictions: str = "real"
    arguments: tuple[Arguments, ...] = ({},)
    kind: str = "mean_loss"
    finish: Callable[[float], float] = field(default=lambda mean: mean)


def in_top(label: Array, p: Array, k: int) -> Array:
    """Whether fewer than k predictions are greater than that of the label."""
    return np.sum(p > np.take_along_axis(p, label.astype(int)[..., None], -1), -1) < k


def pearson(y: Array, p: Array) -> Array:
    y, p = y - y.mean(-1, keepdims=True), p - p.mean(-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        return np.sum(y * p, -1) / np.sqrt(np.sum(y * y, -1) * np.sum(p * p, -1))


def concordance(y: Array, p: Array) -> Array:
    apart = (y.mean(-1) - p.mean(-1)) ** 2
    shared = np.mean(y * p, -1) - y.mean(-1) * p.mean(-1)
    return 2 * shared / (y.var(-1) + p.var(-1) + apart + EPSILON)


def metric_of(loss: Loss, name: str | None = None, **changes: Any) -> Metric:
    return Metric(name or loss.name, loss.formula, loss.targets, loss.predictions, loss.arguments, **changes)


NOT_METRICS = (
    "Huber",
    "NegativeLogLikelihood",
    "BinaryFocalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
)  # losses for which Keras has no metric class
RENAMED = {"LogCosh": {"name": "LogCoshError"}, "CosineSimilarity": {"finish": lambda mean: -mean}}

METRICS = [
    Metric("Accuracy", lambda y, p: np.mean(y == p, -1), "binary", "binary", kind="accuracy"),
    Metric(
        "BinaryAccuracy",
        lambda y, p, threshold=0.5: np.mean(y == (p > threshold), -1),
        "binary",
        "probability",
        ({}, {"threshold": 0.7}),
        kind="binary_accuracy",
    ),
    Metric(
        "CategoricalAccuracy",
        lambda y, p: y.argmax(-1) == p.argmax(-1),
        "one_hot",
        "distribution",
        kind="categorical_accuracy",
    ),
    Metric(
        "SparseCategoricalAccuracy",
        lambda y, p: y == p.argmax(-1),
        "classes",
        "distribution",
        kind="sparse_categorical_accuracy",
    ),
    Metric(
        "TopKCategoricalAccuracy",
        lambda y, p, k=5: in_top(y.argmax(-1), p, k),
        "one_hot",
        "distribution",
        ({}, {"k": 2}),
        kind="top_k_categorical_accuracy",
    ),
    Metric(
        "SparseTopKCategoricalAccuracy",
        lambda y, p, k=5: in_top(y, p, k),
        "classes",
        "distribution",
        ({}, {"k": 2}),
        kind="sparse_top_k_categorical_accuracy",
    ),
    Metric("PearsonCorrelation", pearson, kind="pearson_correlation"),
    Metric("ConcordanceCorrelation", concordance, kind="concordance_correlation"),
    Metric("RootMeanSquaredError", squared_error, finish=math.sqrt),
    *(metric_of(loss, **RENAMED.get(loss.name, {})) for loss in LOSSES if loss.name not in NOT_METRICS),
]


# --- Optimizers: w, state = update(w, gradient, state, t, **arguments), t from 1 --------------------------------------

State = dict[str, Array]


@dataclass(frozen=True)
class Optimizer:
    """`slots`: names of the state that belongs to each weight, where it has them; `decay`: the default weight decay.

    Decay, clipping, averages and accumulation are the same for all of them.
    """

    name: str
    kind: str
    update: Callable[..., Array]
    arguments: tuple[Arguments, ...]
    slots: Callable[[Arguments], list[str]]
    bad_arguments: tuple[tuple[Arguments, str], ...] = ()
    decay: float = 0


def sgd(
    w: Array,
    g: Array,
    state: State,
    t: int,
    learning_rate: float = 0.01,
    momentum: float = 0,
    nesterov: bool = False,
) -> Array:
    if momentum == 0:
        return w - learning_rate * g
    state["momentum"] = v = momentum * state.get("momentum", 0) - learning_rate * g
    return w + (momentum * v - learning_rate * g if nesterov else v)


def adam(
    w: Array,
    g: Array,
    state: State,
    t: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = EPSILON,
    amsgrad: bool = False,
) -> Array:
    """Kingma and Ba, 2015, in the order of their section 2: both corrections are in the rate."""
    state["momentum"] = m = beta_1 * state.get("momentum", 0) + (1 - beta_1) * g
    state["velocity"] = v = beta_2 * state.get("velocity", 0) + (1 - beta_2) * g**2
    if amsgrad:
        state["velocity_hat"] = v = np.maximum(state.get("velocity_hat", 0), v)
    rate = learning_rate * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return w - rate * m / (np.sqrt(v) + epsilon)


def adamax(
    w: Array,
    g: Array,
    state: State,
    t: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = EPSILON,
) -> Array:
    """Algorithm 2 of Kingma and Ba, 2015, with Keras's epsilon."""
    state["momentum"] = m = beta_1 * state.get("momentum", 0) + (1 - beta_1) * g
    state["norm"] = u = np.maximum(beta_2 * state.get("norm", 0), abs(g))
    return w - learning_rate / (1 - beta_1**t) * m / (u + epsilon)


def nadam(
    w: Array,
    g: Array,
    state: State,
    t: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = EPSILON,
) -> Array:
    """Dozat, 2016: the memory of step t is beta_1 (1 - 0.96^t / 2)."""
    state["momentum"] = m = beta_1 * state.get("momentum", 0) + (1 - beta_1) * g
    state["velocity"] = v = beta_2 * state.get("velocity", 0) + (1 - beta_2) * g**2
    memory = [beta_1 * (1 - 0.5 * 0.96**step) for step in range(1, t + 2)]
    m_hat = memory[t] * m / (1 - math.prod(memory)) + (1 - memory[t - 1]) * g / (1 - math.prod(memory[:t]))
    return w - learning_rate * m_hat / (np.sqrt(v / (1 - beta_2**t)) + epsilon)


def lamb(
    w: Array,
    g: Array,
    state: State,
    t: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = EPSILON,
) -> Array:
    state["momentum"] = m = beta_1 * state.get("momentum", 0) + (1 - beta_1) * g
    state["velocity"] = v = beta_2 * state.get("velocity", 0) + (1 - beta_2) * g**2
    d = m / (1 - beta_1**t) / (np.sqrt(v / (1 - beta_2**t)) + epsilon)
    lengths = np.linalg.norm(w), np.linalg.norm(d)
    return w - learning_rate * (lengths[0] / lengths[1] if min(lengths) > 0 else 1) * d


def rmsprop(
    w: Array,
    g: Array,
    state: State,
    t: int,
    learning_rate: float = 0.001,
    rho: float = 0.9,
    momentum: float = 0,
    epsilon: float = EPSILON,
    centered: bool = False,
) -> Array:
    state["velocity"] = v = rho * state.get("velocity", 0) + (1 - rho) * g**2
    if centered:
        state["average_gradient"] = mean = rho * state.get("average_gradient", 0) + (1 - rho) * g
        v = v - mean**2
    step = learning_rate * g / np.sqrt(v + epsilon)
    if momentum:
        state["momentum"] = step = momentum * state.get("momentum", 0) + step
    return w - step


def adagrad(
    w: Array,
    g: Array,
    state: State,
    t: int,
    learning_rate: float = 0.001,
    initial_accumulator_value: float = 0.1,
    epsilon: float = EPSILON,
) -> Array:
    state["accumulator"] = s = state.get("accumulator", initial_accumulator_value) + g**2
    return w - learning_rate * g / np.sqrt(s + epsilon)


def adadelta(
    w: Array,
    g: Array,
    state: State,
    t: int,
    learning_rate: float = 0.001,
    rho: float = 0.95,
    epsilon: float = EPSILON,
) -> Array:
    """Algorithm 1 of Zeiler, 2012."""
    state["accumulated_grad"] = s = rho * state.get("accumulated_grad", 0) + (1 - rho) * g**2
    changes = state.get("accumulated_delta_var", 0)
    change = np.sqrt(changes + epsilon) / np.sqrt(s + epsilon) * g
    state["accumulated_delta_var"] = rho * changes + (1 - rho) * change**2
    return w - learning_rate * change


def ftrl(
    w: Array,
    g: Array,
    state: State,
    t: int,
    learning_rate: float = 0.001,
    learning_rate_power: float = -0.5,
    initial_accumulator_value: float = 0.1,
    l1_regularization_strength: float = 0,
    l2_regularization_strength: float = 0,
    l2_shrinkage_regularization_strength: float = 0,
    beta: float = 0,
) -> Array:
    """Algorithm 1 of McMahan et al., 2013, with Keras's names; it has no step of size 0, so that is none."""
    if learning_rate == 0:
        return w
    n = state.get("accumulator", np.full_like(g, initial_accumulator_value))
    state["accumulator"] = grown = n + g**2
    sigma = (grown**-learning_rate_power - n**-learning_rate_power) / learning_rate
    z = state.get("linear", 0) + g + 2 * l2_shrinkage_regularization_strength * w - sigma * w
    state["linear"] = z
    quadratic = grown**-learning_rate_power / learning_rate + 2 * l2_regularization_strength + beta / learning_rate
    return np.where(abs(z) > l1_regularization_strength, (np.sign(z) * l1_regularization_strength - z) / quadratic, 0)


def lion(
    w: Array,
    g: Array,
    state: State,
    t: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.99,
) -> Array:
    m = state.get("momentum", 0)
    state["momentum"] = beta_2 * m + (1 - beta_2) * g
    return w - learning_rate * np.sign(beta_1 * m + (1 - beta_1) * g)


def adafactor(
    w: Array,
    g: Array,
    state: State,
    t: int,
    learning_rate: float = 0.001,
    beta_2_decay: float = -0.8,
    epsilon_1: float = 1e-30,
    epsilon_2: float = 1e-3,
    clip_threshold: float = 1,
    relative_step: bool = True,
) -> Array:
    """Algorithms 4 and 5 of Shazeer and Stern, 2018, with Keras's rate, which is relative in any case."""

    def rms(x: Array) -> float:
        return math.sqrt(np.mean(x**2))

    memory = 1 - t**beta_2_decay
    alpha = max(epsilon_2, rms(w)) * min(learning_rate, 1 / math.sqrt(t))
    square = g**2 + epsilon_1
    if w.ndim < 2:
        state["velocity"] = memory * state.get("velocity", 0) + (1 - memory) * square
    else:
        state["rows"] = r = memory * state.get("rows", 0) + (1 - memory) * square.mean(-1)
        state["columns"] = c = memory * state.get("columns", 0) + (1 - memory) * square.mean(-2)
        state["velocity"] = r[..., None] / r.mean(-1)[..., None, None] * c[..., None, :]
    u = g / np.sqrt(state["velocity"])
    return w - alpha * u / max(1, rms(u) / clip_threshold)


COMMON = (
    {"weight_decay": 0.1},
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.6, "ema_overwrite_frequency": 7},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 4, "weight_decay": 0.1, "clipnorm": 0.05, "use_ema": True, "loss_scale_factor": 8},
    {"clipnorm": 0.05},
    {"clipvalue": 0.02},
    {"global_clipnorm": 0.05},
    {"global_clipnorm": 1e3},  # never reached
    {"weight_decay": 0.1, "clipnorm": 0.05},
)
SOME = (
    {"weight_decay": 0.1, "global_clipnorm": 0.05},
    {"learning_rate": 0.02, "use_ema": True, "ema_overwrite_frequency": 4, "gradient_accumulation_steps": 2},
)
BAD_COMMON = (
    ({"ema_momentum": 1.5}, "ema_momentum must be from 0 to 1, got 1.5"),
    ({"ema_overwrite_frequency": 0.5}, "ema_overwrite_frequency must be None or an integer of at least 1, got 0.5"),
    ({"gradient_accumulation_steps": 1}, "gradient_accumulation_steps must be None or an integer of at least 2, got 1"),
    ({"learning_rate": "fast"}, "learning_rate must be a finite number of at least 0, got 'fast'"),
    ({"learning_rate": -0.1}, "learning_rate must be a finite number of at least 0, got -0.1"),
    ({"clipnorm": -1}, "clipnorm must be a finite number of at least 0, got -1"),
    ({"clipnorm": 1, "clipvalue": 1}, "only one of clipnorm, clipvalue, global_clipnorm may be given"),
    ({"learning_rat": 0.1}, "unknown argument 'learning_rat'; did you mean 'learning_rate'"),
)

OPTIMIZERS = [
    Optimizer(
        "SGD",
        "sgd",
        sgd,
        (
            {},
            {"learning_rate": 0.1},
            {"momentum": 0.9},
            {"momentum": 0.9, "nesterov": True},
            {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "clipvalue": 0.02},
            {"momentum": 0.9, "gradient_accumulation_steps": 3, "global_clipnorm": 0.1},
            *SOME,
        ),
        lambda arguments: ["momentum"] if arguments.get("momentum") else [],
        (*BAD_COMMON, ({"momentum": 1.5}, "momentum must be from 0 to 1, got 1.5")),
    ),
    Optimizer(
        "Adam",
        "adam",
        adam,
        (
            {},
            {"learning_rate": 0.004, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3},
            {"learning_rate": 0.004, "beta_2": 0.5, "amsgrad": True},
            *COMMON,
        ),
        lambda arguments: ["momentum", "velocity"] + ["velocity_hat"] * bool(arguments.get("amsgrad")),
        (*BAD_COMMON, ({"beta_1": 1.0}, "beta_1 must be from 0 to below 1, got 1.0")),
    ),
    Optimizer(
        "AdamW",
        "adam",
        adam,
        ({}, {"weight_decay": 0.3, "learning_rate": 0.03}),
        lambda arguments: ["momentum", "velocity"],
        (({"weight_decay": None}, "weight_decay must be a number, got None"),),
        decay=0.004,
    ),
    Optimizer(
        "Adamax",
        "adamax",
        adamax,
        ({}, {"learning_rate": 0.03, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}, *SOME),
        lambda arguments: ["momentum", "norm"],
        (({"beta_2": -0.1}, "beta_2 must be from 0 to below 1, got -0.1"),),
    ),
    Optimizer(
        "Nadam",
        "nadam",
        nadam,
        ({}, {"learning_rate": 0.03, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}, *SOME),
        lambda arguments: ["momentum", "velocity"],
        (({"epsilon": -1}, "epsilon must be a finite number of at least 0, got -1"),),
    ),
    Optimizer(
        "Lamb",
        "lamb",
        lamb,
        ({}, {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}, *SOME),
        lambda arguments: ["momentum", "velocity"],
        (({"beta_1": 1}, "beta_1 must be from 0 to below 1, got 1"),),
    ),
    Optimizer(
        "RMSprop",
        "rmsprop",
        rmsprop,
        (
            {},
            {"learning_rate": 0.01, "rho": 0.7, "epsilon": 1e-3},
            {"momentum": 0.8},
            {"centered": True, "epsilon": 1e-5},
            {"momentum": 0.8, "centered": True, "epsilon": 1e-5, "use_ema": True, "gradient_accumulation_steps": 2},
            *SOME,
        ),
        lambda arguments: (
            ["velocity"]
            + ["momentum"] * bool(arguments.get("momentum"))
            + ["average_gradient"] * bool(arguments.get("centered"))
        ),
        (({"rho": 1.5}, "rho must be from 0 to 1, got 1.5"),),
    ),
    Optimizer(
        "Adagrad",
        "adagrad",
        adagrad,
        ({}, {"learning_rate": 0.1, "initial_accumulator_value": 0, "epsilon": 1e-3}, *SOME),
        lambda arguments: ["accumulator"],
        (
            (
                {"initial_accumulator_value": -1},
                "initial_accumulator_value must be a finite number of at least 0, got -1",
            ),
        ),
    ),
    Optimizer(
        "Adadelta",
        "adadelta",
        adadelta,
        ({}, {"learning_rate": 1, "rho": 0.8, "epsilon": 1e-4}, *SOME),
        lambda arguments: ["accumulated_grad", "accumulated_delta_var"],
        (({"rho": -0.5}, "rho must be from 0 to 1, got -0.5"),),
    ),
    Optimizer(
        "Ftrl",
        "ftrl",
        ftrl,
        (
            {},
            {
                "learning_rate": 0.1,
                "l1_regularization_strength": 0.02,
                "l2_regularization_strength": 0.05,
                "l2_shrinkage_regularization_strength": 0.01,
                "beta": 0.1,
            },
            {"learning_rate": 0.05, "learning_rate_power": -0.7, "initial_accumulator_value": 0.3},
            *SOME,
        ),
        lambda arguments: ["accumulator", "linear"],
        (({"learning_rate_power": 0.5}, "learning_rate_power must be a number of at most 0, got 0.5"),),
    ),
    Optimizer(
        "Lion",
        "lion",
        lion,
        ({}, {"learning_rate": 0.01, "beta_1": 0.6, "beta_2": 0.8}, *SOME),
        lambda arguments: ["momentum"],
        (
            ({"beta_1": 0}, "beta_1 must be above 0: at 0 there is no memory, got 0"),
            ({"beta_1": 1.1}, "beta_1 must be from 0 to 1, got 1.1"),
        ),
    ),
    Optimizer(
        "Adafactor",
        "adafactor",
        adafactor,
        (
            {},
            {"learning_rate": 0.3, "beta_2_decay": -0.6, "epsilon_1": 1e-6, "epsilon_2": 0.2, "clip_threshold": 0.5},
            {"relative_step": False},  # makes no difference in Keras either
            *SOME,
        ),
        lambda arguments: ["velocity", "rows", "columns"],
        (({"clip_threshold": 0}, "clip_threshold must be above 0, got 0"),),
    ),
]


# --- Schedules: rate = formula(step, **arguments) ---------------------------------------------------------------------


@dataclass(frozen=True)
class Schedule:
    name: str
    formula: Callable[..., float]
    arguments: tuple[Arguments, ...]
    bad_arguments: tuple[tuple[Arguments, str], ...] = ()


def cosine_decay(
    step: int,
    initial_learning_rate: float,
    decay_steps: int,
    alpha: float = 0,
    warmup_target: float | None = None,
    warmup_steps: int = 0,
) -> float:
    rate = initial_learning_rate
    if warmup_target is not None:
        if step < warmup_steps:
            return rate + (warmup_target - rate) * step / warmup_steps
        rate, step = warmup_target, step - warmup_steps
    done = min(step / decay_steps, 1)
    return rate * (alpha + (1 - alpha) * math.cos(math.pi * done / 2) ** 2)


def cosine_decay_restarts(
    step: int,
    initial_learning_rate: float,
    first_decay_steps: int,
    t_mul: float = 2,
    m_mul: float = 1,
    alpha: float = 0,
) -> float:
    """Loshchilov and Hutter, 2017, cosine by cosine."""
    length, height = float(first_decay_steps), 1.0
    left = float(step)
    while left >= length:
        left, length, height = left - length, length * t_mul, height * m_mul
    cosine = height * math.cos(math.pi * left / length / 2) ** 2
    return initial_learning_rate * (alpha + (1 - alpha) * cosine)


def polynomial_decay(
    step: int,
    initial_learning_rate: float,
    decay_steps: int,
    end_learning_rate: float = 0.0001,
    power: float = 1,
    cycle: bool = False,
) -> float:
    end = decay_steps * max(1, -(-step // decay_steps)) if cycle else decay_steps
    return end_learning_rate + (initial_learning_rate - end_learning_rate) * (1 - min(step, end) / end) ** power


def piecewise_constant(step: int, boundaries: list[int], values: list[float]) -> float:
    return values[sum(step > boundary for boundary in boundaries)]


DECAY = {"initial_learning_rate": 0.5, "decay_steps": 10}
BAD_STEPS = ({**DECAY, "decay_steps": 0}, "decay_steps must be a number above 0, got 0")

SCHEDULES = [
    Schedule(
        "ExponentialDecay",
        lambda step, initial_learning_rate, decay_steps, decay_rate, staircase=False: (
            initial_learning_rate * decay_rate ** (step // decay_steps if staircase else step / decay_steps)
        ),
        ({**DECAY, "decay_rate": 0.9}, {**DECAY, "decay_rate": 0.9, "staircase": True}),
        (({**BAD_STEPS[0], "decay_rate": 1}, BAD_STEPS[1]),),
    ),
    Schedule(
        "InverseTimeDecay",
        lambda step, initial_learning_rate, decay_steps, decay_rate, staircase=False: (
            initial_learning_rate / (1 + decay_rate * (step // decay_steps if staircase else step / decay_steps))
        ),
        ({**DECAY, "decay_rate": 0.9}, {**DECAY, "decay_rate": 0.9, "staircase": True}),
        (({**BAD_STEPS[0], "decay_rate": 1}, BAD_STEPS[1]),),
    ),
    Schedule(
        "PiecewiseConstantDecay",
        piecewise_constant,
        ({"boundaries": [5, 20], "values": [0.1, 0.01, 0.002]}, {"boundaries": [1], "values": [1, 0]}),
        (
            ({"boundaries": [5], "values": [1.0]}, "values must be one more than boundaries, got 1 values for 1"),
            ({"boundaries": [5, 2], "values": [1, 2, 3]}, "boundaries must increase, got [5, 2]"),
        ),
    ),
    Schedule(
        "PolynomialDecay",
        polynomial_decay,
        (DECAY, {**DECAY, "end_learning_rate": 0.01, "power": 2.5}, {**DECAY, "power": 0.5, "cycle": True}),
        (BAD_STEPS,),
    ),
    Schedule(
        "CosineDecay",
        cosine_decay,
        (
            DECAY,
            {**DECAY, "alpha": 0.1},
            {**DECAY, "warmup_target": 0.9, "warmup_steps": 7},
            {**DECAY, "alpha": 0.2, "warmup_target": 0.3},
        ),
        (BAD_STEPS,),
    ),
    Schedule(
        "CosineDecayRestarts",
        cosine_decay_restarts,
        (
            {"initial_learning_rate": 0.5, "first_decay_steps": 10},
            {"initial_learning_rate": 0.5, "first_decay_steps": 7, "t_mul": 1, "m_mul": 0.8, "alpha": 0.1},
            {"initial_learning_rate": 0.5, "first_decay_steps": 9, "t_mul": 1.5, "m_mul": 0.5},
        ),
        (
            (
                {"initial_learning_rate": 1, "first_decay_steps": -1},
                "first_decay_steps must be a number above 0",
            ),
            (
                {"initial_learning_rate": 1, "first_decay_steps": 5, "t_mul": 0.5},
                "t_mul must be at least 1",
            ),
        ),
    ),
]


# --- Regularizers: penalty = formula(x, **arguments) ------------------------------------------------------------------


@dataclass(frozen=True)
class Regularizer:
    """`shapes`: of what to penalize."""

    name: str
    kind: str
    formula: Callable[..., float]
    arguments: tuple[Arguments, ...]
    shapes: tuple[Shape, ...] = ((7,), (5, 3), (2, 3, 4), (130, 140))
    bad_arguments: tuple[tuple[Arguments, str], ...] = ()


def orthogonal(x: Array, factor: float = 0.01, mode: str = "rows") -> float:
    """The mean of |cosine| over all pairs."""
    vectors = x if mode == "rows" else x.T
    unit = [v / np.linalg.norm(v) if v.any() else v for v in vectors]
    pairs = [abs(unit[i] @ unit[j]) for i in range(len(unit)) for j in range(i)]
    return factor * sum(pairs) / len(pairs)


REGULARIZERS = [
    Regularizer(
        "L1",
        "l1_l2",
        lambda x, l1=0.01: l1 * np.sum(abs(x)),
        ({}, {"l1": 0.3}),
        bad_arguments=(({"l1": -1}, "l1 must be a finite number of at least 0, got -1"),),
    ),
    Regularizer(
        "L2",
        "l1_l2",
        lambda x, l2=0.01: l2 * np.sum(x**2),
        ({}, {"l2": 0.3}),
        bad_arguments=(({"l2": math.inf}, "l2 must be a finite number of at least 0, got inf"),),
    ),
    Regularizer(
        "L1L2",
        "l1_l2",
        lambda x, l1=0, l2=0: l1 * np.sum(abs(x)) + l2 * np.sum(x**2),
        ({}, {"l1": 0.3}, {"l1": 0.2, "l2": 0.1}),
        bad_arguments=(({"l1": "much"}, "l1 must be a finite number of at least 0, got 'much'"),),
    ),
    Regularizer(
        "OrthogonalRegularizer",
        "orthogonal",
        orthogonal,
        ({}, {"factor": 0.5, "mode": "columns"}),
        ((5, 3), (3, 8), (30, 20)),
        (
            ({"mode": "diagonals"}, "mode must be one of 'rows', 'columns'; got 'diagonals'"),
            ({"factor": -1}, "factor must be a finite number of at least 0, got -1"),
        ),
    ),
]


# --- Constraints: new weight = formula(weight, **arguments) -----------------------------------------------------------


@dataclass(frozen=True)
class Constraint:
    name: str
    kind: str
    formula: Callable[..., Array]
    arguments: tuple[Arguments, ...] = ({},)
    bad_arguments: tuple[tuple[Arguments, str], ...] = ()


def min_max_norm(w: Array, min_value: float = 0, max_value: float = 1, rate: float = 1, axis: Any = 0) -> Array:
    norm = np.sqrt(np.sum(w**2, axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=True))
    return w * (rate * np.clip(norm, min_value, max_value) + (1 - rate) * norm) / (EPSILON + norm)


AXES = ({}, {"axis": -1}, {"axis": 1}, {"axis": [0, 1]}, {"axis": [0, -1]})

CONSTRAINTS = [
    Constraint("NonNeg", "non_neg", lambda w: np.maximum(w, 0)),
    Constraint(
        "MaxNorm",
        "norm_range",
        lambda w, max_value=2, axis=0: min_max_norm(w, 0, max_value, axis=axis),
        (*({"max_value": 1.5, **axis} for axis in AXES), {}),
        (
            ({"max_value": -1}, "max_value must be a finite number of at least 0, got -1"),
            ({"axis": 0.5}, "axis must be an integer or a list of integers, got 0.5"),
        ),
    ),
    Constraint("UnitNorm", "norm_range", lambda w, axis=0: min_max_norm(w, 1, 1, axis=axis), AXES),
    Constraint(
        "MinMaxNorm",
        "norm_range",
        min_max_norm,
        (*({"min_value": 1.2, "max_value": 1.8, "rate": 0.3, **axis} for axis in AXES), {}),
        (
            ({"rate": 2}, "rate must be a number from 0 to 1, got 2"),
            ({"min_value": 2}, "max_value must be at least min_value, 2.0, got 1.0"),
        ),
    ),
]
