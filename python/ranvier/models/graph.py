"""The graph behind a model: the nodes that lead from its inputs to its outputs, and the native network they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ranvier import config
from ranvier.layers import InputLayer

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier.layers import Layer
    from ranvier.symbol import KerasTensor, Node


def ordered_nodes(inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> list[Node]:
    """The nodes that outputs need, each after those it reads, in the order of `get_weights` and `summary`.

    It is Keras's: deepest first, then as met from the outputs backwards.

    Raises: ValueError if an output needs an input that is not among `inputs`, or an input is no input.
    """
    met, finished = _walk(outputs)
    given = {id(symbol.node) for symbol in inputs}
    for symbol in inputs:
        if not isinstance(symbol.node.layer, InputLayer):
            raise ValueError(
                f"[Model] inputs must be what Input(...) returned, got the output of {symbol.node.layer!r}"
            )
    for node in finished:
        if isinstance(node.layer, InputLayer) and id(node) not in given:
            raise ValueError(
                f"[Model] the outputs need the input '{node.layer.name}', which is not among inputs: "
                f"{[symbol.name for symbol in inputs]}"
            )
    depth = {id(node): 0 for node in finished}
    for node in reversed(finished):
        for symbol in node.sources:
            depth[id(symbol.node)] = max(depth[id(symbol.node)], depth[id(node)] + 1)
    unused = [symbol.node for symbol in inputs if id(symbol.node) not in depth]
    shown = [node for node in finished if not node.layer.hidden]
    return unused + sorted(shown, key=lambda node: (-depth[id(node)], met[id(node)]))


def _walk(outputs: Sequence[KerasTensor]) -> tuple[dict[int, int], list[Node]]:
    # Depth first from the outputs, without recursion: networks may be deeper than Python's stack.
    met: dict[int, int] = {}
    finished: list[Node] = []
    for output in outputs:
        stack = [(output.node, False)]
        while stack:
            node, done = stack.pop()
            if done:
                finished.append(node)
            elif id(node) not in met:
                met[id(node)] = len(met)
                stack.append((node, True))
                stack.extend((symbol.node, False) for symbol in reversed(node.sources))
    return met, finished


def layers_of(nodes: Sequence[Node]) -> list[Layer]:
    """The layers of nodes, each once, in their order.

    Raises: ValueError if two have one name.
    """
    layers = list({id(node.layer): node.layer for node in nodes}.values())
    check_names(layers)
    return layers


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


def native_network(
    name: str, inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor], nodes: Sequence[Node]
) -> tuple[_core.Network, str]:
    """The native network of ordered nodes, and its number type."""
    dtype = dtype_of([node.layer for node in nodes])
    network = config.scalars(dtype).Network(name)
    values = {symbol.key: network.add_input(symbol.node.shapes[0], symbol.name) for symbol in inputs}

    def value(symbol: KerasTensor) -> int:
        if symbol.key not in values:  # of a mask, which no node shown has made
            add(symbol.node)
        return values[symbol.key]

    def mask_values(masks: Iterable[KerasTensor | None]) -> list[int | None]:
        return [None if mask is None else value(mask) for mask in masks]

    def add(node: Node) -> None:
        produced = node.layer.add_to(network, [value(symbol) for symbol in node.inputs], mask_values(node.masks))
        values.update({symbol.key: number for symbol, number in zip(node.outputs(), produced, strict=True)})

    for node in nodes:
        if not isinstance(node.layer, InputLayer):
            add(node)
    network.set_outputs([values[symbol.key] for symbol in outputs], mask_values(symbol.mask for symbol in outputs))
    return network, dtype
