"""A graph of layers as JSON can hold it, and again from that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ranvier import layers as layers_module

if TYPE_CHECKING:
    from ranvier.models.model import Model
    from ranvier.symbol import KerasTensor, Node


def describe(model: Model) -> dict[str, Any]:
    """The layers of a model that is made of symbols, and how they are connected."""
    layers = model.layers
    number = {id(node): position for position, node in enumerate(model._nodes)}

    def reference(symbol: KerasTensor) -> list[int]:
        return [number[id(symbol.node)], symbol.index]

    def described(node: Node) -> dict[str, Any]:
        found = {"layer": layers.index(node.layer), "inputs": [reference(symbol) for symbol in node.inputs]}
        # Masks that layers have made come again when these are called.
        given = [None if mask is None or mask.node.layer.is_hidden else reference(mask) for mask in node.masks]
        found |= {"masks": given} if any(given) else {}
        return found | ({"options": node.options} if node.options else {})

    config = {
        "name": model.name,
        "trainable": model.trainable,
        "layers": [layers_module.serialize(layer) for layer in layers],
        "nodes": [described(node) for node in model._nodes],
        "inputs": [reference(symbol) for symbol in model.inputs],
        "outputs": [reference(symbol) for symbol in model.outputs],
        "many_outputs": model._many_outputs,
    }
    keys = {"input_keys": model._input_keys, "output_keys": model._output_keys}
    return config | {name: value for name, value in keys.items() if value is not None}


def make(cls: type[Model], config: dict[str, Any]) -> Model:
    """A model of a class from what `describe` returned, with new weights.

    Raises: ValueError, TypeError and KeyError for anything else.
    """
    layers = [layers_module.deserialize(description) for description in config["layers"]]
    produced: list[list[KerasTensor]] = []

    def value(reference: Sequence[int]) -> KerasTensor:
        number, index = reference
        if not (0 <= number < len(produced) and 0 <= index < len(produced[number])):
            raise ValueError(f"[Model] there is no output {index} of node {number} before it is used")
        return produced[number][index]

    for node in config["nodes"]:
        layer = layers[node["layer"]]
        if isinstance(layer, layers_module.InputLayer):
            produced.append([layer.symbol])
            continue
        inputs = [value(reference) for reference in node["inputs"]]
        masks = [None if reference is None else value(reference) for reference in node.get("masks", ())]
        produced.append(layer.call_again(inputs, node.get("options", {}), masks))
    inputs, outputs = ([value(reference) for reference in config[side]] for side in ("inputs", "outputs"))
    input_keys, output_keys = config.get("input_keys"), config.get("output_keys")
    model = cls(
        inputs if input_keys is None else dict(zip(input_keys, inputs, strict=True)),
        dict(zip(output_keys, outputs, strict=True))
        if output_keys is not None
        else outputs
        if config["many_outputs"]
        else outputs[0],
        config["name"],
    )
    model._trainable = bool(config["trainable"])  # layers have flags of their own
    return model
