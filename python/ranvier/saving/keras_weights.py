"""The HDF5 file in which Keras 3 keeps weights: `layers/<class>_<number>/vars/0`, `1`, ... and `optimizer/vars`.

What is read must be a plain array that lies in this very file: no links, no other files, no filters, nothing that
claims more than is there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.errors import ModelFileError, brief
from ranvier.layers import Layer, layer_classes
from ranvier.models.summary import class_name
from ranvier.saving.keras_groups import groups, paths, places
from ranvier.saving.state import slots_of
from ranvier.saving.stored import StoredLayer, StoredVariable, StoredWeights

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array
    from ranvier.models import Model
    from ranvier.optimizers import Optimizer
    from ranvier.variable import Variable

# What h5py raises for damaged files, by experience, besides what a wrong configuration makes layers raise.
_DAMAGE = (OSError, RuntimeError)
# Slots that Keras keeps together for all weights, one kind after the other, behind those that lie side by side.
_APART = {
    "Adam": ("velocity_hat",),
    "AdamW": ("velocity_hat",),
    "RMSprop": ("velocity", "momentum", "average_gradient"),
}
# Keras has an array in place of each slot that a weight does not need.
_OTHER_STATE = ("Adafactor",)


def h5py_module() -> Any:
    """The package h5py.

    Raises: ImportError that says how to install it.
    """
    try:
        import h5py
    except ImportError:
        raise ImportError(
            "[saving] the files of Keras need the package h5py: pip install 'ranvier[keras]'; "
            "'.safetensors' files do not"
        ) from None
    return h5py


def _placed(model: Model, above: str = "layers") -> Iterator[tuple[str, Layer]]:
    """Every layer, those of nested models and layers included, with its place in a file."""
    for path, layer in zip(paths([class_name(layer) for layer in model.layers]), model.layers, strict=True):
        yield from _placed_inside(f"{above}/{path}", layer)


def _placed_inside(place: str, layer: Layer) -> Iterator[tuple[str, Layer]]:
    from ranvier.models import Model

    yield place, layer
    if isinstance(layer, Model):
        yield from _placed(layer, f"{place}/layers")
        return
    for name, part in layer.named_sublayers().items():
        yield from _placed_inside(f"{place}/{name}", part)


def _groups(layer: Layer) -> dict[str, list[Variable]]:
    """The weights of a layer that belong to none of its parts, by their places below its own."""
    return {"": layer.own_variables} if layer.named_sublayers() or layer.is_traced else groups(layer)


def write(file: Any, model: Model, include_optimizer: bool) -> None:
    """Writes all weights into an open HDF5 file."""
    file.create_group("vars").attrs["name"] = model.name
    file.create_group("layers")
    for above, layer in _placed(model):
        file.require_group(f"{above}/vars").attrs["name"] = layer.name
        for place, variables in _groups(layer).items():
            group = file.require_group("/".join(part for part in (above, place, "vars") if part))
            for i, variable in enumerate(variables):
                group.create_dataset(str(i), data=variable.numpy())
    optimizer = model.optimizer if include_optimizer and model.built else None
    if optimizer is not None and (state := _keras_state(model, optimizer)):
        group = file.create_group("optimizer/vars")
        group.attrs["name"] = optimizer.name
        for i, value in enumerate(state):
            group.create_dataset(str(i), data=value)


def _native(model: Model, optimizer: Optimizer) -> _core.Optimizer | None:
    """The native optimizer, with state for all weights that are trained, if Keras keeps the same."""
    network = model.network  # which also settles the number type
    assert network is not None
    native = optimizer.native_for(model, model._dtype)
    trained = [variable.native for variable in model.trainable_variables]
    native.build(trained)
    order = list(dict.fromkeys(id(parameter) for parameter, _, _ in slots_of(native)))
    # Keras reads slots in the order of the model's trainable weights.
    fits = order in ([], [id(parameter) for parameter in trained])
    return native if fits and type(optimizer).__name__ not in _OTHER_STATE else None


def _keras_state(model: Model, optimizer: Optimizer) -> list[Any]:
    native = _native(model, optimizer)
    if native is None:
        return []
    counters: list[Any] = [np.int32(min(native.iterations, 2**31 - 1))]
    if isinstance(optimizer._rate, float):
        counters.append(np.float32(optimizer.learning_rate))
    return counters + _in_keras_order(type(optimizer).__name__, native)


def _in_keras_order(optimizer: str, native: _core.Optimizer) -> list[Array]:
    first, last = ("average", "gradient_accumulator"), _APART.get(optimizer, ())
    slots = slots_of(native)

    def of_kind(kind: str) -> list[Array]:
        return [view for _, name, view in slots if name == kind]

    beside = [view for _, name, view in slots if name not in (*first, *last)]
    return [*(v for kind in first for v in of_kind(kind)), *beside, *(v for kind in last for v in of_kind(kind))]


class KerasWeights:
    """The weights in an open HDF5 file.

    Args:
        file: an `h5py.File` that is open for reading.
        where: what it is called in errors.
        size: of the file in bytes.
    """

    def __init__(self, file: Any, where: str, size: int) -> None:
        self.file = file
        self.where = where
        self.size = size

    def group(self, *names: str) -> Any:
        """A group by its path, or None if it is not there."""
        h5py = h5py_module()
        found = self.file
        for name in names:
            if not isinstance(found, h5py.Group) or name not in found:
                return None
            if not isinstance(found.get(name, getlink=True), h5py.HardLink):
                raise ModelFileError(f"[{self.where}] {name} is a link to somewhere else: it is not followed")
            found = found[name]
        return found if isinstance(found, h5py.Group) else None

    def variables(self, group: Any) -> list[StoredVariable]:
        """The numbered arrays of a group `vars`."""
        count = len(group)
        if count > 4096:
            raise ModelFileError(f"[{self.where}] {group.name} holds {count} arrays: that is no layer")
        return [self._variable(group, str(i)) for i in range(count)]

    def _variable(self, group: Any, name: str) -> StoredVariable:
        h5py = h5py_module()
        path = f"{group.name}/{name}"
        if name not in group:
            raise ModelFileError(f"[{self.where}] lacks {path}")
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ModelFileError(f"[{self.where}] {path} is a link to somewhere else: it is not followed")
        array = group[name]
        if not isinstance(array, h5py.Dataset) or array.shape is None or array.dtype.kind not in "fiu":
            raise ModelFileError(f"[{self.where}] expected numbers in {path}, got {array!r:.80}")
        needed = math.prod(array.shape) * array.dtype.itemsize
        layout = array.id.get_create_plist().get_layout()
        inside = array.id.get_storage_size() == needed <= self.size
        if layout == h5py.h5d.CONTIGUOUS and inside and needed:
            offset = array.id.get_offset()
            inside = not array.external and offset is not None and offset + needed <= self.size
        if layout not in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT) or not inside:
            raise ModelFileError(
                f"[{self.where}] expected {path} to hold its {needed} bytes plainly in this file: other files, filters "
                "and arrays larger than the file are not taken"
            )

        def read() -> Array:
            found: Array = array[()]
            return np.asarray(found)

        return StoredVariable(path, tuple(array.shape), read)

    def layer(self, place: str, inside: Sequence[str] = ("",)) -> StoredLayer:
        """The weights at places inside a layer's place, such as "layers/dense"; none if there is no such place."""
        own = self.group(*place.split("/"), "vars")
        name = place.rpartition("/")[2]
        name = name if own is None else own.attrs.get("name", name)
        found = [self.group(*place.split("/"), *filter(None, part.split("/")), "vars") for part in inside]
        return StoredLayer(str(name), [one for group in found if group is not None for one in self.variables(group)])

    def _inside(self, path: str, place: str = "") -> list[str]:
        # All places with weights inside a layer's place; of two that read a sequence, the one that goes backwards last.
        group = self.group("layers", path, *filter(None, place.split("/")))
        if group is None or place.count("/") > 8:
            return []
        own = self.group("layers", path, *filter(None, place.split("/")), "vars")
        found = [place] if own is not None and len(own) else []
        inner = sorted((name.startswith("backward"), name) for name in group if name not in ("vars", "seed_generator"))
        for _, name in inner:
            found += self._inside(path, f"{place}/{name}".lstrip("/"))
        return found

    def named(self) -> StoredWeights:
        """All layers by the names that they had."""
        group = self.group("layers")
        return StoredWeights(self.where, [self.layer(f"layers/{path}", self._inside(path)) for path in group or ()])

    def described(self, layers: Sequence[dict[str, Any]]) -> StoredWeights:
        """All layers by the names in a configuration, which has them in the order in which Keras numbers them."""
        return StoredWeights(self.where, list(self._described("layers", layers, "")))

    def _described(self, place: str, layers: Sequence[dict[str, Any]], above: str) -> Iterator[StoredLayer]:
        for path, layer in zip(paths([str(layer["class_name"]) for layer in layers]), layers, strict=True):
            name = f"{above}{layer['config'].get('name')}"
            yield StoredLayer(
                name, self.layer(f"{place}/{path}", places(layer["class_name"], layer["config"])).variables
            )
            if isinstance(nested := layer["config"].get("layers"), list):
                chain = layer["class_name"] == "Sequential"
                own = [one for one in nested if not chain or one.get("class_name") != "InputLayer"]
                yield from self._described(f"{place}/{path}/layers", own, f"{name}/")
            elif hasattr(layer_classes().get(str(layer["class_name"])), "call"):
                yield from self._parts(f"{place}/{path}", name)

    def _parts(self, place: str, above: str) -> Iterator[StoredLayer]:
        # The layers that a layer written in Python has as attributes.
        group = self.group(*place.split("/"))
        for part in [] if group is None else group:
            if part in ("vars", "seed_generator") or place.count("/") > 8:
                continue
            yield StoredLayer(f"{above}/{part}", self.layer(f"{place}/{part}").variables)
            yield from self._parts(f"{place}/{part}", f"{above}/{part}")

    def assign(self, model: Model, by_name: bool, skip_mismatch: bool) -> None:
        """Gives a model its weights; see `StoredWeights.assign`."""
        if by_name:
            self.named().assign(model, True, skip_mismatch)
            return
        pairs: list[tuple[Layer, StoredLayer]] = []
        for place, layer in _placed(model):
            own = _groups(layer)
            if any(own.values()):
                pairs.append((layer, self.layer(place, list(own))))
        StoredWeights(self.where, []).assign_pairs(pairs, skip_mismatch)

    def read_optimizer(self, model: Model) -> None:
        """Gives the optimizer of a compiled model its state, if the file has it in a form that is ours too."""
        group, optimizer = self.group("optimizer", "vars"), model.optimizer
        if group is None or optimizer is None or not model.built:
            return
        native = _native(model, optimizer)
        if native is None:
            return
        state = _in_keras_order(type(optimizer).__name__, native)
        iterations, *rest = self.variables(group)
        slots = rest[len(rest) - len(state) :]
        if len(rest) - len(state) not in (0, 1) or [slot.shape for slot in slots] != [view.shape for view in state]:
            return
        for slot, view in zip(slots, state, strict=True):
            view[...] = slot.values(self.where)
        steps = iterations.values(self.where)
        native.iterations = int(steps) if steps.shape == () and 0 <= int(steps) < 2**62 else 0


@contextmanager
def opened(source: Any, where: str, size: int) -> Iterator[KerasWeights]:
    """The weights of an HDF5 file, by path or as a file object.

    Raises: ModelFileError for what is damaged, whatever HDF5 calls that.
    """
    h5py = h5py_module()
    try:
        file = h5py.File(source, "r")
    except _DAMAGE as error:
        raise ModelFileError(f"[{where}] is damaged, or no HDF5 file: {brief(error)}") from None
    try:
        yield KerasWeights(file, where, size)
    except _DAMAGE as error:
        raise ModelFileError(f"[{where}] is damaged, or does not fit: {brief(error)}") from error
    finally:
        file.close()
