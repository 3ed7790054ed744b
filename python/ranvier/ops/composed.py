"""Operations that are made of others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ranvier.ops import elementwise, graph, nn, reductions
from ranvier.ops.elementwise import where
from ranvier.ops.linear import einsum, matmul
from ranvier.ops.shaping import concatenate, get_item, swapaxes

_F = {**elementwise.FUNCTIONS, **nn.FUNCTIONS}


def cbrt(x: Any) -> Any:
    """The cube root.

    Args:
        x: an array or a symbol.

    >>> cbrt([-8.0, 27.0])
    array([-2.,  3.])
    """
    if not graph.symbolic(x):
        return np.cbrt(x)
    return _F["sign"](x) * elementwise.power(_F["absolute"](x), 1 / 3)


def hypot(x1: Any, x2: Any) -> Any:
    """sqrt(x1^2 + x2^2).

    Args:
        x1: an array or a symbol.
        x2: the same.

    >>> hypot(3.0, 4.0).item()
    5.0
    """
    return _F["sqrt"](_F["square"](x1) + _F["square"](x2)) if graph.symbolic(x1, x2) else np.hypot(x1, x2)


def deg2rad(x: Any) -> Any:
    """Degrees in radians.

    Args:
        x: an array or a symbol.

    >>> round(float(deg2rad(180.0)), 4)
    3.1416
    """
    return x * (math.pi / 180) if graph.symbolic(x) else np.deg2rad(x)


def rad2deg(x: Any) -> Any:
    """Radians in degrees.

    Args:
        x: an array or a symbol.

    >>> round(float(rad2deg(np.pi)), 4)
    180.0
    """
    return x * (180 / math.pi) if graph.symbolic(x) else np.rad2deg(x)


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """Numbers in the place of NaN and infinities.

    Args:
        x: an array or a symbol.
        nan: in the place of NaN.
        posinf: in the place of infinity; by default the greatest number.
        neginf: in the place of minus infinity; by default the least number.

    >>> nan_to_num([1.0, np.nan])
    array([1., 0.])
    """
    if not graph.symbolic(x):
        return np.nan_to_num(np.asarray(x), nan=nan, posinf=posinf, neginf=neginf)
    most = float(np.finfo(graph.dtype_of([x])).max)
    made = where(_F["isnan"](x), nan, x)
    made = where(made > most, most if posinf is None else posinf, made)
    return where(made < -most, -most if neginf is None else neginf, made)


def isclose(x1: Any, x2: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether |x1 - x2| <= atol + rtol |x2|.

    Args:
        x1: an array or a symbol.
        x2: the same.
        rtol: how far they may be apart, as a share.
        atol: how far they may be apart besides.
        equal_nan: whether NaN is close to NaN.

    >>> isclose([1.0, 2.0], [1.0, 2.1])
    array([ True, False])
    """
    if not graph.symbolic(x1, x2):
        return np.isclose(x1, x2, rtol, atol, equal_nan)
    near = _F["less_equal"](_F["absolute"](x1 - x2), atol + rtol * _F["absolute"](x2))
    near = _F["logical_or"](near, _F["equal"](x1, x2))
    if equal_nan:
        near = _F["logical_or"](near, _F["logical_and"](_F["isnan"](x1), _F["isnan"](x2)))
    return near


def average(x: Any, axis: Any = None, weights: Any = None) -> Any:
    """The mean, weighted.

    Args:
        x: an array or a symbol.
        axis: along which; by default all.
        weights: like x, or one for each place along the axis; by default 1.

    >>> average([1.0, 3.0], weights=[3, 1]).item()
    1.5
    """
    if not graph.symbolic(x, weights):
        return np.average(x, axis, weights)
    if weights is None:
        return reductions.mean(x, axis)
    if np.ndim(weights) == 1 and isinstance(axis, int):
        rank = x.ndim
        weights = np.reshape(weights, [-1 if place == axis % rank else 1 for place in range(rank)])
    total = reductions.sum(weights + 0 * x, axis)
    return reductions.sum(x * weights, axis) / total


