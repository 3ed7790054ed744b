"""What a native file says of a model: its weights, and the state of its optimizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ranvier.errors import ModelFileError
from ranvier.saving.json_data import mapping
from ranvier.saving.stored import StoredLayer, StoredVariable, StoredWeights

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._core import Parameter
    from ranvier._typing import Array, Shape
    from ranvier.layers import Layer
    from ranvier.models import Model
    from ranvier.optimizers import Optimizer
    from ranvier.variable import Variable

Tensors = dict[str, "Array"]


class Source(Protocol):
    """Where a description and its tensors come from: a native file, or what a pickle keeps in memory."""

    @property
    def where(self) -> str:
        """What it is called in errors."""

    @property
    def description(self) -> dict[str, Any]:
        """What was described."""

    def part(self, key: str) -> dict[str, Any]:
        """An object of the description."""

    def shape(self, name: str) -> Shape:
        """Shape of a tensor."""

    def tensor(self, name: str) -> Array:
        """The numbers of a tensor."""


def variables_of(model: Model) -> dict[str, Variable]:
    """The weights by their names in a file."""
    return {
        f"model/{path}/{name}": variable
        for path, layer in model.all_layers()
        for name, variable in zip(names_in(layer), layer.own_variables, strict=True)
    }


def names_in(layer: Layer) -> list[str]:
    """The names of a layer's own weights, with the parts of the layer that they belong to."""
    return [variable.path.removeprefix(f"{layer.name}/") for variable in layer.own_variables]


def write_weights(model: Model, tensors: Tensors) -> list[dict[str, Any]]:
    """Adds the weights to what is to be written, and describes them."""
    tensors.update({name: variable.numpy() for name, variable in variables_of(model).items()})
    return [
        {
            "layer": path,
            "class_name": type(layer).__name__,
            "variables": names_in(layer),
            "trainable": [variable.trainable for variable in layer.own_variables],
        }
        for path, layer in model.all_layers()
        if layer.own_variables
    ]


def read_flags(model: Model, file: Source) -> None:
    """Freezes the weights that were frozen one by one, not by their layers.

    Raises: ModelFileError for anything but a flag for each weight.
    """
    variables = variables_of(model)
    for description in file.description["weights"]:
        names, flags = description["variables"], description.get("trainable")
        if flags is None:  # a file of an older version
            continue
        if not isinstance(flags, list) or len(flags) != len(names):
            raise ModelFileError(f"[{file.where}] expected a flag for each weight, got {flags!r:.80}")
        for name, flag in zip(names, flags, strict=True):
            variable = variables.get(f"model/{description['layer']}/{name}")
            if variable is not None and not variable.statistic:
                variable.trainable = bool(flag)


def read_weights(file: Source) -> StoredWeights:
    """The weights of a file, which are read when they are needed.

    Raises: ModelFileError if they are not all there.
    """

    def reader(name: str) -> Callable[[], Array]:
        return lambda: file.tensor(name)

    layers = []
    described = file.description.get("weights")
    for description in described if isinstance(described, list) else [None]:
        layer, names = (mapping(description, file.where).get(key) for key in ("layer", "variables"))
        if not isinstance(layer, str) or not isinstance(names, list):
            raise ModelFileError(f"[{file.where}] expected the names of a layer's weights, got {description!r:.80}")
        tensors = [(str(name), f"model/{layer}/{name}") for name in names]
        layers.append(StoredLayer(layer, [StoredVariable(name, file.shape(key), reader(key)) for name, key in tensors]))
    return StoredWeights(file.where, layers)


