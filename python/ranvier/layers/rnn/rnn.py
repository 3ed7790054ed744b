from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ranvier import _core, config
from ranvier.layers.composite import Composite
from ranvier.layers.inner import inner_layer, same_dtype
from ranvier.layers.layer import Layer
from ranvier.layers.rnn.cell import Cell
from ranvier.layers.rnn.cell_loop import CellLoop, is_written_cell
from ranvier.layers.rnn.stacked_rnn_cells import StackedRNNCells
from ranvier.symbol import KerasTensor

if TYPE_CHECKING:
    from ranvier._typing import Array, Shape
    from ranvier.variable import Variable


class RNN(Composite):
    """Repeats a cell along the steps of a sequence: states = cell(x_t, states) for t = 0, 1, ...

    Masked steps leave the states as they are; what comes out of them is what came out of the step before.

    Args:
        cell: an `LSTMCell`, `GRUCell`, `SimpleRNNCell` or `StackedRNNCells`, or a list of cells to be stacked; or a
            layer of your own with `state_size`, an integer or a list of integers or shapes, and a method
            call(inputs, states) that returns the output and the states. It is recorded once, and runs natively.
        return_sequences: whether the output of each step comes out, or that of the last one.
        return_state: whether the last states come out, too.
        go_backwards: whether the last step is read first; outputs are in the order in which steps are read.
        stateful: whether the states go on from batch to batch, row by row, until `reset_state`. Every batch must then
            have the same rows: the model's `Input` needs its `batch_size`.
        unroll: accepted for compatibility.
        zero_output_for_mask: whether 0 comes out of masked steps.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, features). Output shape: (batch, units), or (batch, steps, units) with
    `return_sequences`; with `return_state` a list of it and the states (batch, units).
    Raises: TypeError for anything that is no cell; ValueError for shapes that do not fit.

    >>> import numpy as np
    >>> from ranvier.layers import GRUCell
    >>> RNN(GRUCell(4), return_sequences=True)(np.zeros((2, 5, 3))).shape
    (2, 5, 4)
    """

    supports_masking = True
    takes_masks = True

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        dtype = kwargs.get("dtype")
        cell = StackedRNNCells(cell, dtype=dtype) if isinstance(cell, list | tuple) else inner_layer(cell, dtype)
        if not isinstance(cell, Cell | StackedRNNCells) and not is_written_cell(cell):
            raise TypeError(
                "[RNN] expected a cell such as LSTMCell(units), a layer of your own with state_size and call(inputs, "
                f"states), or a list of cells, got {cell!r:.80}"
            )
        if stateful and is_written_cell(cell):
            raise ValueError("[RNN] stateful=True needs a cell of this library: return the states, and give them back")
        self.cell = cell
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.go_backwards = bool(go_backwards)
        self.stateful = bool(stateful)
        self.unroll = bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self._batch: int | None = None  # of a stateful layer
        self._stack: list[Any] | None = None
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = cell.dtype_policy.name
        super().__init__(**kwargs)
        same_dtype(self, cell)

    # One cell is one native layer, a stack of cells a chain of them.

    @property
    def parts(self) -> list[Layer]:
        """Layers of a cell each; none if there is only one cell that is native."""
        if is_written_cell(self.cell):
            self._stack = self._stack or [self._loop()]
            return list(self._stack)
        if not isinstance(self.cell, StackedRNNCells):
            return []
        if self._stack is None:
            cells = self.cell.cells
            self._stack = [
                RNN(
                    cell,
                    return_sequences=self.return_sequences or cell is not cells[-1],
                    return_state=self.return_state,
                    # The first turns the sequence around for all.
                    go_backwards=self.go_backwards and cell is cells[0],
                    stateful=self.stateful,
                    zero_output_for_mask=self.zero_output_for_mask and cell is cells[-1],
                    name=cell.name,
                    trainable=self._trainable,
                )
                for cell in cells
            ]
        for part in self._stack:
            part._batch = self._batch
        return list(self._stack)

    def _loop(self) -> CellLoop:
        told = (self.return_sequences, self.return_state, self.go_backwards, self.zero_output_for_mask)
        return CellLoop(self.cell, *told, name=self.cell.name, dtype=self.dtype_policy, trainable=self._trainable)

    @property
    def native(self) -> _core.Layer:
        if self._native is None:
            told = {name: getattr(self, name) for name in ("return_sequences", "return_state", "go_backwards")}
            told |= {"zero_output_for_mask": self.zero_output_for_mask, "stateful_batch": self._fixed_batch()}
            kind = config.scalars(self.dtype).Layer
            self._native = kind(self.cell.native_kind(), self.cell.native_config() | told, self.name)
            self._native.trainable = self._trainable
            if self.activity_regularizer is not None:
                self._native.activity_regularizer = self.activity_regularizer.native(self.dtype)
        return self._native

    def native_kind(self) -> str:
        return self.cell.native_kind() if isinstance(self.cell, Cell) else self.cell.cells[-1].native_kind()

    def native_config(self) -> dict[str, Any]:
        told: dict[str, Any] = self.cell.native_config()
        return told

    def chosen(self, weight: str, what: str) -> Any:
        return self.cell.chosen(weight, what)

    @property
    def built(self) -> bool:
        return super().built if self.parts else Layer.built.fget(self)  # type: ignore[attr-defined]

    @property
    def variables(self) -> list[Variable]:
        """All weights; none before `build`."""
        return super().variables if self.parts else list(self._variables)

    @property
    def trainable(self) -> bool:
        """Whether `fit` changes the weights."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        Layer.trainable.fset(self, value)  # type: ignore[attr-defined]
        for part in self.parts:
            part.trainable = self._trainable

    def build_rows(self, shapes: list[Shape]) -> list[Shape]:
        if self.parts:
            return super().build_rows(shapes)
        outputs = Layer.build_rows(self, shapes)
        self.cell._variables = self._variables
        return outputs

    def build_parts(self, shapes: list[Shape]) -> None:
        for part, own in zip(self.parts, self._inner_shapes(shapes), strict=True):
            part.build_rows(own)

    def _inner_shapes(self, shapes: list[Shape]) -> list[list[Shape]]:
        # What each part of a stack reads: what comes out of the one before, and its states.
        if is_written_cell(self.cell):
            return [shapes]
        flow, rest = shapes[0], list(shapes[1:])
        counts = [part.cell.state_count for part in self.parts]  # type: ignore[attr-defined]
        if rest and len(rest) != sum(counts):
            raise ValueError(
                f"[{self.name}] expected 1 input, or {1 + sum(counts)} with its initial state, got {len(shapes)}"
            )
        found = []
        for part, count in zip(self.parts, counts, strict=True):
            found.append([flow, *rest[:count]] if rest else [flow])
            rest = rest[count:]
            flow = part.row_shapes(found[-1])[0]
        return found

    def row_shapes(self, shapes: list[Shape], options: Any = None) -> list[Shape]:
        if not self.parts:
            return self.native.output_shapes(shapes)
        made = [part.row_shapes(own) for part, own in zip(self.parts, self._inner_shapes(shapes), strict=True)]
        return [made[-1][0], *(shape for shapes in made for shape in shapes[1:])]

    def add_to(
        self, network: _core.Network, inputs: list[int], masks: Sequence[int | None], options: Any = None
    ) -> list[int]:
        if not self.parts:
            return network.add(self.native, inputs, masks[:1])
        if is_written_cell(self.cell):
            return self.parts[0].add_to(network, inputs, masks[:1])
        flow, rest, states = inputs[0], list(inputs[1:]), []
        mask = list(masks[:1])
        for part in self.parts:
            count = part.cell.state_count  # type: ignore[attr-defined]
            flow, *own = part.add_to(network, [flow, *rest[:count]], mask)
            states += own
            rest = rest[count:]
            if part.go_backwards and any(value is not None for value in mask):  # type: ignore[attr-defined]
                raise ValueError(f"[{self.name}] stacked cells that go backwards take no masks")
        return [flow, *states]

    @property
    def _stream(self) -> int | None:
        return self.cell._stream if isinstance(self.cell, Cell) else None

    @_stream.setter
    def _stream(self, value: int) -> None:
        if isinstance(self.cell, Cell):
            self.cell._stream = value

    # Calls

    def __call__(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        """Applies the layer: to an array, at once; to a symbol, as a node of a network to be.

        Args:
            sequences: (batch, steps, features), an array or a symbol.
            initial_state: states (batch, units) to begin with; for several a list. By default zeros, or what a stateful
                layer has kept.
            mask: (batch, steps), 0 where a step is skipped; a symbol brings its own.
            training: for arrays, whether dropout drops.

        Raises: ValueError if a shape does not fit.
        """
        values = [sequences, *_flat(initial_state)]
        made = self._apply(values, [mask], training)
        if not isinstance(made, list) or not isinstance(self.cell, StackedRNNCells):
            return made
        output, *states = made
        nested = []
        for cell in self.cell.cells:
            nested.append(states[: cell.state_count])
            states = states[cell.state_count :]
        return [output, *nested]

    def add_node(
        self, inputs: tuple[KerasTensor, ...], masks: Sequence[KerasTensor | None] = (), options: Any = None
    ) -> Any:
        self.see_batch(inputs[0])
        return super().add_node(inputs, masks)

    def see_batch(self, sequences: Any) -> None:
        """Learns the rows of a batch, which a stateful layer keeps for ever."""
        if self.stateful and self._batch is None:
            self._batch = _batch_of(sequences)

    def _compute(
        self,
        arrays: list[Array],
        training: bool,
        masks: Sequence[Array | None] = (),
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        self.see_batch(arrays[0])
        batch = self._fixed_batch()
        if batch and len(arrays[0]) != batch:
            raise ValueError(
                f"[{self.name}] is stateful with batches of {batch} rows, got {len(arrays[0])}: all must be the same"
            )
        return super()._compute(arrays, training, masks, options)

    def _fixed_batch(self) -> int:
        if not self.stateful:
            return 0
        if self._batch is None:
            raise ValueError(
                f"[{self.name}] stateful=True needs batches of one size: give it to Input(shape, batch_size=...)"
            )
        return self._batch

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return previous_mask if self.return_sequences else None

    # States

    @property
    def states(self) -> list[Array] | None:
        """Views of what a stateful layer carries from batch to batch, (batch, units) each; None otherwise."""
        if not self.stateful or not self.built:
            return None
        if self.parts:
            return [state for part in self.parts for state in part.states]  # type: ignore[attr-defined]
        return [state.numpy() for state in self.native.states]

    def reset_state(self) -> None:
        """Makes the states of a stateful layer zero."""
        for state in self.states or []:
            state[...] = 0

    reset_states = reset_state

    def get_initial_state(self, batch_size: int | None = None) -> list[Any]:
        """Zeros for each state (batch_size, units)."""
        states: list[Any] = self.cell.get_initial_state(batch_size)
        return states


def _flat(states: Any) -> list[Any]:
    if states is None:
        return []
    return [one for state in states for one in _flat(state)] if isinstance(states, list | tuple) else [states]


def _batch_of(sequences: Any) -> int | None:
    """Rows of a batch, as far as they are known before there is one."""
    if not isinstance(sequences, KerasTensor):
        return len(sequences)
    node = sequences.node
    while node.inputs:
        node = node.inputs[0].node
    size: int | None = getattr(node.layer, "batch_size", None)
    return size