def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The greatest number less the least one.

    Args:
        x: an array or a symbol.
        axis: along which; by default all.
        keepdims: whether the axis stays, with size 1.

    >>> ptp([1.0, 4.0]).item()
    3.0
    """
    if not graph.symbolic(x):
        return np.asarray(reductions.max(x, axis, keepdims=keepdims) - reductions.min(x, axis, keepdims=keepdims))
    return reductions.max(x, axis, keepdims=keepdims) - reductions.min(x, axis, keepdims=keepdims)


def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    """Differences of neighbours, n times.

    Args:
        a: an array or a symbol.
        n: how many times.
        axis: along which; not the batch of a symbol.

    >>> diff([1, 4, 9])
    array([3, 5])
    """
    if not graph.symbolic(a):
        return np.diff(a, n, axis)
    for _ in range(n):
        place = (slice(None),) * (axis % a.ndim)
        a = get_item(a, (*place, slice(1, None))) - get_item(a, (*place, slice(None, -1)))
    return a


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """The slices along an axis.

    Args:
        x: an array or a symbol.
        num: how many there are; by default the size of the axis.
        axis: along which; not the batch of a symbol.

    >>> [part.tolist() for part in unstack([[1, 2], [3, 4]])]
    [[1, 2], [3, 4]]
    """
    if not graph.symbolic(x):
        x = np.asarray(x)
    place = axis % x.ndim
    front = (slice(None),) * place
    if graph.symbolic(x):
        graph.behind_batch("unstack", graph.symbols(x)[0], axis)
    count = num or x.shape[place]
    return [get_item(x, (*front, i)) for i in range(count)]


def hstack(xs: Sequence[Any]) -> Any:
    """Values side by side along the second axis; vectors along their only one.

    Args:
        xs: arrays or symbols.

    >>> hstack([[1, 2], [3]])
    array([1, 2, 3])
    """
    return concatenate(xs, 1) if graph.symbolic(*xs) else np.hstack(xs)


def inner(x1: Any, x2: Any) -> Any:
    """Sums of products along the last axes.

    Args:
        x1: an array or a symbol.
        x2: the same; for a symbol a vector or a matrix without a batch.

    >>> inner([1.0, 2.0], [3.0, 4.0]).item()
    11.0
    """
    if not graph.symbolic(x1, x2):
        return np.asarray(np.inner(x1, x2))
    return matmul(x1, x2 if np.ndim(x2) == 1 else swapaxes(x2, -1, -2))


def tril(x: Any, k: int = 0) -> Any:
    """The lower triangle of the last two axes, 0 elsewhere.

    Args:
        x: an array or a symbol.
        k: the last diagonal that stays; 0 is the main one.

    >>> tril([[1, 2], [3, 4]])
    array([[1, 0],
           [3, 4]])
    """
    return _triangle(x, np.tril, k)


def triu(x: Any, k: int = 0) -> Any:
    """The upper triangle of the last two axes, 0 elsewhere.

    Args:
        x: an array or a symbol.
        k: the first diagonal that stays; 0 is the main one.

    >>> triu([[1, 2], [3, 4]])
    array([[1, 2],
           [0, 4]])
    """
    return _triangle(x, np.triu, k)


def _triangle(x: Any, half: Any, k: int) -> Any:
    if not graph.symbolic(x):
        return half(x, k)
    [symbol] = graph.symbols(x)
    graph.closed("tril", symbol)
    mask = half(np.ones(symbol.row_shape[-2:]), k)
    return symbol * mask.reshape((1,) * (symbol.ndim - 2) + mask.shape)


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """More elements at the ends of the axes.

    Args:
        x: an array or a symbol.
        pad_width: how many in front and behind, one pair for all axes or one for each; none for the batch of a symbol.
        mode: how they are found, as for NumPy; "constant" for symbols.
        constant_values: what they are; by default 0.

    Raises: ValueError for another mode of a symbol, or padding of the batch.

    >>> pad([1, 2], (1, 0))
    array([0, 1, 2])
    """
    told = {} if constant_values is None else {"constant_values": constant_values}
    if not graph.symbolic(x):
        return np.pad(x, pad_width, mode, **told)  # type: ignore[call-overload]
    [made] = graph.symbols(x)
    if mode != "constant":
        raise ValueError(f"[pad] mode must be 'constant' for a symbol, got {mode!r}")
    for axis, ends in enumerate(np.broadcast_to(pad_width, (made.ndim, 2)).tolist()):
        if axis == 0 and any(ends) and not made.single:
            raise ValueError(f"[pad] the batch is not padded: pad_width must begin with (0, 0), got {pad_width}")
        parts = []
        for count in ends:
            shape = [1 if size is None else size for size in made.shape]
            shape[axis] = count
            parts.append(np.full(shape, constant_values or 0, dtype=float) if count else None)
        pieces = [part for part in (parts[0], made, parts[1]) if part is not None]
        made = concatenate(pieces, axis) if len(pieces) > 1 else made
    return made


def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> tuple[Any, Any]:
    """Mean and variance.

    Args:
        x: an array or a symbol.
        axes: along which.
        keepdims: whether the axes stay, with size 1.
        synchronized: accepted for compatibility.

    >>> [part.item() for part in moments([1.0, 3.0], 0)]
    [2.0, 1.0]
    """
    return reductions.mean(x, axes, keepdims=keepdims), reductions.var(x, axes, keepdims=keepdims)


def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None, **kwargs: Any
) -> Any:
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta (Ba, Kiros and Hinton, 2016).

    Args:
        x: an array or a symbol.
        gamma: factor; by default 1.
        beta: what is added; by default 0.
        axis: along which.
        epsilon: added to the variance; by default 1e-7.
        **kwargs: none.

    >>> layer_normalization([1.0, 3.0]).round(3)
    array([-1.,  1.])
    """
    mean, variance = moments(x, axis, keepdims=True)
    made = (_as_value(x) - mean) * _F["rsqrt"](variance + (1e-7 if epsilon is None else epsilon))
    made = made if gamma is None else made * gamma
    return made if beta is None else made + beta


