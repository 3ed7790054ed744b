"""Cells written in Python, repeated along the steps of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.layers import tracing
from ranvier.layers.layer import Layer
from ranvier.symbol import KerasTensor, Node

if TYPE_CHECKING:
    from ranvier._typing import Shape
    from ranvier.subgraph import Subgraph


def is_written_cell(cell: Any) -> bool:
    """Whether something is a cell written in Python: a layer with `state_size` and call(inputs, states)."""
    return isinstance(cell, Layer) and cell.is_traced and hasattr(cell, "state_size")


def state_shapes(cell: Any) -> list[Shape]:
    """Shapes of a row of each state."""
    sizes = cell.state_size
    each = list(sizes) if isinstance(sizes, list | tuple) else [sizes]
    return [tuple(size) if isinstance(size, list | tuple) else (int(size),) for size in each]


class CellLoop(Layer):
    """All steps of a cell written in Python: the cell is recorded once, and what it did is laid out step after step.

    Args:
        cell: the cell.
        return_sequences, return_state, go_backwards, zero_output_for_mask: see `RNN`.
        **kwargs: those of `Layer`.
    """

    supports_masking = True

    def __init__(
        self,
        cell: Any,
        return_sequences: bool,
        return_state: bool,
        go_backwards: bool,
        zero_output_for_mask: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.zero_output_for_mask = zero_output_for_mask

    def call(self, inputs: Any) -> Any:
        """The outputs, and the last states if they are asked for.

        Args:
            inputs: the sequence, or a list of it and the first states.
        """
        from ranvier import ops

        sequence, *states = inputs if isinstance(inputs, list) else [inputs]
        steps = list(range(sequence.shape[1]))
        states = states or [self._zeros(shape, sequence) for shape in state_shapes(self.cell)]
        inner = self._recorded(sequence[:, 0], states)
        output, outputs = None, []
        for t in reversed(steps) if self.go_backwards else steps:
            node = Node(self.cell, (sequence[:, t], *states), [s.row_shape for s in inner.outputs], inner=inner)
            made, *after = node.outputs()
            if sequence.mask is not None:
                counts = sequence.mask[:, t]
                before = self._zeros(made.row_shape, sequence) if output is None else output
                after = [_chosen(counts, new, old) for new, old in zip(after, states, strict=True)]
                output = _chosen(counts, made, before)
                made = _chosen(counts, made, self._zeros(made.row_shape, sequence)) if self._zeroes() else output
            output, states = made if sequence.mask is None else output, after
            outputs.append(made)
        found = ops.stack(outputs, axis=1) if self.return_sequences else outputs[-1]
        return [found, *states] if self.return_state else found

    def _zeroes(self) -> bool:
        return self.zero_output_for_mask and self.return_sequences

    def _zeros(self, shape: Shape, like: KerasTensor) -> KerasTensor:
        from ranvier.ops import graph

        return graph.with_batch([graph.constant(np.zeros(shape), like.dtype), like])[0]

    def _recorded(self, step: KerasTensor, states: Sequence[KerasTensor]) -> Subgraph:
        numbers = [tracing.number(i + 1) for i in range(len(states))]
        names = list(tracing.signature(self.cell).parameters)
        if len(names) < 2:
            raise TypeError(f"[{self.cell.name}] a cell needs call(self, inputs, states)")
        options = {names[0]: tracing.number(0), names[1]: numbers}
        inner, made = tracing.trace(self.cell, [step.row_shape, *(state.row_shape for state in states)], options)
        wanted, found = [state.row_shape for state in states], [symbol.row_shape for symbol in inner.outputs[1:]]
        if not isinstance(made, list | tuple) or len(made) != 2 or wanted != found:
            raise ValueError(
                f"[{self.cell.name}] call must return the output and states of shapes {wanted}, as they came in, got "
                f"{found or made!r:.80}"
            )
        return inner


def _chosen(counts: KerasTensor, new: KerasTensor, old: KerasTensor) -> Any:
    from ranvier import ops

    while counts.ndim < new.ndim:
        counts = ops.expand_dims(counts, -1)
    return ops.where(counts, new, old)
