"""Functions of one or two operands, element by element: NumPy's on arrays, native nodes on symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ranvier.ops import graph
from ranvier.symbol import KerasTensor

# Of one operand: the name, those of the native function and of NumPy's if they are others, and what it is.
_UNARY: dict[str, tuple[str, Callable[..., Any], str]] = {
    "absolute": ("absolute", np.absolute, "|x|"),
    "arccos": ("arccos", np.arccos, "the angle whose cosine is x"),
    "arccosh": ("arccosh", np.arccosh, "the number whose hyperbolic cosine is x"),
    "arcsin": ("arcsin", np.arcsin, "the angle whose sine is x"),
    "arcsinh": ("arcsinh", np.arcsinh, "the number whose hyperbolic sine is x"),
    "arctan": ("arctan", np.arctan, "the angle whose tangent is x"),
    "arctanh": ("arctanh", np.arctanh, "the number whose hyperbolic tangent is x"),
    "ceil": ("ceil", np.ceil, "the least whole number that is not below x"),
    "cos": ("cos", np.cos, "cos(x)"),
    "cosh": ("cosh", np.cosh, "cosh(x)"),
    "exp": ("exp", np.exp, "e to the power of x"),
    "exp2": ("exp2", np.exp2, "2 to the power of x"),
    "expm1": ("expm1", np.expm1, "exp(x) - 1"),
    "floor": ("floor", np.floor, "the greatest whole number that is not above x"),
    "isfinite": ("isfinite", np.isfinite, "whether x is neither NaN nor infinite"),
    "isinf": ("isinf", np.isinf, "whether x is infinite"),
    "isnan": ("isnan", np.isnan, "whether x is NaN"),
    "log": ("log", np.log, "the natural logarithm of x"),
    "log10": ("log10", np.log10, "the logarithm of x to base 10"),
    "log1p": ("log1p", np.log1p, "log(1 + x)"),
    "log2": ("log2", np.log2, "the logarithm of x to base 2"),
    "logical_not": ("logical_not", np.logical_not, "whether x is 0"),
    "negative": ("negative", np.negative, "-x"),
    "reciprocal": ("reciprocal", lambda x: 1 / np.asarray(x), "1 / x"),
    "rsqrt": ("rsqrt", lambda x: 1 / np.sqrt(x), "1 / sqrt(x)"),
    "sign": ("sign", np.sign, "-1, 0 or 1"),
    "sin": ("sin", np.sin, "sin(x)"),
    "sinh": ("sinh", np.sinh, "sinh(x)"),
    "sqrt": ("sqrt", np.sqrt, "the square root of x"),
    "square": ("square", np.square, "x^2"),
    "tan": ("tan", np.tan, "tan(x)"),
    "trunc": ("trunc", np.trunc, "x without what is behind the point"),
}


def _divide_no_nan(x1: Any, x2: Any) -> Any:
    a, b = np.asarray(x1), np.asarray(x2)
    return np.where(b == 0, 0, a / np.where(b == 0, 1, b))


# Of two operands.
_BINARY: dict[str, tuple[str, Callable[..., Any], str]] = {
    "add": ("add", np.add, "x1 + x2"),
    "arctan2": ("arctan2", np.arctan2, "the angle of the point (x2, x1)"),
    "divide": ("divide", np.divide, "x1 / x2"),
    "divide_no_nan": ("divide_no_nan", _divide_no_nan, "x1 / x2, and 0 where x2 is"),
    "equal": ("equal", np.equal, "whether x1 = x2"),
    "floor_divide": ("floor_divide", np.floor_divide, "x1 / x2, down to a whole number"),
    "greater": ("greater", np.greater, "whether x1 > x2"),
    "greater_equal": ("greater_equal", np.greater_equal, "whether x1 >= x2"),
    "less": ("less", np.less, "whether x1 < x2"),
    "less_equal": ("less_equal", np.less_equal, "whether x1 <= x2"),
    "logaddexp": ("logaddexp", np.logaddexp, "log(exp(x1) + exp(x2))"),
    "logical_and": ("logical_and", np.logical_and, "whether neither is 0"),
    "logical_or": ("logical_or", np.logical_or, "whether one is not 0"),
    "logical_xor": ("logical_xor", np.logical_xor, "whether one of both is 0"),
    "maximum": ("maximum", np.maximum, "the greater one"),
    "minimum": ("minimum", np.minimum, "the lesser one"),
    "mod": ("mod", np.mod, "what is left of x1 after whole parts of x2"),
    "multiply": ("multiply", np.multiply, "x1 x2"),
    "not_equal": ("not_equal", np.not_equal, "whether x1 and x2 differ"),
    "subtract": ("subtract", np.subtract, "x1 - x2"),
    "true_divide": ("divide", np.divide, "x1 / x2"),
}

SECOND_NAMES = {"abs": "absolute", "remainder": "mod"}


def primitive(function: str, *values: Any) -> KerasTensor:
    """A native function on symbols."""
    operands = graph.aligned(function, graph.symbols(*values))
    return graph.node("primitive", {"function": function}, operands, function)


def _of_one(name: str, native: str, array: Callable[..., Any], what: str) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        return primitive(native, x) if graph.symbolic(x) else array(x)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "ranvier.ops"
    x = 1.5 if name == "arccosh" else 0.5
    function.__doc__ = (
        f"{what[0].upper()}{what[1:]}, element by element.\n\nArgs:\n    x: an array or a symbol.\n\n"
        f">>> print('%.4f' % {name}({x}))\n{float(array(x)):.4f}"
    )
    return function


def _of_two(name: str, native: str, array: Callable[..., Any], what: str) -> Callable[[Any, Any], Any]:
    def function(x1: Any, x2: Any) -> Any:
        return primitive(native, x1, x2) if graph.symbolic(x1, x2) else array(x1, x2)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "ranvier.ops"
    function.__doc__ = (
        f"{what[0].upper()}{what[1:]}, element by element; shapes are broadcast.\n\nArgs:\n    x1: an array or a "
        "symbol.\n    x2: the same.\n\nRaises: ValueError where the shapes do not go together.\n\n"
        f">>> print('%.4f' % {name}(1.5, 0.5))\n{float(array(1.5, 0.5)):.4f}"
    )
    return function


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: _of_one(name, *row) for name, row in _UNARY.items()},
    **{name: _of_two(name, *row) for name, row in _BINARY.items()},
}
FUNCTIONS |= {name: FUNCTIONS[other] for name, other in SECOND_NAMES.items()}


def power(x1: Any, x2: Any) -> Any:
    """x1 to the power of x2, element by element; shapes are broadcast.

    Args:
        x1: an array or a symbol.
        x2: the same.

    >>> power([1.0, 3.0], 2)
    array([1., 9.])
    """
    if not graph.symbolic(x1, x2):
        return np.power(x1, x2)
    if isinstance(x2, int | float) and x2 in (1, 2, 0.5, -1):
        return primitive({2: "square", 0.5: "sqrt", -1: "reciprocal"}[x2], x1) if x2 != 1 else x1
    return primitive("power", x1, x2)


def round(x: Any, decimals: int = 0) -> Any:
    """The nearest number with so many decimals, an even one if two are.

    Args:
        x: an array or a symbol.
        decimals: how many.

    >>> round([0.5, 1.26], 1)
    array([0.5, 1.3])
    """
    if not graph.symbolic(x):
        return np.round(x, decimals)
    return primitive("round", x) if decimals == 0 else primitive("round", x * 10.0**decimals) / 10.0**decimals


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """The nearest number from x_min to x_max.

    Args:
        x: an array or a symbol.
        x_min: the least one.
        x_max: the greatest one.

    >>> clip([-2.0, 0.5], -1, 1)
    array([-1. ,  0.5])
    """
    if not graph.symbolic(x, x_min, x_max):
        return np.clip(x, x_min, x_max)
    return primitive("minimum", primitive("maximum", x, x_min), x_max)


def where(condition: Any, x1: Any = None, x2: Any = None) -> Any:
    """x1 where the condition holds, x2 elsewhere.

    Args:
        condition: an array or a symbol.
        x1: the same.
        x2: the same.

    >>> where([True, False], 1, 2)
    array([1, 2])
    """
    if not graph.symbolic(condition, x1, x2):
        return np.where(condition) if x1 is None and x2 is None else np.where(condition, x1, x2)
    values = graph.aligned("where", graph.symbols(condition, x1, x2))
    zero = graph.constant(np.zeros(()), values[0].dtype)
    shape = np.broadcast_shapes(*(symbol.row_shape for symbol in values))
    whole = [symbol if symbol.row_shape == shape else _filled(symbol, shape, zero) for symbol in values]
    return graph.node("select", {}, graph.with_batch(whole), "where")


def _filled(symbol: KerasTensor, shape: tuple[int, ...], zero: KerasTensor) -> KerasTensor:
    graph.closed("where", symbol)
    zeros = graph.constant(np.zeros(shape), zero.dtype)
    return graph.node("primitive", {"function": "add"}, [symbol, zeros], "broadcast_to")


def cast(x: Any, dtype: Any) -> Any:
    """The numbers in another type; symbols keep theirs, but lose what a whole number or a truth value has not.

    Args:
        x: an array or a symbol.
        dtype: such as "float32" or "bool".

    >>> cast([0.0, 2.5], "int32")
    array([0, 2], dtype=int32)
    """
    if not graph.symbolic(x):
        return np.asarray(x).astype(dtype)
    kind = np.dtype(dtype).kind
    if kind == "b":
        return primitive("not_equal", x, 0)
    return primitive("trunc", x) if kind in "iu" else graph.symbols(x)[0]


def stop_gradient(variable: Any) -> Any:
    """The same value, through which no gradient passes.

    Args:
        variable: an array or a symbol.

    >>> stop_gradient(2.0)
    2.0
    """
    if not graph.symbolic(variable):
        return variable
    return graph.node("stop_gradient", {}, graph.symbols(variable), "stop_gradient")


def erf(x: Any) -> Any:
    """The error function, element by element.

    Args:
        x: an array or a symbol.

    >>> float(erf(0.0))
    0.0
    """
    if graph.symbolic(x):
        return primitive("erf", x)
    import math

    return np.vectorize(math.erf, otypes=[float])(x)
