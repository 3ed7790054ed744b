"""One row for each layer that merges inputs or moves elements, and for dense layers on several axes."""

from __future__ import annotations

from functools import reduce

import numpy as np
from cases import Array, Layer, relu


def dotted(a: Array, b: Array, axes: tuple[int, int], normalize: bool = False) -> Array:
    """Row by row with tensordot; inputs of length 1 along the axes if asked for."""
    if normalize:
        a = a / np.linalg.norm(a, axis=axes[0], keepdims=True)
        b = b / np.linalg.norm(b, axis=axes[1], keepdims=True)
    rows = [np.tensordot(x, y, (axes[0] - 1, axes[1] - 1)) for x, y in zip(a, b, strict=True)]
    y = np.stack(rows)
    return y[:, None] if y.ndim == 1 else y


MERGING = [
    Layer(
        "Add",
        {},
        "primitive",
        ((2, 3), (2, 3), (2, 3)),
        lambda a, b, c: a + b + c,
        bad_shapes=(
            (((3,), (4,)), "the shapes (*, 3) and (*, 4) do not go together"),
            (((3,),), "expected at least 2 inputs, got 1"),
        ),
    ),
    Layer("Add", {}, "primitive", ((2, 3), (1, 3), (2, 1), (3,)), lambda a, b, c, d: a + b + c + d[:, None]),
    Layer(
        "Subtract",
        {},
        "primitive",
        ((4, 1, 3), (2, 1)),
        lambda a, b: a - b[:, None],
        bad_shapes=((((3,), (3,), (3,)), "expected 2 inputs, got 3"),),
    ),
    Layer("Multiply", {}, "primitive", ((2, 3), (2, 1), (1, 3), (2, 3)), lambda a, b, c, d: a * b * c * d),
    Layer("Multiply", {}, "primitive", ((5, 1), (1, 7)), lambda a, b: a * b),
    Layer("Average", {}, "primitive", ((2, 3), (3,), (2, 3)), lambda a, b, c: (a + b[:, None] + c) / 3),
    Layer("Maximum", {}, "primitive", ((2, 3), (2, 1), (2, 3)), lambda *x: reduce(np.maximum, x)),
    Layer("Minimum", {}, "primitive", ((2, 3), (1, 3), (2, 3)), lambda *x: reduce(np.minimum, x)),
    Layer(
        "Dot",
        {"axes": 1},
        "dot",
        ((5,), (5,)),
        lambda a, b: dotted(a, b, (1, 1)),
        bad_arguments=(
            ({"axes": 0}, "axis 0 is the batch"),
            ({"axes": (1, 2, 3)}, "axes must be an integer or two of them, got (1, 2, 3)"),
        ),
        bad_shapes=(
            (((4,), (5,)), "expected inputs of one size along axes 1 and 1, got (*, 4) and (*, 5)"),
            (((5,), ()), "axis 1 does not exist in an input of shape (*,)"),
        ),
    ),
    Layer("Dot", {"axes": (1, 2)}, "dot", ((3, 5), (4, 3)), lambda a, b: dotted(a, b, (1, 2))),
    Layer("Dot", {"axes": (-1, 1)}, "dot", ((2, 3, 4), (4, 2)), lambda a, b: dotted(a, b, (3, 1))),
    Layer("Dot", {"axes": 2, "normalize": True}, "dot", ((3, 4), (2, 4)), lambda a, b: dotted(a, b, (2, 2), True)),
    Layer("Dot", {"axes": -1, "normalize": True}, "dot", ((6,), (6,)), lambda a, b: dotted(a, b, (1, 1), True)),
    Layer(
        "Permute",
        {"dims": (2, 3, 1)},
        "permute",
        ((2, 3, 4),),
        lambda x: x.transpose(0, 2, 3, 1),
        bad_arguments=(({"dims": (1, 3)}, "dims must hold each axis from 1 to 2 once, got (1, 3)"),),
        bad_shapes=((((2, 3),), "expected an input of 3 axes besides the batch, got (*, 2, 3)"),),
    ),
    Layer(
        "RepeatVector",
        {"n": 3},
        "repeat",
        ((4,),),
        lambda x: np.stack([x] * 3, 1),
        bad_arguments=(({"n": 0}, "positive integers"),),
        bad_shapes=((((2, 3),), "expected input (*, features), got (*, 2, 3)"),),
    ),
    Layer(
        "EinsumDense",
        {"equation": "abc,cde->abde", "output_shape": (None, 3, 2), "bias_axes": "de", "activation": "relu"},
        "dense",
        ((2, 4),),
        lambda x, w, b: relu(np.einsum("abc,cde->abde", x, w) + b),
        bad_arguments=(
            ({"equation": "ab,bc->ca", "output_shape": (3,)}, "cannot take the equation 'ab,bc->ca'"),
            ({"equation": "ab,bc->ac", "output_shape": (None,)}, "output_shape must say the sizes"),
            ({"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "a"}, "bias_axes must be 'c' or None"),
        ),
        bad_shapes=((((),), "expected input (*, features), got (*,)"),),
    ),
    Layer(
        "EinsumDense",
        {"equation": "...he,heo->...o", "output_shape": 5},
        "dense",
        ((3, 2, 4),),
        lambda x, w: np.einsum("...he,heo->...o", x, w),
    ),
]
