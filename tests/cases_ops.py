"""One row for each operation: how it is called, and NumPy's formula.

`function` is called on symbols and on arrays; `formula`, which knows nothing of the library, on float64 arrays with the
batch in front.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from cases import Array, Shape, sigmoid, softmax

from ranvier import ops

W = np.random.default_rng(5).normal(size=(3, 4))
V = np.random.default_rng(6).normal(size=3)


@dataclass(frozen=True)
class Operation:
    """`shapes`: of a row of each input. `low` and `high`: between which numbers are drawn. `smooth`: differentiable."""

    name: str
    function: Callable[..., Any]
    formula: Callable[..., Array]
    shapes: tuple[Shape, ...] = ((2, 3),)
    low: float = -2
    high: float = 2
    smooth: bool = True


def unary(name: str, formula: Callable[..., Array], low: float = -2, high: float = 2, smooth: bool = True) -> Operation:
    return Operation(name, getattr(ops, name), formula, low=low, high=high, smooth=smooth)


def binary(
    name: str, formula: Callable[..., Array], low: float = -2, high: float = 2, smooth: bool = True
) -> Operation:
    return Operation(name, getattr(ops, name), formula, ((2, 3), (2, 1)), low, high, smooth)


def erf(x: Array) -> Array:
    return np.vectorize(math.erf, otypes=[float])(x)


UNARY = [
    unary("absolute", np.abs),
    unary("arccos", np.arccos, -0.9, 0.9),
    unary("arccosh", np.arccosh, 1.2, 3),
    unary("arcsin", np.arcsin, -0.9, 0.9),
    unary("arcsinh", np.arcsinh),
    unary("arctan", np.arctan),
    unary("arctanh", np.arctanh, -0.9, 0.9),
    unary("ceil", np.ceil, smooth=False),
    unary("cos", np.cos),
    unary("cosh", np.cosh),
    unary("erf", erf),
    unary("exp", np.exp),
    unary("exp2", np.exp2),
    unary("expm1", np.expm1),
    unary("floor", np.floor, smooth=False),
    unary("isfinite", np.isfinite, smooth=False),
    unary("isinf", np.isinf, smooth=False),
    unary("isnan", np.isnan, smooth=False),
    unary("log", np.log, 0.2, 4),
    unary("log10", np.log10, 0.2, 4),
    unary("log1p", np.log1p, -0.8, 4),
    unary("log2", np.log2, 0.2, 4),
    unary("logical_not", np.logical_not, smooth=False),
    unary("negative", np.negative),
    unary("reciprocal", lambda x: 1 / x, 0.3, 3),
    unary("round", np.round, smooth=False),
    unary("rsqrt", lambda x: x**-0.5, 0.3, 3),
    unary("sign", np.sign, smooth=False),
    unary("sin", np.sin),
    unary("sinh", np.sinh),
    unary("sqrt", np.sqrt, 0.1, 4),
    unary("square", np.square),
    unary("tan", np.tan, -1.2, 1.2),
    unary("trunc", np.trunc, smooth=False),
    unary("sigmoid", sigmoid),
    unary("relu", lambda x: np.maximum(x, 0)),
    unary("softplus", lambda x: np.logaddexp(0, x)),
    unary("softmax", softmax),
]

BINARY = [
    binary("add", np.add),
    binary("arctan2", np.arctan2, 0.2, 2),
    binary("divide", np.divide, 0.3, 3),
    binary("divide_no_nan", np.divide, 0.3, 3),
    binary("equal", np.equal, smooth=False),
    binary("floor_divide", np.floor_divide, 0.3, 3, smooth=False),
    binary("greater", np.greater, smooth=False),
    binary("greater_equal", np.greater_equal, smooth=False),
    binary("less", np.less, smooth=False),
    binary("less_equal", np.less_equal, smooth=False),
    binary("logaddexp", np.logaddexp),
    binary("logical_and", np.logical_and, smooth=False),
    binary("logical_or", np.logical_or, smooth=False),
    binary("logical_xor", np.logical_xor, smooth=False),
    binary("maximum", np.maximum),
    binary("minimum", np.minimum),
    binary("mod", np.mod, 0.3, 3),
    binary("multiply", np.multiply),
    binary("not_equal", np.not_equal, smooth=False),
    binary("power", np.power, 0.3, 2),
    binary("subtract", np.subtract),
]

REDUCED: list[tuple[Any, bool]] = [(-1, False), (1, True), ([1, 2], False), (2, True)]
REDUCTIONS = [
    Operation(
        f"{name}-{axis}-{keepdims}",
        lambda x, f=name, a=axis, k=keepdims: getattr(ops, f)(x, axis=a, keepdims=k),
        lambda x, f=formula, a=axis, k=keepdims: f(x, axis=tuple(a) if isinstance(a, list) else a, keepdims=k),
        low=0.3 if name == "prod" else -2,
    )
    for name, formula in {
        "sum": np.sum,
        "mean": np.mean,
        "max": np.max,
        "amin": np.min,
        "prod": np.prod,
        "var": np.var,
        "std": np.std,
        "logsumexp": lambda x, axis, keepdims: np.log(np.exp(x).sum(axis, keepdims=keepdims)),
    }.items()
    for axis, keepdims in REDUCED
]

SHAPING = [
    Operation("reshape", lambda x: ops.reshape(x, (-1, 3, 2)), lambda x: x.reshape(-1, 3, 2)),
    Operation("ravel", ops.ravel, lambda x: x.reshape(len(x), -1)),
    Operation("transpose", lambda x: ops.transpose(x, (0, 3, 1, 2)), lambda x: x.transpose(0, 3, 1, 2), ((2, 3, 4),)),
    Operation("moveaxis", lambda x: ops.moveaxis(x, 1, -1), lambda x: np.moveaxis(x, 1, -1), ((2, 3, 4),)),
    Operation("swapaxes", lambda x: ops.swapaxes(x, 1, 2), lambda x: np.swapaxes(x, 1, 2)),
    Operation("expand_dims", lambda x: ops.expand_dims(x, -2), lambda x: x[..., None, :]),
    Operation("squeeze", lambda x: ops.squeeze(x, 2), lambda x: x[:, :, 0], ((2, 1, 3),)),
    Operation("concatenate", lambda *x: ops.concatenate(x, 1), lambda *x: np.concatenate(x, 1), ((2, 3), (1, 3))),
    Operation("stack", lambda *x: ops.stack(x, 1), lambda *x: np.stack(x, 1), ((2, 3), (2, 3))),
    Operation("get_item", lambda x: x[:, 1, ::2], lambda x: x[:, 1, ::2]),
    Operation("get_item-none", lambda x: x[:, None, ..., -1], lambda x: x[:, None, ..., -1]),
    Operation("take", lambda x: ops.take(x, [[2, 0], [1, 1]], axis=2), lambda x: np.take(x, [[2, 0], [1, 1]], axis=2)),
    Operation("flip", lambda x: ops.flip(x, 1), lambda x: np.flip(x, 1)),
    Operation("roll", lambda x: ops.roll(x, 2, -1), lambda x: np.roll(x, 2, -1)),
    Operation("repeat", lambda x: ops.repeat(x, 2, 1), lambda x: np.repeat(x, 2, 1)),
    Operation("tile", lambda x: ops.tile(x, (1, 2, 3)), lambda x: np.tile(x, (1, 2, 3))),
    Operation("split", lambda x: ops.split(x, [1], -1)[1], lambda x: np.split(x, [1], -1)[1]),
    Operation("broadcast_to", lambda x: ops.broadcast_to(x, (None, 2, 3)), lambda x: x.repeat(3, 2), ((2, 1),)),
    Operation("cumsum", lambda x: ops.cumsum(x, 1), lambda x: np.cumsum(x, 1)),
    Operation("where", lambda x, z: ops.where(x > 0, x, z), lambda x, z: np.where(x > 0, x, z), ((2, 3), (2, 1))),
    Operation("clip", lambda x: ops.clip(x, -1, 0.5), lambda x: np.clip(x, -1, 0.5)),
    Operation("cast", lambda x: ops.cast(x, "int32"), np.trunc, smooth=False),
    Operation(
        "one_hot", lambda x: ops.one_hot(ops.floor(x), 3), lambda x: np.floor(x)[..., None] == np.arange(3), low=0
    ),
    Operation("argmax", lambda x: ops.argmax(x, -1), lambda x: np.argmax(x, -1), smooth=False),
    Operation("any", lambda x: ops.any(x > 1, -1), lambda x: np.any(x > 1, -1), smooth=False),
    Operation("stop_gradient", ops.stop_gradient, lambda x: x, smooth=False),
    Operation("normalize", ops.normalize, lambda x: x / np.sqrt((x * x).sum(-1, keepdims=True))),
    Operation("norm", lambda x: ops.norm(x, axis=-1), lambda x: np.sqrt((x * x).sum(-1))),
]

PRODUCTS = [
    Operation("matmul", ops.matmul, np.matmul, ((2, 3), (3, 4))),
    Operation("matmul-broadcast", ops.matmul, np.matmul, ((2, 2, 3), (1, 3, 4))),
    Operation("matmul-weight", lambda x: ops.matmul(x, W), lambda x: x @ W),
    Operation("matmul-rows", lambda x: x @ W, lambda x: x @ W, ((3,),)),
    Operation("matmul-left", lambda x: W.T @ x, lambda x: W.T @ x, ((3, 2),)),
    Operation("matmul-vector", lambda x: x @ V, lambda x: x @ V),
    Operation("matmul-vector-rows", lambda x: ops.dot(x, V), lambda x: x @ V, ((3,),)),
    Operation(
        "einsum-heads",
        lambda q, k: ops.einsum("bthd,bshd->bhts", q, k),
        lambda q, k: np.einsum("bthd,bshd->bhts", q, k),
        ((4, 2, 3), (5, 2, 3)),
    ),
    Operation("einsum-weight", lambda x: ops.einsum("btk,kn->bnt", x, W), lambda x: np.einsum("btk,kn->bnt", x, W)),
    Operation("einsum-sum", lambda x: ops.einsum("btk->bk", x), lambda x: np.einsum("btk->bk", x)),
    Operation("tensordot", lambda x: ops.tensordot(x, W, 1), lambda x: np.tensordot(x, W, 1)),
    Operation("affine", lambda x: x @ W + V[0] * x[..., :1] - 2, lambda x: x @ W + V[0] * x[..., :1] - 2),
    Operation("vector", lambda x: V * x + 1 / (2 + x * x), lambda x: V * x + 1 / (2 + x * x)),
]


def attended(q: Array, k: Array, v: Array, hidden: Array | None = None) -> Array:
    logits = np.einsum("bthd,bshd->bhts", q, k) / math.sqrt(q.shape[-1])
    return np.einsum("bhts,bshd->bthd", softmax(logits if hidden is None else np.where(hidden, -np.inf, logits)), v)


def normalized(x: Array) -> Array:
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-3)


HEADS = ((3, 2, 4), (5, 2, 4), (5, 2, 4))

COMPOSED = [
    unary("cbrt", np.cbrt, 0.3, 3),
    unary("deg2rad", np.deg2rad),
    unary("rad2deg", np.rad2deg),
    unary("nan_to_num", np.nan_to_num),
    Operation(
        "nan_to_num-nan",
        lambda x: ops.nan_to_num(ops.where(x > 0, x, np.nan), 2),
        lambda x: np.where(x > 0, x, 2),
    ),
    binary("hypot", np.hypot, 0.3, 3),
    binary("isclose", np.isclose, smooth=False),
    Operation(
        "isclose-wide",
        lambda *x: ops.isclose(*x, rtol=0.5),
        lambda *x: np.isclose(*x, rtol=0.5),
        ((2, 3), (2, 1)),
        smooth=False,
    ),
    Operation("average", lambda x: ops.average(x, -1, [1, 2, 5]), lambda x: np.average(x, -1, [1, 2, 5])),
    Operation("average-plain", lambda x: ops.average(x, 1), lambda x: x.mean(1)),
    Operation("ptp", lambda x: ops.ptp(x, -1), lambda x: np.ptp(x, -1)),
    Operation("diff", lambda x: ops.diff(x, 2, 1), lambda x: np.diff(x, 2, 1), ((4, 3),)),
    Operation("unstack", lambda x: ops.unstack(x, axis=1)[1], lambda x: x[:, 1]),
    Operation("hstack", lambda *x: ops.hstack(x), lambda *x: np.hstack(x), ((2, 3), (1, 3))),
    Operation("inner", lambda x: ops.inner(x, W.T), lambda x: np.inner(x, W.T)),
    Operation("tril", lambda x: ops.tril(x, -1), lambda x: np.tril(x, -1), ((3, 3),)),
    Operation("triu", ops.triu, np.triu, ((2, 3, 3),)),
    Operation(
        "pad",
        lambda x: ops.pad(x, ((0, 0), (1, 2), (0, 3)), constant_values=2),
        lambda x: np.pad(x, ((0, 0), (1, 2), (0, 3)), constant_values=2),
    ),
    Operation("moments", lambda x: ops.moments(x, -1)[1], lambda x: x.var(-1)),
    Operation(
        "layer_normalization",
        lambda x: ops.layer_normalization(x, V, 2.0, epsilon=1e-3),
        lambda x: normalized(x) * V + 2,
    ),
    Operation(
        "rms_normalization",
        lambda x: ops.rms_normalization(x, V),
        lambda x: x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-7) * V,
    ),
    Operation("dot_product_attention", ops.dot_product_attention, attended, HEADS),
    Operation(
        "dot_product_attention-causal",
        lambda *x: ops.dot_product_attention(*x, is_causal=True),
        lambda *x: attended(*x, hidden=np.tri(3, 5) == 0),
        HEADS,
    ),
]

LOSSES = [
    Operation(
        "binary_crossentropy",
        ops.binary_crossentropy,
        lambda t, p: -t * np.log(p) - (1 - t) * np.log(1 - p),
        ((4,), (4,)),
        0.1,
        0.9,
    ),
    Operation(
        "binary_crossentropy-logits",
        lambda t, z: ops.binary_crossentropy(t, z, from_logits=True),
        lambda t, z: np.logaddexp(0, z) - t * z,
        ((4,), (4,)),
    ),
    Operation(
        "categorical_crossentropy",
        ops.categorical_crossentropy,
        lambda t, p: -np.sum(t * np.log(p / p.sum(-1, keepdims=True)), -1),
        ((4,), (4,)),
        0.1,
        0.9,
    ),
    Operation(
        "categorical_crossentropy-logits",
        lambda t, z: ops.categorical_crossentropy(t, z, from_logits=True),
        lambda t, z: -np.sum(t * np.log(softmax(z)), -1),
        ((4,), (4,)),
    ),
]

OPERATIONS = [*UNARY, *BINARY, *REDUCTIONS, *SHAPING, *PRODUCTS, *COMPOSED, *LOSSES]
