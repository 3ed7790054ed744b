"""Recurrent layers that are named after their cell."""

from __future__ import annotations

from typing import Any, ClassVar

from ranvier._configurable import argument_names
from ranvier.layers.rnn.cell import Cell
from ranvier.layers.rnn.rnn import RNN

_OWN = ("return_sequences", "return_state", "go_backwards", "stateful", "unroll", "activity_regularizer")


class Named(RNN):
    """A recurrent layer that makes its cell from its arguments."""

    cell_class: ClassVar[type[Cell]]

    def _set(self, arguments: dict[str, Any]) -> None:
        # The constructor's arguments: those of the cell, which keeps them, and those of `RNN`.
        more = dict(arguments["kwargs"])
        names = argument_names(self.cell_class)
        cell = self.cell_class(dtype=more.get("dtype"), **{name: arguments[name] for name in names})
        for name in names:
            setattr(self, name, getattr(cell, name))
        more.pop("implementation", None)  # of Keras's own ways to compute the same
        RNN.__init__(self, cell, **{name: arguments[name] for name in _OWN}, **more)

    def get_config(self) -> dict[str, Any]:
        found = super().get_config()
        return found | {"zero_output_for_mask": True} if self.zero_output_for_mask else found
