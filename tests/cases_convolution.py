"""Rows of convolution, pooling and what goes with them; the formulas add up shifted images, place by place.

The tests of a layer are made from its row in tests/python/test_cases_layers.py; test_convolution.py has more of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from cases import Arguments, Array, Layer, Shape, gelu, relu, softmax

Sizes = tuple[int, ...]


def each(value: Any, rank: int) -> Sizes:
    return tuple(value) if isinstance(value, tuple | list) else (value,) * rank


def channels_last(x: Array) -> Array:
    return np.moveaxis(x, 1, -1)


def channels_first(y: Array) -> Array:
    return np.moveaxis(y, -1, 1)


def padded(x: Array, reach: Sizes, strides: Sizes, padding: str, value: float = 0) -> Array:
    """x (batch, spatial..., channels) with what the padding adds."""
    widths = []
    for size, r, s in zip(x.shape[1:-1], reach, strides, strict=True):
        total = {"valid": 0, "causal": r - 1}.get(padding, max((-(-size // s) - 1) * s + r - size, 0))
        before = total if padding == "causal" else total // 2
        widths.append((before, total - before))
    return np.pad(x, [(0, 0), *widths, (0, 0)], constant_values=value)


def places(x: Array, size: Sizes, strides: Sizes, dilation: Sizes) -> Iterator[tuple[Sizes, Array]]:
    """Each place of the windows with what all windows have there."""
    counts = [(n - (k - 1) * d - 1) // s + 1 for n, k, s, d in zip(x.shape[1:-1], size, strides, dilation, strict=True)]
    for place in itertools.product(*map(range, size)):
        at = [
            slice(t * d, t * d + (n - 1) * s + 1, s)
            for t, d, n, s in zip(place, dilation, counts, strides, strict=True)
        ]
        yield place, x[(slice(None), *at)]


def convolved(
    x: Array,
    kernel: Array,
    bias: Array | float = 0,
    strides: Any = 1,
    padding: str = "valid",
    dilation_rate: Any = 1,
    groups: int = 1,
) -> Array:
    """(batch, spatial..., channels) with (size..., channels / groups, filters)."""
    rank = x.ndim - 2
    size, strides, dilation = kernel.shape[:rank], each(strides, rank), each(dilation_rate, rank)
    reach = tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
    x = padded(x, reach, strides, padding)
    y: Any = 0
    for place, part in places(x, size, strides, dilation):
        inputs, filters = np.split(part, groups, -1), np.split(kernel[place], groups, -1)
        y = y + np.concatenate([np.einsum("...c,cn->...n", i, f) for i, f in zip(inputs, filters, strict=True)], -1)
    return y + bias


def depthwise(x: Array, kernel: Array, bias: Array | float = 0, **options: Any) -> Array:
    """The kernel is (size..., channels, multiplier)."""
    channels = x.shape[-1]
    kernel = kernel.reshape(*kernel.shape[:-2], 1, -1)
    return convolved(x, kernel, bias, groups=channels, **options)


def separable(x: Array, spatial: Array, across: Array, bias: Array | float = 0, **options: Any) -> Array:
    return convolved(depthwise(x, spatial, **options), across, bias)


def transposed(
    x: Array,
    kernel: Array,
    bias: Array | float = 0,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    dilation_rate: Any = 1,
) -> Array:
    """The kernel is (size..., filters, channels): every x adds a window to y, of which "same" keeps the middle."""
    rank = x.ndim - 2
    size, strides, dilation = kernel.shape[:rank], each(strides, rank), each(dilation_rate, rank)
    more = (None,) * rank if output_padding is None else each(output_padding, rank)
    spatial, cuts = [], []
    for n, k, s, d, o in zip(x.shape[1:-1], size, strides, dilation, more, strict=True):
        reach = (k - 1) * d + 1
        full = (n - 1) * s + reach
        if padding == "valid":
            wanted = full + (max(s - reach, 0) if o is None else o)
        else:
            wanted = n * s if o is None else (n - 1) * s + reach % 2 + o
        cut = max(full - wanted, 0) // 2
        spatial.append(max(full, wanted + cut))
        cuts.append(slice(cut, cut + wanted))
    y = np.zeros((len(x), *spatial, kernel.shape[-2]))
    for place in itertools.product(*map(range, size)):
        at = [
            slice(t * d, t * d + (n - 1) * s + 1, s)
            for t, d, n, s in zip(place, dilation, x.shape[1:-1], strides, strict=True)
        ]
        y[(slice(None), *at)] += np.einsum("...n,cn->...c", x, kernel[place])
    return y[(slice(None), *cuts)] + bias


def pooled(
    x: Array, how: str, pool_size: Any = 2, strides: Any = None, padding: str = "valid", data_format: str = ""
) -> Array:
    if data_format == "channels_first":
        return channels_first(pooled(channels_last(x), how, pool_size, strides, padding))
    rank = x.ndim - 2
    size = each(pool_size, rank)
    strides = size if strides is None else each(strides, rank)
    inside = padded(x, size, strides, padding, np.nan)
    parts = np.stack([part for _, part in places(inside, size, strides, (1,) * rank)])
    return np.nanmax(parts, 0) if how == "max" else np.nanmean(parts, 0)


def globally(x: Array, how: str, keepdims: bool = False, data_format: str = "") -> Array:
    first = data_format == "channels_first"
    axes = tuple(range(2, x.ndim)) if first else tuple(range(1, x.ndim - 1))
    return getattr(np, how)(x, axes, keepdims=keepdims)


def adaptive(x: Array, how: str, output_size: Any) -> Array:
    for axis, n in enumerate(each(output_size, x.ndim - 2), start=1):
        m = x.shape[axis]
        parts = [np.arange(j * m // n, -(-(j + 1) * m // n)) for j in range(n)]
        x = np.stack([getattr(np, how)(np.take(x, part, axis), axis) for part in parts], axis)
    return x


# Weight of an old element at a distance, and the distance from where on it is 0.
INTERPOLATIONS: dict[str, tuple[Callable[[Array], Array], int]] = {
    "bilinear": (lambda d: 1 - d, 1),
    "bicubic": (lambda d: np.where(d < 1, 1.5 * d**3 - 2.5 * d**2 + 1, -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2), 2),
    "lanczos3": (lambda d: np.sinc(d) * np.sinc(d / 3), 3),
    "lanczos5": (lambda d: np.sinc(d) * np.sinc(d / 5), 5),
}


def enlarged(x: Array, size: Any, interpolation: str = "nearest") -> Array:
    for axis, s in enumerate(each(size, x.ndim - 2), start=1):
        if interpolation == "nearest":
            x = x.repeat(s, axis)
            continue
        weight, reach = INTERPOLATIONS[interpolation]
        n = x.shape[axis]
        distances = np.abs((np.arange(n * s)[:, None] + 0.5) / s - 0.5 - np.arange(n))
        weights = np.where(distances < reach, weight(distances), 0)
        weights /= weights.sum(axis=1, keepdims=True)
        x = np.moveaxis(np.tensordot(weights, x, (1, axis)), 0, axis)
    return x


def first(formula: Callable[..., Array]) -> Callable[..., Array]:
    """The same for channels_first."""
    return lambda x, *weights: channels_first(formula(channels_last(x), *weights))


def convolution(
    name: str,
    arguments: Arguments,
    shape: Shape,
    activation: Callable[[Array], Array] = lambda z: z,
    **bad: Any,
) -> Layer:
    """The row of a layer with weights."""
    formulas = {"Depthwise": (depthwise, "convolution"), "Separable": (separable, "separable_convolution")}
    base, kind = formulas.get(name.partition("Conv")[0], (convolved, "convolution"))
    if name.endswith("Transpose"):
        base, kind = transposed, "transposed_convolution"
    options = {
        key: value
        for key, value in arguments.items()
        if key in ("strides", "padding", "dilation_rate", "groups", "output_padding")
    }

    def formula(x: Array, *weights: Array) -> Array:
        return activation(base(x, *weights, **options))

    turned = arguments.get("data_format") == "channels_first"
    return Layer(name, arguments, kind, (shape,), first(formula) if turned else formula, **bad)


def pooling(name: str, arguments: Arguments, shape: Shape, **bad: Any) -> Layer:
    how = "max" if "Max" in name else "mean"
    word = "max" if how == "max" else "average"
    if name.startswith("Global"):
        return Layer(
            name, arguments, f"global_{word}_pooling", (shape,), lambda x: globally(x, how, **arguments), **bad
        )
    if name.startswith("Adaptive"):
        return Layer(name, arguments, f"{word}_pooling", (shape,), lambda x: adaptive(x, how, **arguments), **bad)
    return Layer(name, arguments, f"{word}_pooling", (shape,), lambda x: pooled(x, how, **arguments), **bad)


def moved(name: str, arguments: Arguments, shape: Shape, formula: Callable[[Array], Array], **bad: Any) -> Layer:
    kind = "up_sampling" if name.startswith("Up") else "padding"
    return Layer(name, arguments, kind, (shape,), formula, **bad)


SHARED = {"filters": 3, "kernel_size": 2}

LAYERS = [
    convolution(
        "Conv1D",
        {"filters": 4, "kernel_size": 3},
        (6, 2),
        bad_arguments=(
            ({"filters": 0, "kernel_size": 3}, "filters must be an integer of at least 1, got 0"),
            ({"filters": 2, "kernel_size": 0}, "kernel_size must be an integer of at least 1, got 0"),
            ({"filters": 2, "kernel_size": (3, 3)}, "kernel_size must be an integer of at least 1, got (3, 3)"),
            ({"filters": 2, "kernel_size": 3, "padding": "full"}, "padding must be one of 'valid', 'same', 'causal'"),
            ({"filters": 2, "kernel_size": 3, "strides": 0}, "strides must be an integer of at least 1, got 0"),
        ),
        bad_shapes=(
            (((2, 2),), "kernel_size (3,) is larger than the input (*, 2, 2): use padding='same'"),
            (((5,),), "expected input (*, steps, channels), got (*, 5)"),
            (((5, 5, 2),), "expected input (*, steps, channels), got (*, 5, 5, 2)"),
            (((5, 2), (5, 2)), "expected 1 input, got 2"),
        ),
    ),
    convolution("Conv1D", {"filters": 3, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}, (7, 2)),
    convolution("Conv1D", {"filters": 3, "kernel_size": 4, "padding": "same", "strides": 3}, (8, 2)),
    convolution("Conv1D", {"filters": 4, "kernel_size": 3, "groups": 2, "use_bias": False}, (6, 6)),
    convolution("Conv1D", {**SHARED, "data_format": "channels_first"}, (2, 6)),
    convolution(
        "Conv2D",
        {"filters": 5, "kernel_size": 3, "activation": "relu"},
        (5, 6, 2),
        relu,
        bad_arguments=(
            ({"filters": 2, "kernel_size": (3, -1)}, "kernel_size must be an integer or 2 integers of at least 1"),
            ({"filters": 2, "kernel_size": 3, "strides": (0, 1)}, "strides must be an integer or 2 integers"),
            ({"filters": 2, "kernel_size": 3, "strides": -1}, "strides must be an integer or 2 integers"),
            ({"filters": 2, "kernel_size": 3, "strides": 2, "dilation_rate": 2}, "cannot both be greater than 1"),
            ({"filters": 2, "kernel_size": 3, "padding": "causal"}, "padding must be one of 'valid', 'same'; got"),
            ({"filters": 3, "kernel_size": 3, "groups": 2}, "groups 2 do not divide the 3 filters"),
            ({"filters": 4, "kernel_size": 3, "groups": 0}, "groups must be an integer of at least 1, got 0"),
            ({"filters": 4, "kernel_size": 3, "data_format": "nhwc"}, "data_format must be 'channels_last' or"),
            ({"filters": 4, "kernel_size": 3, "activation": "rellu"}, "unknown activation 'rellu'; did you mean"),
            (
                {"filters": 4, "kernel_size": 3, "activation": "softmax", "data_format": "channels_first"},
                "softmax works on the last axis",
            ),
        ),
        bad_shapes=(
            (((2, 6, 2),), "kernel_size (3, 3) is larger than the input (*, 2, 6, 2)"),
            (((6, 2),), "expected input (*, height, width, channels), got (*, 6, 2)"),
        ),
    ),
    convolution("Conv2D", {"filters": 3, "kernel_size": (3, 2), "padding": "same", "strides": (2, 1)}, (5, 4, 2)),
    convolution("Conv2D", {"filters": 2, "kernel_size": 5, "padding": "same"}, (3, 4, 2)),
    convolution("Conv2D", {"filters": 2, "kernel_size": 3, "padding": "same", "dilation_rate": (2, 1)}, (5, 4, 2)),
    convolution("Conv2D", {"filters": 2, "kernel_size": 2, "dilation_rate": 3}, (5, 6, 2)),
    convolution(
        "Conv2D",
        {"filters": 4, "kernel_size": 2, "groups": 2, "padding": "same"},
        (4, 3, 4),
        bad_shapes=((((4, 3, 5),), "groups 2 do not divide the 5 channels of the input (*, 4, 3, 5)"),),
    ),
    convolution("Conv2D", {"filters": 3, "kernel_size": 3, "groups": 3, "strides": 2}, (5, 6, 3)),
    convolution("Conv2D", {"filters": 4, "kernel_size": 1}, (3, 4, 5)),
    convolution("Conv2D", {"filters": 4, "kernel_size": 1, "strides": 2, "activation": "gelu"}, (5, 4, 3), gelu),
    convolution("Conv2D", {"filters": 3, "kernel_size": 3, "strides": 3, "activation": "softmax"}, (6, 7, 2), softmax),
    convolution(
        "Conv2D",
        {"filters": 3, "kernel_size": 2, "padding": "same", "data_format": "channels_first", "activation": "tanh"},
        (2, 4, 5),
        np.tanh,
        bad_shapes=((((3, 4),), "expected input (*, height, width, channels), got (*, 4, 3) (the channels"),),
    ),
    convolution(
        "Conv2D",
        {
            **SHARED,
            "kernel_regularizer": {"class_name": "L1", "config": {"l1": 0.1}},
            "bias_regularizer": "l2",
            "activity_regularizer": {"class_name": "L1L2", "config": {"l1": 0.01, "l2": 0.01}},
            "kernel_constraint": {"class_name": "MaxNorm", "config": {"max_value": 3, "axis": [0, 1, 2]}},
            "bias_constraint": "non_neg",
        },
        (4, 4, 2),
    ),
    convolution(
        "Conv3D",
        {"filters": 3, "kernel_size": 2},
        (3, 3, 4, 2),
        bad_shapes=((((3, 4, 2),), "expected input (*, depth, height, width, channels), got (*, 3, 4, 2)"),),
    ),
    convolution("Conv3D", {"filters": 2, "kernel_size": (3, 2, 3), "padding": "same", "strides": 2}, (4, 3, 4, 2)),
    convolution("DepthwiseConv1D", {"kernel_size": 3, "padding": "same"}, (6, 5)),
    convolution("DepthwiseConv1D", {"kernel_size": 2, "strides": 2, "depth_multiplier": 3}, (6, 2)),
    convolution(
        "DepthwiseConv2D",
        {"kernel_size": 3, "activation": "gelu"},
        (5, 4, 3),
        gelu,
        bad_arguments=(
            ({"kernel_size": 3, "depth_multiplier": 0}, "depth_multiplier must be an integer of at least 1, got 0"),
        ),
    ),
    convolution("DepthwiseConv2D", {"kernel_size": 3, "padding": "same", "dilation_rate": 2}, (4, 5, 3)),
    convolution("DepthwiseConv2D", {"kernel_size": (2, 3), "strides": (2, 2), "depth_multiplier": 2}, (5, 6, 2)),
    convolution("DepthwiseConv2D", {"kernel_size": 2, "data_format": "channels_first", "use_bias": False}, (3, 4, 4)),
    convolution("SeparableConv1D", {"filters": 3, "kernel_size": 3, "padding": "same"}, (6, 4)),
    convolution(
        "SeparableConv2D", {"filters": 3, "kernel_size": 3, "strides": 2, "activation": "relu"}, (5, 6, 2), relu
    ),
    convolution(
        "SeparableConv2D",
        {"filters": 3, "kernel_size": 2, "depth_multiplier": 2, "padding": "same", "activation": "gelu"},
        (4, 3, 2),
        gelu,
    ),
    convolution(
        "Conv1DTranspose",
        {"filters": 3, "kernel_size": 3, "strides": 2},
        (4, 2),
        bad_arguments=(
            ({**SHARED, "output_padding": 1}, "output_padding must be less than strides, got 1 and 1"),
            ({**SHARED, "padding": "causal"}, "padding must be one of 'valid', 'same'; got 'causal'"),
            ({**SHARED, "strides": 2, "dilation_rate": 2}, "cannot both be greater than 1"),
        ),
    ),
    convolution("Conv1DTranspose", {"filters": 2, "kernel_size": 2, "strides": 3, "padding": "same"}, (3, 2)),
    convolution("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "activation": "relu"}, (3, 4, 2), relu),
    convolution("Conv2DTranspose", {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}, (3, 4, 2)),
    convolution(
        "Conv2DTranspose", {"filters": 2, "kernel_size": (2, 4), "padding": "same", "dilation_rate": 2}, (4, 3, 2)
    ),
    convolution(
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": (3, 4), "strides": (3, 2), "output_padding": (2, 1), "activation": "gelu"},
        (2, 3, 2),
        gelu,
    ),
    convolution(
        "Conv2DTranspose",
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1},
        (3, 2, 2),
    ),
    convolution(
        "Conv2DTranspose", {"filters": 2, "kernel_size": 1, "strides": 2, "activation": "softmax"}, (2, 3, 3), softmax
    ),
    convolution("Conv2DTranspose", {**SHARED, "strides": 2, "data_format": "channels_first"}, (2, 3, 2)),
    convolution(
        "Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": (1, 2, 2), "padding": "same"}, (2, 3, 2, 2)
    ),
    pooling("MaxPooling1D", {}, (7, 3)),
    pooling(
        "MaxPooling2D",
        {},
        (5, 6, 3),
        bad_arguments=(
            ({"pool_size": 0}, "pool_size must be an integer or 2 integers of at least 1, got 0"),
            ({"strides": (2, 0)}, "strides must be an integer or 2 integers of at least 1, got (2, 0)"),
            ({"padding": "causal"}, "padding must be one of 'valid', 'same'; got 'causal'"),
        ),
        bad_shapes=(
            (((1, 6, 3),), "pool_size (2, 2) is larger than the input (*, 1, 6, 3)"),
            (((6, 3),), "expected input (*, height, width, channels), got (*, 6, 3)"),
        ),
    ),
    pooling("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, (5, 6, 2)),
    pooling("MaxPooling2D", {"pool_size": (1, 2), "strides": (2, 1), "data_format": "channels_first"}, (3, 4, 5)),
    pooling("MaxPooling3D", {"padding": "same"}, (3, 4, 3, 2)),
    pooling("AveragePooling1D", {"pool_size": 3, "strides": 1}, (6, 2)),
    pooling("AveragePooling2D", {"pool_size": 2}, (5, 4, 3)),
    pooling("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, (5, 6, 2)),
    pooling("AveragePooling3D", {"pool_size": (1, 2, 2), "data_format": "channels_first"}, (2, 3, 4, 5)),
    *(
        pooling(f"Global{word}Pooling{rank}D", arguments, (3, 4, 5, 2)[3 - rank :])
        for word in ("Max", "Average")
        for rank in (1, 2, 3)
        for arguments in ({}, {"keepdims": True, "data_format": "channels_first"})[: 1 + (rank == 2)]
    ),
    *(
        pooling(f"Adaptive{word}Pooling{rank}D", {"output_size": (2, 3, 5)[3 - rank :]}, (3, 4, 7, 2)[3 - rank :])
        for word in ("Max", "Average")
        for rank in (1, 2, 3)
    ),
    moved("ZeroPadding1D", {"padding": (2, 1)}, (3, 2), lambda x: np.pad(x, [(0, 0), (2, 1), (0, 0)])),
    moved(
        "ZeroPadding2D",
        {"padding": ((1, 0), (2, 3))},
        (3, 2, 2),
        lambda x: np.pad(x, [(0, 0), (1, 0), (2, 3), (0, 0)]),
        bad_arguments=(({"padding": -1}, "padding must be an integer or 2 integers of at least 0, got -1"),),
    ),
    moved(
        "ZeroPadding2D",
        {"padding": (1, 2), "data_format": "channels_first"},
        (2, 3, 2),
        lambda x: np.pad(x, [(0, 0), (0, 0), (1, 1), (2, 2)]),
    ),
    moved("ZeroPadding3D", {}, (2, 3, 2, 2), lambda x: np.pad(x, [(0, 0), (1, 1), (1, 1), (1, 1), (0, 0)])),
    moved(
        "Cropping1D",
        {"cropping": (1, 2)},
        (5, 2),
        lambda x: x[:, 1:-2],
        bad_shapes=((((3, 2),), "cropping 1 and 2 along axis 1 leaves nothing of the input (*, 3, 2)"),),
    ),
    moved("Cropping2D", {"cropping": ((0, 1), (2, 0))}, (3, 5, 2), lambda x: x[:, :-1, 2:]),
    moved("Cropping3D", {}, (3, 4, 3, 2), lambda x: x[:, 1:-1, 1:-1, 1:-1]),
    moved("UpSampling1D", {"size": 3}, (3, 2), lambda x: enlarged(x, 3)),
    moved(
        "UpSampling2D",
        {"size": (2, 3)},
        (3, 2, 2),
        lambda x: enlarged(x, (2, 3)),
        bad_arguments=(
            ({"size": 0}, "size must be an integer or 2 integers of at least 1, got 0"),
            (
                {"interpolation": "cubic"},
                "interpolation must be one of 'nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5'; got 'cubic'",
            ),
        ),
    ),
    *(
        moved(
            "UpSampling2D",
            {"size": (2, 3), "interpolation": interpolation},
            (7, 2, 2),
            lambda x, interpolation=interpolation: enlarged(x, (2, 3), interpolation),
        )
        for interpolation in INTERPOLATIONS
    ),
    moved("UpSampling3D", {"size": (1, 2, 2)}, (2, 3, 2, 2), lambda x: enlarged(x, (1, 2, 2))),
]
