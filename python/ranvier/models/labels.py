"""Targets at the door: that their form and their values suit the loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _core
from ranvier.models.door import finite, fitted, numbers, position, starred

if TYPE_CHECKING:
    from ranvier._typing import Array, Shape
    from ranvier.losses import Loss

# Scaling to [0, 1] leaves rounding errors behind.
_ROUNDING = 1e-6
_ROWS_AT_ONCE = 4096


def targets(where: str, argument: str, array: Array, shape: Shape, loss: Loss, indexed: bool) -> Array:
    """Targets as the native core takes them: class indices (rows, ...) for a sparse loss, else rows like the output's.

    `indexed`: a metric takes them for class indices, whatever the loss does.

    Raises: ValueError for another shape, NaN or infinity, or values that the loss has no meaning for.
    """
    if loss.is_traced:
        finite(where, argument, array)
        looks_alike = array.shape[1:] == shape or (*array.shape[1:], 1) == shape or array.shape[1:] == (*shape, 1)
        return fitted(where, argument, array, shape) if looks_alike else array
    if loss.sparse:
        if array.shape[1:] == shape and shape[-1] > 1:
            raise ValueError(
                f"[{where}] {argument}: {loss.name} expects class indices of shape {starred(shape[:-1])}, got "
                f"{array.shape}, which looks one-hot: use loss='categorical_crossentropy', or {argument}.argmax(-1)"
            )
        array = fitted(where, argument, array, shape[:-1])
        if loss.any_labels:
            _check_integers(where, argument, array, loss.name)
        elif loss.ignore_class is None:
            _check_classes(where, argument, array, shape[-1], loss.name)
        else:
            finite(where, argument, array)
            for begin in range(0, len(array), _ROWS_AT_ONCE):  # the labels are never copied whole
                part = array[begin : begin + _ROWS_AT_ONCE]
                _check_classes(where, argument, np.where(part == loss.ignore_class, 0, part), shape[-1], loss.name)
        return array
    if array.shape[1:] in (shape[:-1], (*shape[:-1], 1)) and shape[-1] > 1 and loss.probabilities:
        raise ValueError(
            f"[{where}] {argument}: {loss.name} expects rows of {shape[-1]} numbers, got shape {array.shape}, which "
            "looks like class indices: use loss='sparse_categorical_crossentropy', or "
            f"ranvier.utils.to_categorical({argument}, {shape[-1]})"
        )
    array = fitted(where, argument, array, shape)
    finite(where, argument, array)
    if indexed:
        _check_classes(where, argument, array, shape[-1], "a sparse metric")
    if loss.probabilities:
        _check_probabilities(where, argument, array, loss.name)
    return array


def _check_integers(where: str, argument: str, array: Array, loss: str) -> tuple[float, float, int, int]:
    finite(where, argument, array)
    least, greatest, least_at, greatest_at, fraction_at = _core.label_range(array)
    if fraction_at >= 0:
        at = position(array, fraction_at)
        raise ValueError(
            f"[{where}] {argument}: {loss} expects integer classes, got {argument}{at} = {array.flat[fraction_at]}"
        )
    return least, greatest, least_at, greatest_at


def _check_classes(where: str, argument: str, array: Array, classes: int, loss: str) -> None:
    least, greatest, least_at, greatest_at = _check_integers(where, argument, array, loss)
    if least >= 0 and greatest < classes:
        return
    bad_at, bad = (least_at, least) if least < 0 else (greatest_at, greatest)
    if least == 1 and greatest == classes:
        way_out = f"classes that count from 1 become right with {argument} - 1"
    elif least < 0:
        way_out = "number the classes from 0"
    elif classes == 1:
        way_out = "an output of one unit wants loss='binary_crossentropy'"
    else:
        way_out = f"{int(greatest) + 1} classes need an output of {int(greatest) + 1} units"
    raise ValueError(
        f"[{where}] {argument}: expected classes from 0 to {classes - 1}, for an output of {classes} units, got "
        f"{argument}{position(array, bad_at)} = {int(bad)}: {way_out}"
    )


def _check_probabilities(where: str, argument: str, array: Array, loss: str) -> None:
    least, greatest, least_at, greatest_at, _ = _core.label_range(array)
    if least >= -_ROUNDING and greatest <= 1 + _ROUNDING:
        return
    bad_at, bad = (least_at, least) if least < -_ROUNDING else (greatest_at, greatest)
    way_out = (
        f"labels -1 and 1 become right with ({argument} + 1) / 2" if least == -1 else "scale it, or use another loss"
    )
    raise ValueError(
        f"[{where}] {argument}: {loss} expects numbers from 0 to 1, got {argument}{position(array, bad_at)} = {bad:g}: "
        f"{way_out}"
    )


def zeros_and_ones(array: Array) -> bool:
    """Whether all labels are 0 or 1, which a hinge takes for -1 and 1."""
    least, greatest, _, _, fraction_at = _core.label_range(array)
    return least >= 0 and greatest <= 1 and fraction_at < 0


def class_indices(array: Array, loss: Loss) -> Array | None:
    """The class of each row, where targets mean one: indices, one-hot rows, or a single yes-or-no column; else None."""
    if loss.sparse:
        return array if array.ndim == 1 else None
    if array.ndim != 2 or not (loss.probabilities or loss.kind.endswith("hinge")):
        return None
    return array[:, 0] if array.shape[1] == 1 else array.argmax(axis=1)


def sample_weights(where: str, argument: str, value: Any, rows: int, positions: Shape) -> Array | None:
    """Weights as the native core takes them, one a row or one for each position of a row; None stays None.

    Raises: ValueError for another length, a negative number, NaN or infinity.
    """
    if value is None:
        return None
    array = numbers(where, argument, value)
    if len(array) != rows:
        raise ValueError(f"[{where}] {argument} must hold a weight for each of {rows} rows, got {len(array)}")
    if array.shape[1:] != positions:
        array = fitted(where, argument, array, ())
    finite(where, argument, array)
    least, _, least_at, _, _ = _core.label_range(array)
    if least < 0:
        raise ValueError(f"[{where}] {argument}{position(array, least_at)} is {least:g}: a weight cannot be negative")
    return array


def class_weights(where: str, weights: Mapping[Any, float], classes: Array | None) -> Array:
    """The weight of each row's class.

    Raises: TypeError if it is no dict; ValueError where targets mean no class, a class has no weight, or a weight is
        negative.
    """
    if not isinstance(weights, Mapping):
        raise TypeError(f"[{where}] class_weight must be a dict of class: weight, got {weights!r:.60}")
    if classes is None:
        raise ValueError(f"[{where}] class_weight needs targets that are classes: give sample_weight instead")
    for label, weight in weights.items():
        if not weight >= 0:
            raise ValueError(f"[{where}] class_weight[{label!r}] is {weight!r}: a weight cannot be negative")
    present, first, inverse = np.unique(classes, return_index=True, return_inverse=True)
    missing = [position for position, label in enumerate(present) if label not in weights]
    if missing:
        label, row = present[missing[0]], first[missing[0]]
        raise ValueError(
            f"[{where}] class_weight has no weight for class {label}, first seen in row {row}; it has keys "
            f"{sorted(weights)}"
        )
    table = np.array([weights[label] for label in present], dtype=np.float64)
    return np.asarray(table[inverse.reshape(-1)])
