"""Operations of layers, losses and metrics of your own.

On arrays they are NumPy's. On symbols, and on the weights of a layer while that is called on symbols, they are
recorded: what is written with them runs natively, with gradients, and no Python between batches.

The batch is the first axis of a symbol, of any size. Weights and numbers have none: they are broadcast as if they had
one of size 1. Rows do not mix: no operation goes along the batch, but reductions in losses.

>>> import numpy as np
>>> from ranvier import Input, Model, ops
>>> x = Input((3,))
>>> Model(x, ops.sum(ops.square(x), axis=-1, keepdims=True)).predict(np.array([[1.0, 2.0, 3.0]]))
array([[14.]], dtype=float32)
"""

from typing import Any

import numpy as np

from ranvier.ops import elementwise, nn
from ranvier.ops.composed import (
    average,
    cbrt,
    deg2rad,
    diff,
    dot_product_attention,
    hstack,
    hypot,
    inner,
    isclose,
    layer_normalization,
    moments,
    nan_to_num,
    pad,
    ptp,
    rad2deg,
    rms_normalization,
    tril,
    triu,
    unstack,
)
from ranvier.ops.elementwise import cast, clip, erf, power, round, stop_gradient, where
from ranvier.ops.linear import dot, einsum, matmul, tensordot
from ranvier.ops.making import arange, array, eye, full, linspace, ones, zeros
from ranvier.ops.nn import (
    binary_crossentropy,
    categorical_crossentropy,
    gelu,
    normalize,
    sparse_categorical_crossentropy,
)
from ranvier.ops.reductions import (
    all,
    amax,
    amin,
    any,
    argmax,
    argmin,
    count_nonzero,
    cumsum,
    logsumexp,
    max,
    mean,
    min,
    norm,
    prod,
    std,
    sum,
    var,
)
from ranvier.ops.shaping import (
    broadcast_to,
    concatenate,
    expand_dims,
    flip,
    get_item,
    moveaxis,
    ndim,
    one_hot,
    ravel,
    repeat,
    reshape,
    roll,
    shape,
    size,
    split,
    squeeze,
    stack,
    swapaxes,
    take,
    tile,
    transpose,
)
from ranvier.symbol import KerasTensor


def convert_to_tensor(x: Any, dtype: Any = None, sparse: Any = None, ragged: Any = None) -> Any:
    """An array of what is none; symbols as they are.

    Args:
        x: numbers or a symbol.
        dtype: number type of the array.
        sparse: must be None.
        ragged: must be None.

    >>> convert_to_tensor([1, 2])
    array([1, 2])
    """
    return x if isinstance(x, KerasTensor) else np.asarray(x, dtype)


def convert_to_numpy(x: Any) -> Any:
    """An array.

    Args:
        x: numbers; not a symbol, which has none.

    >>> convert_to_numpy([1, 2])
    array([1, 2])
    """
    return np.asarray(x)


def is_tensor(x: Any) -> bool:
    """Whether it is an array or a symbol.

    Args:
        x: anything.

    >>> is_tensor([1])
    False
    """
    return isinstance(x, KerasTensor | np.ndarray)


def zeros_like(x: Any, dtype: Any = None) -> Any:
    """Zeros in the shape of x.

    Args:
        x: an array or a symbol.
        dtype: number type of the array.

    >>> zeros_like([1.0, 2.0])
    array([0., 0.])
    """
    return elementwise.primitive("multiply", x, 0) if isinstance(x, KerasTensor) else np.zeros_like(x, dtype)


def ones_like(x: Any, dtype: Any = None) -> Any:
    """Ones in the shape of x.

    Args:
        x: an array or a symbol.
        dtype: number type of the array.

    >>> ones_like([1.0, 2.0])
    array([1., 1.])
    """
    return zeros_like(x) + 1 if isinstance(x, KerasTensor) else np.ones_like(x, dtype)


globals().update(elementwise.FUNCTIONS)
globals().update(nn.FUNCTIONS)

__all__ = [  # noqa: PLE0604  the tables hold names
    "all",
    "amax",
    "amin",
    "any",
    "arange",
    "argmax",
    "argmin",
    "array",
    "binary_crossentropy",
    "broadcast_to",
    "cast",
    "categorical_crossentropy",
    "clip",
    "concatenate",
    "convert_to_numpy",
    "convert_to_tensor",
    "count_nonzero",
    "cumsum",
    "dot",
    "einsum",
    "erf",
    "expand_dims",
    "eye",
    "flip",
    "full",
    "gelu",
    "get_item",
    "is_tensor",
    "linspace",
    "logsumexp",
    "matmul",
    "max",
    "mean",
    "min",
    "moveaxis",
    "ndim",
    "norm",
    "normalize",
    "one_hot",
    "ones",
    "ones_like",
    "power",
    "prod",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "round",
    "shape",
    "size",
    "sparse_categorical_crossentropy",
    "split",
    "squeeze",
    "stack",
    "std",
    "stop_gradient",
    "sum",
    "swapaxes",
    "take",
    "tensordot",
    "tile",
    "transpose",
    "var",
    "where",
    "zeros",
    "zeros_like",
    "average",
    "cbrt",
    "deg2rad",
    "diff",
    "dot_product_attention",
    "hstack",
    "hypot",
    "inner",
    "isclose",
    "layer_normalization",
    "moments",
    "nan_to_num",
    "pad",
    "ptp",
    "rad2deg",
    "rms_normalization",
    "tril",
    "triu",
    "unstack",
    *elementwise.FUNCTIONS,
    *nn.FUNCTIONS,
]


def __getattr__(name: str) -> Any:  # also tells type checkers of what the tables hold
    from ranvier.errors import unknown

    if name.startswith("__"):
        raise AttributeError(name)
    raise AttributeError(unknown("ops", "operation", name, __all__))
