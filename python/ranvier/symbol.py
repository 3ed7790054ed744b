"""Symbols: the values of a network that has not run yet. Calling a layer on one adds a node to a graph.

A symbol owns its node, a node owns its inputs and its layer, and nothing points back, so that a graph is freed with
the last symbol or model that uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from ranvier._typing import BatchShape, Shape
    from ranvier.layers.layer import Layer


class Node:
    """One call of a layer: what it was called on and the shapes that came out, without the batch axis.

    `masks`: for each input the symbol that says which of its positions count, or None; empty if the layer takes none.
    `output_masks`: the same for the outputs; empty if all positions of all of them count.
    """

    __slots__ = ("__weakref__", "inputs", "layer", "masks", "output_masks", "shapes")

    def __init__(
        self,
        layer: Layer,
        inputs: tuple[KerasTensor, ...],
        shapes: list[Shape],
        masks: Sequence[KerasTensor | None] = (),
    ) -> None:
        self.layer = layer
        self.inputs = inputs
        self.shapes = shapes
        self.masks = tuple(masks)
        self.output_masks: tuple[KerasTensor | None, ...] = ()

    @property
    def sources(self) -> list[KerasTensor]:
        """Everything it reads."""
        return [*self.inputs, *(mask for mask in self.masks if mask is not None)]

    def outputs(self) -> list[KerasTensor]:
        """A symbol for each output."""
        return [KerasTensor(self, index) for index in range(len(self.shapes))]


class KerasTensor:
    """A value of a network that has not run yet: what `Input` returns and layers pass on.

    >>> from ranvier import Input, layers
    >>> layers.Dense(2)(Input((3,))).shape
    (None, 2)
    """

    __slots__ = ("index", "node")

    def __init__(self, node: Node, index: int) -> None:
        self.node = node
        self.index = index

    @property
    def shape(self) -> BatchShape:
        """Sizes of the axes; the first, the batch, is None."""
        return (None, *self.node.shapes[self.index])

    @property
    def ndim(self) -> int:
        """Number of axes, the batch included."""
        return 1 + len(self.node.shapes[self.index])

    @property
    def dtype(self) -> str:
        """Either "float32" or "float64"."""
        return self.node.layer.dtype

    @property
    def name(self) -> str:
        """Name of the layer it comes from."""
        return self.node.layer.name

    @property
    def mask(self) -> KerasTensor | None:
        """The symbol (batch, steps) that is 0 at the positions that do not count; None if all do."""
        return self.node.output_masks[self.index] if self.node.output_masks else None

    _keras_mask = mask

    @property
    def key(self) -> tuple[int, int]:
        """Equal for symbols that mean the same value."""
        return (id(self.node), self.index)

    def __array__(self, dtype: object = None, copy: bool | None = None) -> NoReturn:
        raise TypeError(
            f"[{self.name}] a symbol has no numbers: give it to a layer, or make a Model and call that on an array"
        )

    __bool__ = __array__

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"