def rms_normalization(x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None) -> Any:
    """X / sqrt(mean of x^2 + epsilon) * scale (Zhang and Sennrich, 2019).

    Args:
        x: an array or a symbol.
        scale: factor; by default 1.
        axis: along which.
        epsilon: added to the mean; by default 1e-7.

    >>> rms_normalization([3.0, 3.0]).round(3)
    array([1., 1.])
    """
    squares = reductions.mean(_F["square"](x), axis, keepdims=True)
    made = _as_value(x) * _F["rsqrt"](squares + (1e-7 if epsilon is None else epsilon))
    return made if scale is None else made * scale


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Any:
    """softmax(scale q k^T + bias) v for each head (Vaswani et al., 2017).

    Args:
        query: (batch, time, heads, features), an array or a symbol.
        key: (batch, keys, heads, features).
        value: the same.
        bias: what is added to the logits (batch, heads, time, keys).
        mask: where attention may go, in the same shape.
        scale: factor of the logits; by default one over the root of the features.
        is_causal: whether each query sees keys up to its own place only.
        flash_attention: accepted for compatibility.
        attn_logits_soft_cap: c, where logits are to be c tanh(logits / c).

    >>> dot_product_attention(*[np.ones((1, 2, 1, 3))] * 3).shape
    (1, 2, 1, 3)
    """
    query, key, value = map(_as_value, (query, key, value))
    logits = einsum("bthd,bshd->bhts", query, key) * (1 / math.sqrt(query.shape[-1]) if scale is None else scale)
    if attn_logits_soft_cap is not None:
        logits = _F["tanh"](logits / attn_logits_soft_cap) * attn_logits_soft_cap
    logits = logits if bias is None else logits + bias
    if is_causal:
        logits = logits - 1e9 * (1 - np.tri(query.shape[1], key.shape[1]))[None, None]
    if mask is not None:
        logits = where(mask, logits, -1e9)
    return einsum("bhts,bshd->bthd", _F["softmax"](logits), value)


def _as_value(x: Any) -> Any:
    return x if graph.symbolic(x) else np.asarray(x)
