"""Small array helpers that Keras keeps in `utils`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ranvier import config

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike


def to_categorical(x: ArrayLike, num_classes: int | None = None) -> Array:
    """One-hot rows from class indices: y[i, x[i]] = 1 and 0 elsewhere.

    Args:
        x: integers 0 .. num_classes - 1; a last axis of size 1 is dropped.
        num_classes: width of a row; None means the greatest index plus 1.

    Output shape: `x.shape + (num_classes,)`, of type `floatx()`.
    Raises: ValueError if an index is not an integer in that range.

    >>> to_categorical([0, 2], num_classes=3)
    array([[1., 0., 0.],
           [0., 0., 1.]], dtype=float32)
    """
    labels = np.asarray(x)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    indices = labels.astype(np.int64)
    if labels.size and (indices != labels).any():
        raise ValueError(f"[to_categorical] x must hold integers, got {labels[indices != labels].flat[0]}")
    classes = int(indices.max(initial=-1)) + 1 if num_classes is None else int(num_classes)
    wrong = (indices < 0) | (indices >= classes)
    if wrong.any():
        raise ValueError(
            f"[to_categorical] expected class indices from 0 to {classes - 1}, got {indices[wrong].flat[0]}"
        )
    rows = np.zeros((*indices.shape, classes), dtype=config.floatx())
    np.put_along_axis(rows, indices[..., None], 1, axis=-1)
    return rows


def normalize(x: ArrayLike, axis: int = -1, order: int = 2) -> Array:
    """Divides by the norm of the given order along an axis: y = x / ||x||, zeros stay zeros.

    Args:
        x: array of any shape.
        axis: the axis whose norm becomes 1.
        order: 1 for the sum of absolute values, 2 for the Euclidean norm, and so on.

    >>> normalize([[3.0, 4.0]])
    array([[0.6, 0.8]])
    """
    array = np.atleast_1d(np.asarray(x))
    norm = np.linalg.norm(array, order, axis, keepdims=True)
    return array / np.where(norm == 0, 1, norm)
