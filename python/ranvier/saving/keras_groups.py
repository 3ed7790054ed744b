"""Where Keras keeps the weights of a layer below the layer's own place: recurrent layers have them in their cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ranvier.layers import RNN, Bidirectional, TimeDistributed
from ranvier.utils.naming import snake_case

if TYPE_CHECKING:
    from ranvier.layers import Layer
    from ranvier.variable import Variable

_NAMED = ("SimpleRNN", "LSTM", "GRU")
# Classes that Keras calls otherwise where it speaks to itself.
_OTHER_NAMES = {"GroupQueryAttention": "GroupedQueryAttention"}


def paths(classes: Sequence[str]) -> list[str]:
    """Where Keras keeps layers of these classes, in their order.

    >>> paths(["Dense", "Dropout", "Dense"])
    ['dense', 'dropout', 'dense_1']
    """
    seen: dict[str, int] = {}
    found = []
    for name in (snake_case(_OTHER_NAMES.get(one, one)) for one in classes):
        number = seen[name] = seen.get(name, -1) + 1
        found.append(f"{name}_{number}" if number else name)
    return found


def places(class_name: Any, config: Any) -> list[str]:
    """The groups of a layer's weights by its description, in the order of `get_weights`; "" is the layer's own.

    >>> places("Bidirectional", {"layer": {"class_name": "LSTM", "config": {}}})
    ['forward_layer/cell', 'backward_layer/cell']
    """
    config = config if isinstance(config, Mapping) else {}
    if class_name in _NAMED:
        return ["cell"]
    if class_name == "RNN":
        cell = _described(config.get("cell"))
        inner = cell.get("config")
        cells = inner.get("cells") if isinstance(inner, Mapping) else None
        if cell.get("class_name") != "StackedRNNCells" or not isinstance(cells, list):
            return ["cell"]
        return [f"cell/cells/{path}" for path in paths([str(_described(one).get("class_name")) for one in cells])]
    if class_name == "Bidirectional":
        forward = _described(config.get("layer"))
        backward = _described(config.get("backward_layer") or forward)
        sides = {"forward_layer": forward, "backward_layer": backward}
        return [f"{side}/{place}" for side, one in sides.items() for place in _inner(one)]
    if class_name == "TimeDistributed":
        return [f"layer/{place}".rstrip("/") for place in _inner(_described(config.get("layer")))]
    return [""]


def _described(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _inner(described: Mapping[str, Any]) -> list[str]:
    return places(described.get("class_name"), described.get("config"))


def groups(layer: Layer) -> dict[str, list[Variable]]:
    """The weights of a layer by their places."""
    if isinstance(layer, Bidirectional):
        sides = {"forward_layer": layer.forward_layer, "backward_layer": layer.backward_layer}
        return {f"{side}/{place}": own for side, part in sides.items() for place, own in groups(part).items()}
    if isinstance(layer, RNN) and layer.parts:
        cells = places("RNN", layer.get_config())
        return {place: part.variables for place, part in zip(cells, layer.parts, strict=True)}
    if isinstance(layer, RNN):
        return {"cell": layer.variables}
    if isinstance(layer, TimeDistributed):
        return {f"layer/{place}".rstrip("/"): own for place, own in groups(layer.layer).items()}
    return {"": layer.variables}
