"""Products of matrices: NumPy's on arrays, native nodes on symbols."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ranvier.ops import graph
from ranvier.ops.shaping import expand_dims, reshape, squeeze, transpose
from ranvier.symbol import KerasTensor


def matmul(x1: Any, x2: Any) -> Any:
    """The product of matrices, on the last two axes; the axes before are broadcast.

    Args:
        x1: an array or a symbol.
        x2: the same.

    Raises: ValueError where the shapes do not fit.

    >>> matmul([[1.0, 2.0]], [[3.0], [4.0]])
    array([[11.]])
    """
    if not graph.symbolic(x1, x2):
        return np.matmul(x1, x2)
    a, b = graph.symbols(x1, x2)
    # Rows of a batch of vectors are those of one matrix.
    flat = not a.single and a.ndim == 2
    if flat and not b.single:
        if b.ndim < 3:
            raise ValueError(f"[matmul] cannot multiply {a.shape} and {b.shape}: rows do not mix")
        return squeeze(graph.node("matmul", {}, [expand_dims(a, 1), b], "matmul"), 1)
    if flat:
        if b.ndim == 1:
            return matmul_vector(a, b)
        return squeeze(graph.node("matmul", {}, [expand_dims(a, 1), b], "matmul"), 1)
    if b.single and b.ndim == 1:
        return matmul_vector(a, b)
    if a.single and a.ndim == 1:
        return squeeze(graph.node("matmul", {}, [expand_dims(a, 0), b], "matmul"), -2)
    if not b.single and b.ndim == 2:
        return squeeze(graph.node("matmul", {}, [a, expand_dims(b, -1)], "matmul"), -1)
    return graph.node("matmul", {}, [a, b], "matmul")


def matmul_vector(a: KerasTensor, b: KerasTensor) -> Any:
    """The product of matrices and a vector that is one for the whole batch."""
    if not a.single and a.ndim == 2:
        column = graph.node("matmul", {}, [expand_dims(a, 1), expand_dims(b, -1)], "matmul")
        return squeeze(squeeze(column, -1), -1)
    return squeeze(graph.node("matmul", {}, [a, expand_dims(b, -1)], "matmul"), -1)


def dot(x1: Any, x2: Any) -> Any:
    """Sums of products over the last axis of x1 and the last but one of x2.

    Args:
        x1: an array or a symbol.
        x2: the same; for a symbol of at most two axes.

    >>> dot([1.0, 2.0], [3.0, 4.0]).item()
    11.0
    """
    if not graph.symbolic(x1, x2):
        return np.dot(x1, x2)
    a, b = graph.symbols(x1, x2)
    if (not a.row_shape and a.single) or (not b.row_shape and b.single):
        return a * b
    if b.ndim > 2:
        raise ValueError(f"[dot] expected a second operand of at most two axes, got {b.shape}: use matmul")
    return matmul(a, b)


def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Any:
    """Sums of products as the subscripts say, such as "bij,bjk->bik".

    Args:
        subscripts: one letter for each axis; for symbols of two operands at most, each letter once in each.
        *operands: arrays or symbols.
        **kwargs: those of NumPy, for arrays.

    Raises: ValueError for other subscripts.

    >>> einsum("i,i->", [1.0, 2.0], [3.0, 4.0]).item()
    11.0
    """
    if not graph.symbolic(*operands):
        return np.einsum(subscripts, *operands, **kwargs)
    inputs, arrow, wanted = subscripts.replace(" ", "").partition("->")
    names = inputs.split(",")
    values = graph.symbols(*operands)
    if not arrow or "." in subscripts or len(names) != len(values) or len(values) > 2:
        raise ValueError(f"[einsum] expected subscripts of one or two operands with '->', got {subscripts!r}")
    if any(len(set(name)) != len(name) or len(name) != value.ndim for name, value in zip(names, values, strict=True)):
        raise ValueError(f"[einsum] the subscripts {subscripts!r} do not fit {[value.shape for value in values]}")
    from ranvier.ops import reductions

    others = ["".join(names[:i] + names[i + 1 :]) + wanted for i in range(len(names))]
    for i, name in enumerate(names):
        alone = [axis for axis, letter in enumerate(name) if letter not in others[i]]
        if alone:
            values[i] = reductions.sum(values[i], alone)
            names[i] = "".join(letter for letter in name if letter in others[i])
    if len(values) == 1:
        return transpose(values[0], [names[0].index(letter) for letter in wanted])
    return _pair(names[0], values[0], names[1], values[1], wanted)


def _pair(first: str, a: KerasTensor, second: str, b: KerasTensor, wanted: str) -> Any:
    for value in (a, b):
        graph.closed("einsum", value)
    batch = [letter for letter in wanted if letter in first and letter in second]
    summed = [letter for letter in first if letter in second and letter not in wanted]
    rows = [letter for letter in first if letter not in second]
    columns = [letter for letter in second if letter not in first]
    sizes = dict(zip(first, a.shape, strict=True)) | dict(zip(second, b.shape, strict=True))
    if not (a.single or b.single) and (not batch or first[0] != second[0]):
        raise ValueError(f"[einsum] the batch {first[0]!r} must be the first axis of both operands and of the result")
    if b.single and not a.single and first[0] in rows:  # the batch is among the rows
        rows.remove(first[0])
        batch.insert(0, first[0])
    if a.single and not b.single and second[0] in columns:
        return _pair(second, b, first, a, wanted)

    def grouped(name: str, value: KerasTensor, *groups: list[str]) -> Any:
        own = [[letter for letter in group if letter in name] for group in groups]
        order = [name.index(letter) for group in own for letter in group]
        moved = transpose(value, order)
        front = [sizes[letter] for letter in own[0]]
        flat = [math.prod(sizes[letter] or 1 for letter in group) for group in own[1:]]
        return reshape(moved, [*front, *flat])

    product = graph.node(
        "matmul", {}, [grouped(first, a, batch, rows, summed), grouped(second, b, batch, summed, columns)], "einsum"
    )
    letters = [*batch, *rows, *columns]
    whole = reshape(product, [sizes[letter] for letter in letters])
    return transpose(whole, [letters.index(letter) for letter in wanted])


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """Sums of products along some axes of each.

    Args:
        x1: an array or a symbol.
        x2: the same.
        axes: how many, the last ones of x1 and the first ones of x2, or two lists of them.

    >>> tensordot([1.0, 2.0], [3.0, 4.0], 1).item()
    11.0
    """
    if not graph.symbolic(x1, x2):
        return np.tensordot(x1, x2, axes)
    a, b = graph.symbols(x1, x2)
    if isinstance(axes, int):
        pairs = [(a.ndim - axes + i, i) for i in range(axes)]
    else:
        both = [[side] if isinstance(side, int) else list(side) for side in axes]
        pairs = [(i % a.ndim, j % b.ndim) for i, j in zip(*both, strict=True)]
    letters = [chr(ord("a") + i) for i in range(a.ndim + b.ndim)]
    first, second = letters[: a.ndim], letters[a.ndim :]
    for i, j in pairs:
        second[j] = first[i]
    gone = [first[i] for i, _ in pairs]
    wanted = [letter for letter in (*first, *second) if letter not in gone]
    return einsum(f"{''.join(first)},{''.join(second)}->{''.join(wanted)}", a, b)
