"""One set of rows, taken in at the door: inputs, targets and weights, ready to be fed."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ranvier import _core
from ranvier.models import door, labels

if TYPE_CHECKING:
    from ranvier._typing import Array, Shape
    from ranvier.losses import Loss
    from ranvier.models.compiled import Objective


class Data:
    """Arrays that belong together, row by row. They are the caller's own, or views of them."""

    __slots__ = ("losses", "weights", "x", "y")

    def __init__(self, x: list[Any], y: list[Array], weights: list[Array | None], losses: list[Loss]) -> None:
        self.x = x
        self.y = y
        self.weights = weights
        self.losses = losses

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.x[0])

    @property
    def from_binary_labels(self) -> tuple[bool, ...]:
        """For each output, whether a hinge must take 0 and 1 for -1 and 1."""
        return tuple(
            loss.binary_labels and labels.zeros_and_ones(y) for loss, y in zip(self.losses, self.y, strict=True)
        )

    def feed(self) -> _core.Feed:
        """The native view of the arrays."""
        return _core.Feed(self.x, self.y, self.weights)

    def part(self, begin: int, end: int) -> Data:
        """Rows begin .. end - 1, as views."""
        cut = slice(begin, end)
        weights = [None if weight is None else weight[cut] for weight in self.weights]
        return Data([array[cut] for array in self.x], [array[cut] for array in self.y], weights, self.losses)

    def split(self, fraction: float) -> tuple[Data, Data]:
        """The first rows to train on and the last ones, this fraction of all, to validate on.

        Warns where the last ones are of a single class and the others are not: data sorted by class.
        Raises: ValueError if the fraction is not between 0 and 1, or one of the parts would be empty.
        """
        if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 < fraction < 1:
            raise ValueError(f"[fit] validation_split must be between 0 and 1, got {fraction!r}")
        cut = math.floor(self.rows * (1 - fraction))
        if not 0 < cut < self.rows:
            raise ValueError(f"[fit] validation_split={fraction} of {self.rows} rows leaves one part empty")
        for y, loss in zip(self.y, self.losses, strict=True):
            classes = labels.class_indices(y, loss)
            if classes is None or self.rows - cut < 2:
                continue
            tail = classes[cut:]
            if (tail == tail[0]).all() and (classes[:cut] != tail[0]).any():
                warnings.warn(
                    f"[fit] validation_split takes the last {self.rows - cut} rows, and all are of class {tail[0]}: "
                    "shuffle x and y together first, or give validation_data",
                    UserWarning,
                    stacklevel=4,
                )
        return self.part(0, cut), self.part(cut, self.rows)


def take_inputs(where: str, argument: str, x: Any, names: Sequence[str], shapes: Sequence[Shape] | None) -> list[Any]:
    """Takes in x as one array for each input. `shapes`: those of a row of each, or None if they are still to be learnt.

    Raises: TypeError and ValueError for what is no array of numbers, another shape, or inputs of different lengths.
    """
    if len(names) == 1 and not isinstance(x, Mapping):
        x = door.single_input(x, None if shapes is None else len(shapes[0]) + 1)
    arrays = [
        door.rows(where, named(argument, name, names), value)
        for name, value in zip(names, door.per_name(where, argument, x, names), strict=True)
    ]
    if shapes is None:
        arrays = [door.with_columns(array) for array in arrays]
    else:
        arrays = [
            door.fitted(where, named(argument, name, names), array, shape)
            for name, array, shape in zip(names, arrays, shapes, strict=True)
        ]
    for name, array in zip(names[1:], arrays[1:], strict=True):
        door.same_rows(where, named(argument, name, names), array, len(arrays[0]))
    return arrays


def named(argument: str, name: str, names: Sequence[str]) -> str:
    """How a message calls one of several arrays of an argument."""
    return argument if len(names) == 1 else f"{argument}['{name}']"


def take_targets(
    where: str,
    x: list[Any],
    y: Any,
    sample_weight: Any,
    class_weight: Mapping[Any, float] | None,
    names: Sequence[str],
    shapes: Sequence[Shape],
    objectives: Sequence[Objective],
) -> Data:
    """Inputs, already taken in, with targets and weights for each output; without objectives, alone.

    Raises: TypeError and ValueError, as `labels.targets`, `labels.sample_weights` and `labels.class_weights` do.
    """
    rows = len(x[0])
    if rows == 0:
        raise ValueError(f"[{where}] x has no rows: at least one is needed")
    if not objectives:
        _require_finite(where, x)
        if sample_weight is not None or class_weight is not None:
            raise ValueError(f"[{where}] the model was compiled without a loss: there is none that weights could be of")
        return Data(x, [], [], [])
    if y is None:
        raise ValueError(f"[{where}] y is missing: the targets that predictions are compared with")
    ys = []
    values = door.per_name(where, "y", y, names)
    for name, shape, objective, value in zip(names, shapes, objectives, values, strict=True):
        argument = named("y", name, names)
        array = door.numbers(where, argument, value)
        door.same_rows(where, argument, array, rows)
        ys.append(labels.targets(where, argument, array, shape, objective.loss, objective.indexed))
    losses = [objective.loss for objective in objectives]
    _require_finite(where, x)
    given = [None] * len(names) if sample_weight is None else _per_output(where, sample_weight, names)
    weights = [
        labels.sample_weights(where, named("sample_weight", name, names), value, rows, shape[:-1])
        for name, value, shape in zip(names, given, shapes, strict=True)
    ]
    if class_weight is not None:
        if len(names) > 1:
            raise ValueError(f"[{where}] class_weight works for models with one output: give sample_weight instead")
        by_class = labels.class_weights(where, class_weight, labels.class_indices(ys[0], losses[0]))
        weights = [by_class if weights[0] is None else by_class * weights[0]]
    return Data(x, ys, weights, losses)


def _require_finite(where: str, x: list[Any]) -> None:
    for i, array in enumerate(x):
        door.finite(where, "x" if len(x) == 1 else f"x[{i}]", array)


def _per_output(where: str, sample_weight: Any, names: Sequence[str]) -> list[Any]:
    # One array weighs the rows of every output.
    several = len(names) > 1 and isinstance(sample_weight, list | tuple)
    if several or isinstance(sample_weight, Mapping):
        return door.per_name(where, "sample_weight", sample_weight, names)
    return [sample_weight] * len(names)
