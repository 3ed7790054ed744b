"""The nodes between symbols: what a model is made of, and what one call of a layer made of layers stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier.layers import Layer
    from ranvier.symbol import KerasTensor, Node


class Subgraph:
    """Nodes in an order in which they can run.

    Args:
        inputs: symbols that values enter by.
        outputs: symbols that values leave by.
        owner: what it is called in errors.

    Raises: ValueError if an output needs an input that is not among `inputs`.
    """

    def __init__(self, inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor], owner: str = "Model") -> None:
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.nodes = ordered_nodes(self.inputs, self.outputs, owner)

    @property
    def layers(self) -> list[Layer]:
        """The layers of the nodes, each once, in their order."""
        return list({id(node.layer): node.layer for node in self.nodes}.values())

    @property
    def adds_loss(self) -> bool:
        """Whether something in it adds to the loss."""
        return any(
            node.layer.kind == "added_loss" or (node.inner is not None and node.inner.adds_loss) for node in self.nodes
        )

    def alike(self, other: Subgraph) -> bool:
        """Whether both do the same with the same inputs: the same layers and operations, connected in the same way."""
        return self._wiring() == other._wiring()

    def _wiring(self) -> list[Any]:
        number = {id(node): position for position, node in enumerate(self.nodes)}

        def reference(symbol: KerasTensor | None) -> Any:
            return None if symbol is None else (number.get(id(symbol.node), id(symbol.node)), symbol.index)

        def said(node: Node) -> Any:
            return (
                node.layer.what_it_does(),
                [*map(reference, node.inputs)],
                [*map(reference, node.masks)],
                node.options,
            )

        nodes = [said(node) for node in self.nodes if not node.layer.is_input]
        return [nodes, [reference(symbol) for symbol in self.outputs]]

    def place(
        self, network: _core.Network, values: Sequence[int], placed: dict[int, list[int]] | None = None
    ) -> Callable[[KerasTensor], int]:
        """Adds the nodes to a native network, where the inputs are these values.

        Args:
            network: what they are added to.
            values: the inputs.
            placed: weights and numbers that the network has already, by their native layers.

        Returns: what finds the value of a symbol.
        """
        known = {} if placed is None else placed
        made = {symbol.key: value for symbol, value in zip(self.inputs, values, strict=True)}

        def find(symbol: KerasTensor) -> int:
            if symbol.key not in made:  # of a mask, which no node shown has made
                add(symbol.node)
            return made[symbol.key]

        def add(node: Node) -> None:
            given = [find(symbol) for symbol in node.inputs]
            masks = [None if mask is None else find(mask) for mask in node.masks]
            if node.inner is None and not given and not node.layer.draws:
                native = node.layer.native
                if id(native) not in known:
                    known[id(native)] = network.add(native, [])
                produced = known[id(native)]
            elif node.inner is None:
                produced = node.layer.add_to(network, given, masks, *([node.options] if node.options else []))
            else:
                produced = node.inner.add_to(network, [*given, *(mask for mask in masks if mask is not None)], known)
            made.update({symbol.key: value for symbol, value in zip(node.outputs(), produced, strict=True)})

        for node in self.nodes:
            if not node.layer.is_input:
                add(node)
        return find

    def add_to(
        self, network: _core.Network, values: Sequence[int], placed: dict[int, list[int]] | None = None
    ) -> list[int]:
        """The same; returns the values of the outputs."""
        find = self.place(network, values, placed)
        return [find(symbol) for symbol in self.outputs]


def ordered_nodes(inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor], owner: str = "Model") -> list[Node]:
    """The nodes that outputs need, each after those it reads, in the order of `get_weights` and `summary`.

    It is Keras's: deepest first, then as met from the outputs backwards.

    Raises: ValueError if an output needs an input that is not among `inputs`.
    """
    met, finished = _walk(outputs)
    given = {id(symbol.node) for symbol in inputs}
    for node in finished:
        if node.layer.is_input and id(node) not in given:
            raise ValueError(
                f"[{owner}] the outputs need the input '{node.layer.name}', which is not among inputs: "
                f"{[symbol.name for symbol in inputs]}"
            )
    depth = {id(node): 0 for node in finished}
    for node in reversed(finished):
        for symbol in node.sources:
            depth[id(symbol.node)] = max(depth[id(symbol.node)], depth[id(node)] + 1)
    unused = [symbol.node for symbol in inputs if id(symbol.node) not in depth]
    shown = [node for node in finished if not node.layer.is_hidden]
    return unused + sorted(shown, key=lambda node: (-depth[id(node)], met[id(node)]))


def nodes_behind(outputs: Sequence[KerasTensor]) -> set[int]:
    """Identities of the nodes that outputs need."""
    return set(_walk(outputs)[0])


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


def from_inputs(
    inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]
) -> tuple[list[KerasTensor], list[KerasTensor]]:
    """The same values computed from new inputs, where `inputs` are symbols in the middle of a network.

    Inputs that are what `Input` returned stay.
    """
    from ranvier.layers import Input
    from ranvier.symbol import Node

    made = {
        symbol.key: symbol
        if symbol.node.layer.is_input
        else Input(symbol.node.shapes[symbol.index], dtype=symbol.dtype)
        for symbol in inputs
    }
    for node in _between(inputs, outputs):
        if all(symbol.key in made for symbol in node.outputs()) or node.layer.is_input:
            continue
        read = tuple(made.get(symbol.key, symbol) for symbol in node.inputs)
        again = node
        if read != node.inputs:
            masks = [None if mask is None else made.get(mask.key, mask) for mask in node.masks]
            again = Node(node.layer, read, node.shapes, masks, node.options, node.inner, node.single)
        node.layer.remember(again)
        made.update(
            {old.key: new for old, new in zip(node.outputs(), again.outputs(), strict=True) if old.key not in made}
        )
    return [made[symbol.key] for symbol in inputs], [made.get(symbol.key, symbol) for symbol in outputs]


def called_again(
    inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor], given: Sequence[KerasTensor]
) -> list[KerasTensor]:
    """The outputs again for other symbols in the place of the inputs: every layer is called once more.

    Raises: ValueError where a layer cannot take what it is given.
    """
    made = {old.key: new for old, new in zip(inputs, given, strict=True)}
    for node in _between(inputs, outputs):
        if not node.layer.is_input:
            masks = [None if mask is None else made.get(mask.key) for mask in node.masks]
            produced = node.layer.call_again([made[symbol.key] for symbol in node.inputs], node.options, masks)
            made.update({old.key: new for old, new in zip(node.outputs(), produced, strict=True)})
    return [made[symbol.key] for symbol in outputs]


def _between(inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> list[Node]:
    # What outputs need, seen from them back to the given symbols.
    given = {symbol.key for symbol in inputs}
    met: set[int] = set()
    finished: list[Node] = []
    stack = [(symbol.node, False) for symbol in outputs if symbol.key not in given]
    while stack:
        node, done = stack.pop()
        if done:
            finished.append(node)
        elif id(node) not in met:
            met.add(id(node))
            stack.append((node, True))
            stack.extend((symbol.node, False) for symbol in node.inputs if symbol.key not in given)
    return finished
