from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ranvier.layers.composite import Composite
from ranvier.layers.inner import inner_layer, same_dtype
from ranvier.layers.layer import Layer
from ranvier.layers.rnn.cell import Cell

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Shape


class StackedRNNCells(Composite):
    """Several cells as one: each reads what comes out of the one before.

    Args:
        cells: a list of cells.
        **kwargs: those of `Layer`.

    Input shape: (batch, features), and the states. Output shape: (batch, units of the last), and the states.
    Raises: TypeError for anything that is no cell of this library; ValueError for no cells.

    >>> import numpy as np
    >>> from ranvier.layers import RNN, GRUCell
    >>> RNN(StackedRNNCells([GRUCell(4), GRUCell(2)]))(np.zeros((1, 5, 3))).shape
    (1, 2)
    """

    def __init__(self, cells: Sequence[Any], **kwargs: Any) -> None:
        self.cells: list[Cell] = [inner_layer(cell, kwargs.get("dtype")) for cell in cells]
        if not self.cells:
            raise ValueError("[StackedRNNCells] expected at least one cell, got none")
        for cell in self.cells:
            if not isinstance(cell, Cell):
                raise TypeError(f"[StackedRNNCells] expected cells such as LSTMCell(units), got {cell!r:.80}")
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = self.cells[0].dtype_policy.name
        super().__init__(**kwargs)
        same_dtype(self, *self.cells)

    @property
    def parts(self) -> list[Layer]:
        """The cells."""
        return list(self.cells)

    @property
    def state_size(self) -> list[Any]:
        """That of each cell."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> int:
        """Numbers that come out of the last cell."""
        return self.cells[-1].output_size

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Zeros for each state of each cell."""
        return [cell.get_initial_state(batch_size) for cell in self.cells]

    def _inner_shapes(self, shapes: list[Shape]) -> list[list[Shape]]:
        flow, rest = shapes[0], list(shapes[1:])
        found = []
        for cell in self.cells:
            found.append([flow, *rest[: cell.state_count]])
            rest = rest[cell.state_count :]
            flow = (cell.output_size,)
        return found

    def build_parts(self, shapes: list[Shape]) -> None:
        for cell, own in zip(self.cells, self._inner_shapes(shapes), strict=True):
            cell.build_rows(own)

    def row_shapes(self, shapes: list[Shape], options: Any = None) -> list[Shape]:
        made = [cell.row_shapes(own) for cell, own in zip(self.cells, self._inner_shapes(shapes), strict=True)]
        return [made[-1][0], *(shape for shapes in made for shape in shapes[1:])]

    def add_to(
        self, network: _core.Network, inputs: list[int], masks: Sequence[int | None], options: Any = None
    ) -> list[int]:
        flow, rest, states = inputs[0], list(inputs[1:]), []
        for cell in self.cells:
            flow, *own = cell.add_to(network, [flow, *rest[: cell.state_count]], [])
            states += own
            rest = rest[cell.state_count :]
        return [flow, *states]

    def __call__(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """One step.

        Args:
            inputs: (batch, features), an array or a symbol.
            states: for each cell its state, or the list of them.
            training: for arrays, whether dropout drops.

        Returns: the output, and the states as they were given.
        Raises: ValueError if a shape does not fit.
        """
        given = [list(own) if isinstance(own, list | tuple) else [own] for own in states]
        output, *after = self._apply([inputs, *(one for own in given for one in own)], [], training)
        found = []
        for own, before in zip(given, states, strict=True):
            found.append(after[: len(own)] if isinstance(before, list | tuple) else after[0])
            after = after[len(own) :]
        return output, found

    def get_config(self) -> dict[str, Any]:
        return {key: value for key, value in super().get_config().items() if key != "activity_regularizer"}
