"""Models and layers for `pickle` and `copy.deepcopy`: the configuration and the state that a native file holds.

Native objects are made again, never copied. What a file names, classes and functions of the user's own, a pickle refers
to, so it needs no `custom_objects`; but a pickle is a program, and only a file is safe to take from somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ranvier import _filling, layers, random
from ranvier._configurable import Configurable
from ranvier._custom_objects import custom_object_scope, get_registered_name
from ranvier.saving import describing, state
from ranvier.saving.json_data import mapping
from ranvier.saving.stored import StoredLayer, StoredVariable, StoredWeights
from ranvier.variable import Variable

if TYPE_CHECKING:
    from ranvier._typing import Array, Shape
    from ranvier.layers import Layer
    from ranvier.models import Model


class Kept:
    """What a native file would hold, in memory.

    Args:
        description: what would be in its header.
        tensors: arrays by name.
    """

    where = "pickle"

    def __init__(self, description: dict[str, Any], tensors: state.Tensors) -> None:
        self.description = description
        self._tensors = tensors

    def part(self, key: str) -> dict[str, Any]:
        """See `NativeFile`, as for what follows."""
        return mapping(self.description.get(key), f"{self.where}, {key}")

    def shape(self, name: str) -> Shape:
        return self._tensors[name].shape

    def tensor(self, name: str) -> Array:
        return self._tensors[name]


def reduce_model(model: Model) -> tuple[Any, ...]:
    """What `pickle` keeps of a model: layers, weights, what `compile` was told, the optimizer's state, the history.

    Attributes that a program has given the model are kept if their names do not begin with an underscore; layers and
    weights are made again by its constructor.
    """
    tensors: state.Tensors = {}
    description = {
        "model": describing.describe(model, with_streams=True),
        "weights": state.write_weights(model, tensors),
        "optimizer": state.write_optimizer(model, tensors),
    }
    told = None if model.optimizer is None else {**model._compile_arguments, "optimizer": model.optimizer}
    classes = {get_registered_name(type(model)): type(model)} | _own_classes(model.layers)
    kept = {name: value for name, value in vars(model).items() if not name.startswith("_") and not _is_part(value)}
    return make_model, (type(model), description, tensors, told, classes), kept


def make_model(
    cls: type[Model], description: dict[str, Any], tensors: state.Tensors, told: Any, classes: dict[str, Any]
) -> Model:
    """The model again; called by `pickle`."""
    kept = Kept(description, tensors)
    with random.preserved(), custom_object_scope(classes), _filling.filling(state.read_weights(kept)):
        model = describing.remade(cls, kept.part("model"))
    state.read_flags(model, kept)
    if told is not None:
        model.compile(**told)
        state.read_optimizer(model, kept)
    return model


def _is_part(value: Any) -> bool:
    if isinstance(value, list | tuple | dict):
        return any(map(_is_part, value.values() if isinstance(value, dict) else value))
    return isinstance(value, layers.Layer | Variable)


def reduce_layer(layer: Layer) -> tuple[Any, ...]:
    """What `pickle` keeps of a layer outside of a model: its configuration and its weights."""
    described = layers.serialize(layer)
    if (stream := getattr(layer, "_stream", None)) is not None:
        described["stream"] = stream
    weights = [(variable.name, variable.numpy()) for variable in layer.variables]
    return make_layer, (described, layer._built_shapes, weights, _own_classes([layer]))


def make_layer(
    described: dict[str, Any], shapes: list[Shape] | None, weights: list[tuple[str, Array]], classes: dict[str, Any]
) -> Layer:
    """The layer again; called by `pickle`."""

    def reader(values: Array) -> Any:
        return lambda: values

    with random.preserved(), custom_object_scope(classes):
        layer = layers.deserialize(described)
    if shapes is not None:
        stored = [StoredVariable(name, values.shape, reader(values)) for name, values in weights]
        with _filling.filling(StoredWeights("pickle", [StoredLayer(layer.name, stored)])):
            layer.build_rows(shapes)
    return layer


def _own_classes(things: Sequence[Any]) -> dict[str, Any]:
    # Of objects that are described, the classes that the library does not know.
    found: dict[str, Any] = {}
    waiting = list(things)
    while waiting:
        value = waiting.pop()
        if isinstance(value, list | tuple):
            waiting.extend(value)
        elif isinstance(value, Configurable):
            waiting.extend(vars(value).values())
            if type(value).__module__.partition(".")[0] != "ranvier":
                found[get_registered_name(type(value))] = type(value)
    return found
