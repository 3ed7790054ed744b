"""What the layers of a model must have in common, and the native network that its graph makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ranvier import config
from ranvier.layers import InputLayer

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier.layers import Layer
    from ranvier.subgraph import Subgraph
    from ranvier.symbol import KerasTensor


def check_names(layers: Sequence[Layer]) -> None:
    """Raises ValueError if two layers have one name, as one layer added twice has."""
    seen = set()
    for layer in layers:
        if layer.name in seen:
            raise ValueError(f"[{layer.name}] a model has this layer already: give layers names of their own, name=...")
        seen.add(layer.name)


def dtype_of(layers: Sequence[Layer]) -> str:
    """The number type that all layers share.

    Raises: ValueError if they differ.
    """
    computing = [layer for layer in layers if not isinstance(layer, InputLayer)]
    for layer in computing[1:]:
        if layer.dtype != computing[0].dtype:
            raise ValueError(
                f"[{layer.name}] computes in {layer.dtype}, but {computing[0].name} in {computing[0].dtype}: give all "
                "layers of a model one dtype, or call ranvier.config.set_floatx before making them"
            )
    return computing[0].dtype if computing else config.floatx()


def output_name(symbol: KerasTensor) -> str:
    """What an output is called: as the layer that it comes from, whatever was added to the loss on the way."""
    while symbol.node.layer.native_kind() == "added_loss":
        symbol = symbol.node.inputs[0]
    return symbol.name


def with_losses(outputs: Sequence[KerasTensor], losses: Sequence[KerasTensor]) -> list[KerasTensor]:
    """The outputs of a model, which bring along the sum of all numbers of these symbols."""
    from ranvier import ops
    from ranvier.ops.graph import with_loss

    for loss in losses:
        outputs = with_loss(outputs, ops.sum(loss))
    return list(outputs)


def native_network(name: str, graph: Subgraph) -> tuple[_core.Network, str]:
    """The native network of a graph, and its number type."""
    dtype = dtype_of(graph.layers)
    scalars = config.scalars(dtype)
    network = scalars.Network(name)
    inputs = [network.add_input(symbol.node.shapes[0], symbol.name) for symbol in graph.inputs]
    find = graph.place(network, inputs)
    outputs: list[int] = []
    for symbol in graph.outputs:
        value = find(symbol)
        if value in outputs:  # a value leaves once
            [value] = network.add(scalars.Layer("identity", {}, symbol.name), [value])
        outputs.append(value)
    network.set_outputs(outputs, [None if symbol.mask is None else find(symbol.mask) for symbol in graph.outputs])
    return network, dtype