def write_optimizer(model: Model, tensors: Tensors) -> dict[str, Any] | None:
    """Adds the optimizer's state to what is to be written, and describes it; None without an optimizer."""
    optimizer = model.optimizer
    if optimizer is None:
        return None
    native = optimizer._native
    names = {id(variable.native): name.removeprefix("model/") for name, variable in variables_of(model).items()}
    slots: dict[str, list[str]] = {}
    for parameter, slot, view in [] if native is None else slots_of(native):
        if id(parameter) in names:  # otherwise of a layer that the model no longer has
            owner = names[id(parameter)]
            slots.setdefault(owner, []).append(slot)
            tensors[f"optimizer/{owner}/{slot}"] = view
    steps = 0 if native is None else native.iterations
    return {
        "iterations": steps,
        "slots": [{"variable": owner, "slots": own} for owner, own in slots.items()],
        "without_decay": [names[id(variable.native)] for variable in optimizer.excluded_from(model.variables)],
    }


def read_optimizer(model: Model, file: Source, variables: Mapping[str, Variable] | None = None) -> None:
    """Gives the optimizer of a compiled model the state of a file.

    Args:
        model: what it trains.
        file: the file.
        variables: the weights by their names in the file; by default those of the model.

    Raises: ModelFileError if it does not fit the optimizer or the model; nothing is changed then.
    """
    description = file.part("optimizer")
    iterations, slots = description.get("iterations"), description.get("slots")
    if not isinstance(iterations, int) or not 0 <= iterations < 2**63 or not isinstance(slots, list):
        raise ModelFileError(f"[{file.where}] expected the state of an optimizer, got {description!r:.80}")
    optimizer = model.optimizer
    if optimizer is None or not model.built:
        return
    variables = variables_of(model) if variables is None else variables
    _read_excluded(optimizer, description.get("without_decay"), variables, file.where)
    if not slots and not iterations:
        return
    chosen: dict[str, Variable] = {}
    wanted: dict[tuple[int, str], str] = {}
    for slot in slots:
        owner, names = (mapping(slot, file.where).get(key) for key in ("variable", "slots"))
        variable = variables.get(f"model/{owner}")
        if variable is None or not isinstance(names, list):
            raise ModelFileError(f"[{file.where}] has optimizer state for {owner!r:.80}, which the model lacks")
        chosen[str(owner)] = variable
        wanted.update({(id(variable.native), str(name)): f"optimizer/{owner}/{name}" for name in names})
    network = model.network  # which also settles the number type
    assert network is not None
    native = optimizer.native_for(model, model._dtype)
    build(native, [variable.native for variable in chosen.values()])
    state = {(id(parameter), name): view for parameter, name, view in slots_of(native)}
    if state.keys() != wanted.keys() or len(chosen) != len(slots):
        raise ModelFileError(
            f"[{file.where}] expected the state {sorted({name for _, name in state})} of {optimizer.name}, got "
            f"{sorted({name for _, name in wanted})!s:.200}"
        )
    for key, view in state.items():
        if file.shape(wanted[key]) != view.shape:
            raise ModelFileError(
                f"[{file.where}] expected {wanted[key]} of shape {view.shape}, got {file.shape(wanted[key])}"
            )
    for key, view in state.items():
        view[...] = file.tensor(wanted[key])
    native.iterations = iterations


def _read_excluded(optimizer: Optimizer, names: Any, variables: Mapping[str, Variable], where: str) -> None:
    # Patterns are matched when they are written: a file brings no regular expressions along.
    if names is None:  # a file of an older version
        return
    if not isinstance(names, list) or not all(f"model/{name}" in variables for name in names):
        raise ModelFileError(f"[{where}] expected the names of weights that do not decay, got {names!r:.80}")
    optimizer._excluded, optimizer._excluded_names = [variables[f"model/{name}"] for name in names], []


def slots_of(native: _core.Optimizer) -> list[tuple[Parameter, str, Array]]:
    """All state of an optimizer: the parameter, the name of the slot, a view."""
    return [
        (parameter, name.removeprefix(f"{parameter.name}_"), view)
        for parameter, views in native.slots()
        for name, view in views
    ]


def build(native: Any, parameters: list[Parameter]) -> None:
    """Makes empty state for parameters, also for those that have been frozen since they had some."""
    frozen = [parameter for parameter in parameters if not parameter.trainable]
    for parameter in frozen:
        parameter.trainable = True
    try:
        native.build(parameters)
    finally:
        for parameter in frozen:
            parameter.trainable = False
