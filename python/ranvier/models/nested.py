"""Masks on their way through a model that is a part of another: into its layers, and out with what these return."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ranvier.layers import Input, Layer
from ranvier.subgraph import Subgraph, called_again
from ranvier.symbol import KerasTensor, Node

if TYPE_CHECKING:
    from ranvier._typing import Shape


class InnerMask(Layer):
    """A mask that a layer inside a model has made, for those behind the model: what makes it is run once more.

    Args:
        other: its shape with the other sizes that stand for open ones.
    """

    is_hidden = True

    def __init__(self, other: Shape, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._other = other

    def other_shapes(self, node: Node) -> list[Shape]:
        return [self._other]


def with_masks(graph: Subgraph, masks: Sequence[KerasTensor | None], owner: str) -> Subgraph:
    """The graph of a model whose inputs have masks, which are inputs as well."""
    if not any(mask is not None for mask in masks):
        return graph
    given = [Input(symbol.row_shape, dtype=symbol.dtype, name=symbol.name) for symbol in graph.inputs]
    own = []
    for symbol, mask in zip(given, masks, strict=True):
        if mask is not None:
            own.append(Input(mask.row_shape, dtype=symbol.dtype, name=f"{symbol.name}_mask"))
            symbol.node.output_masks = (own[-1],)
    return Subgraph([*given, *own], called_again(graph.inputs, graph.outputs, given), owner)


def output_masks(node: Node, graph: Subgraph, others: Sequence[KerasTensor]) -> tuple[KerasTensor | None, ...]:
    """The masks of what comes out of a new node, as those behind it see them.

    Args:
        node: the call of a model.
        graph: what it stands for.
        others: the outputs of the model for the other sizes that stand for open ones.
    """
    outside = dict(zip((symbol.key for symbol in graph.inputs), node.sources, strict=True))

    def seen(mask: KerasTensor | None, other: KerasTensor) -> KerasTensor | None:
        if mask is None or mask.key in outside:
            return None if mask is None else outside[mask.key]
        shape = mask.row_shape if other.mask is None else other.mask.row_shape
        layer = InnerMask(shape, name=f"{node.layer.name}_mask", dtype=mask.dtype)
        inner = Subgraph(graph.inputs, [mask], node.layer.name)
        return Node(layer, node.inputs, [mask.row_shape], node.masks, inner=inner).outputs()[0]

    found = tuple(seen(symbol.mask, other) for symbol, other in zip(graph.outputs, others, strict=True))
    return found if any(mask is not None for mask in found) else ()
