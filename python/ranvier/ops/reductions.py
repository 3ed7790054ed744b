"""Functions of all elements along some axes: NumPy's on arrays, native nodes on symbols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ranvier.ops import graph
from ranvier.ops.elementwise import primitive
from ranvier.symbol import KerasTensor


def _reduced(function: str, x: Any, axis: Any, keepdims: bool) -> KerasTensor:
    [symbol] = graph.symbols(x)
    chosen = range(symbol.ndim) if axis is None else axis if isinstance(axis, Sequence) else [axis]
    axes = sorted({graph.row_axis(function, symbol, place) for place in chosen})
    return graph.node("reduce", {"function": function, "axes": axes, "keepdims": keepdims}, [symbol], function)


def _numpy_axis(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _function(name: str, array: Callable[..., Any], what: str, example: str) -> Callable[..., Any]:
    native = {"amax": "max", "amin": "min"}.get(name, name)

    def function(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if not graph.symbolic(x):
            return array(x, axis=_numpy_axis(axis), keepdims=keepdims)
        return _reduced(native, x, axis, keepdims)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "ranvier.ops"
    function.__doc__ = (
        f"{what} along some axes.\n\nArgs:\n    x: an array or a symbol.\n    axis: the axes, or one; by default all. "
        "With the batch among them the result is\n        one for the whole batch, which losses may have, models not."
        f"\n    keepdims: whether the axes stay, with size 1.\n\n>>> {name}{example}"
    )
    return function


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    values = np.asarray(x)
    most = np.max(values, axis=axis, keepdims=True)
    most = np.where(np.isfinite(most), most, 0)
    total = np.log(np.sum(np.exp(values - most), axis=axis, keepdims=True)) + most
    return total if keepdims else np.squeeze(total, axis)


sum = _function("sum", np.sum, "The sum", "([1.0, 2.0]).item()\n3.0")
mean = _function("mean", np.mean, "The mean", "([1.0, 2.0]).item()\n1.5")
logsumexp = _function("logsumexp", _logsumexp, "log(sum(exp(x)))", "([0.0, 0.0]).item()\n0.693...")


def prod(x: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """The product along some axes.

    Args:
        x: an array or a symbol.
        axis: the axes, or one; by default all.
        keepdims: whether the axes stay, with size 1.
        dtype: number type of the result for arrays.

    >>> prod([2.0, 3.0]).item()
    6.0
    """
    if not graph.symbolic(x):
        return np.prod(x, axis=_numpy_axis(axis), keepdims=keepdims, dtype=dtype)
    return _reduced("prod", x, axis, keepdims)


def max(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The greatest element along some axes.

    Args:
        x: an array or a symbol.
        axis: the axes, or one; by default all.
        keepdims: whether the axes stay, with size 1.
        initial: a number that is not greater counts as this one.

    >>> max([1.0, 3.0]).item()
    3.0
    """
    if not graph.symbolic(x):
        return np.max(x, axis=_numpy_axis(axis), keepdims=keepdims, **({} if initial is None else {"initial": initial}))
    found = _reduced("max", x, axis, keepdims)
    return found if initial is None else primitive("maximum", found, initial)


def min(x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    """The least element along some axes.

    Args:
        x: an array or a symbol.
        axis: the axes, or one; by default all.
        keepdims: whether the axes stay, with size 1.
        initial: a number that is not less counts as this one.

    >>> min([1.0, 3.0]).item()
    1.0
    """
    if not graph.symbolic(x):
        return np.min(x, axis=_numpy_axis(axis), keepdims=keepdims, **({} if initial is None else {"initial": initial}))
    found = _reduced("min", x, axis, keepdims)
    return found if initial is None else primitive("minimum", found, initial)


def amax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The greatest element along some axes; see `max`.

    Args:
        x: an array or a symbol.
        axis: the axes, or one; by default all.
        keepdims: whether the axes stay, with size 1.

    >>> amax([1.0, 3.0]).item()
    3.0
    """
    return max(x, axis, keepdims)


def amin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The least element along some axes; see `min`.

    Args:
        x: an array or a symbol.
        axis: the axes, or one; by default all.
        keepdims: whether the axes stay, with size 1.

    >>> amin([1.0, 3.0]).item()
    1.0
    """
    return min(x, axis, keepdims)


def var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean square of the distances from the mean along some axes.

    Args:
        x: an array or a symbol.
        axis: the axes, or one; by default all.
        keepdims: whether the axes stay, with size 1.

    >>> var([1.0, 3.0]).item()
    1.0
    """
    if not graph.symbolic(x):
        return np.var(x, axis=_numpy_axis(axis), keepdims=keepdims)
    return mean(primitive("square", x - mean(x, axis, keepdims=True)), axis, keepdims)


def std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The square root of `var`.

    Args:
        x: an array or a symbol.
        axis: the axes, or one; by default all.
        keepdims: whether the axes stay, with size 1.

    >>> std([1.0, 3.0]).item()
    1.0
    """
    if not graph.symbolic(x):
        return np.std(x, axis=_numpy_axis(axis), keepdims=keepdims)
    return primitive("sqrt", var(x, axis, keepdims))


def any(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether one element is not 0 along some axes.

    Args:
        x: an array or a symbol.
        axis: the axes, or one; by default all.
        keepdims: whether the axes stay, with size 1.

    >>> bool(any([False, True]))
    True
    """
    if not graph.symbolic(x):
        return np.any(x, axis=_numpy_axis(axis), keepdims=keepdims)
    return _reduced("max", primitive("not_equal", x, 0), axis, keepdims)


def all(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Whether no element is 0 along some axes.

    Args:
        x: an array or a symbol.
        axis: the axes, or one; by default all.
        keepdims: whether the axes stay, with size 1.

    >>> bool(all([False, True]))
    False
    """
    if not graph.symbolic(x):
        return np.all(x, axis=_numpy_axis(axis), keepdims=keepdims)
    return _reduced("min", primitive("not_equal", x, 0), axis, keepdims)


def count_nonzero(x: Any, axis: Any = None) -> Any:
    """How many elements are not 0 along some axes.

    Args:
        x: an array or a symbol.
        axis: the axes, or one; by default all.

    >>> int(count_nonzero([0, 2, 3]))
    2
    """
    if not graph.symbolic(x):
        return np.count_nonzero(x, axis=_numpy_axis(axis))
    return sum(primitive("not_equal", x, 0), axis)


def argmax(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The place of the greatest element along an axis, the first one if there are several.

    Args:
        x: an array or a symbol.
        axis: along which; by default in all elements as one axis.
        keepdims: whether the axis stays, with size 1.

    >>> int(argmax([1.0, 3.0]))
    1
    """
    return (
        np.argmax(x, axis=axis, keepdims=keepdims) if not graph.symbolic(x) else _reduced("argmax", x, axis, keepdims)
    )


def argmin(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
    """The place of the least element along an axis, the first one if there are several.

    Args:
        x: an array or a symbol.
        axis: along which; by default in all elements as one axis.
        keepdims: whether the axis stays, with size 1.

    >>> int(argmin([1.0, 3.0]))
    0
    """
    return (
        np.argmin(x, axis=axis, keepdims=keepdims) if not graph.symbolic(x) else _reduced("argmin", x, axis, keepdims)
    )


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The length of vectors along some axes: the root of the sum of squares.

    Args:
        x: an array or a symbol.
        ord: as in NumPy; 1, 2 or None for a symbol.
        axis: the axes, or one; by default all.
        keepdims: whether the axes stay, with size 1.

    >>> norm([3.0, 4.0]).item()
    5.0
    """
    if not graph.symbolic(x):
        return np.linalg.norm(x, ord=ord, axis=_numpy_axis(axis), keepdims=keepdims)
    if ord == 1:
        return sum(primitive("absolute", x), axis, keepdims)
    if ord not in (None, 2, "euclidean", "fro"):
        raise ValueError(f"[norm] ord of a symbol must be 1, 2 or None, got {ord!r}")
    return primitive("sqrt", sum(primitive("square", x), axis, keepdims))


def cumsum(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    """The sums of all elements so far along an axis.

    Args:
        x: an array or a symbol.
        axis: along which; by default in all elements of an array as one axis.
        dtype: number type of the result for arrays.

    >>> cumsum([1, 2, 3])
    array([1, 3, 6])
    """
    if not graph.symbolic(x):
        return np.cumsum(x, axis=axis, dtype=dtype)
    from ranvier.ops.linear import matmul
    from ranvier.ops.shaping import expand_dims, moveaxis, squeeze

    if axis is None:
        raise ValueError("[cumsum] a symbol is summed along an axis: give axis")
    [symbol] = graph.symbols(x)
    graph.closed("cumsum", symbol)
    length = symbol.row_shape[graph.behind_batch("cumsum", symbol, axis) - 1]
    lines = expand_dims(moveaxis(symbol, axis, -1), -2)
    return moveaxis(squeeze(matmul(lines, np.triu(np.ones((length, length)))), -2), -1, axis)
