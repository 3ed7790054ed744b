"""Weights as a file holds them, layer by layer, and how they find their way into a model."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ranvier.errors import ModelFileError

if TYPE_CHECKING:
    from ranvier._core import Parameter
    from ranvier._typing import Array, Shape
    from ranvier.layers import Layer
    from ranvier.models import Model


@dataclass(frozen=True)
class StoredVariable:
    """A weight in a file: its shape, and how to read it."""

    name: str
    shape: Shape
    read: Callable[[], Array]

    def values(self, where: str) -> Array:
        """The numbers.

        Raises: ModelFileError unless they are real numbers of the shape that was promised.
        """
        array = self.read()
        if array.shape != self.shape or array.dtype.kind not in "fiub":
            raise ModelFileError(
                f"[{where}] expected numbers of shape {self.shape} for {self.name}, got {array.dtype} {array.shape}"
            )
        return array


@dataclass(frozen=True)
class StoredLayer:
    """The weights of a layer in a file."""

    name: str
    variables: Sequence[StoredVariable]

    @property
    def shapes(self) -> list[Shape]:
        """Shapes of the weights."""
        return [variable.shape for variable in self.variables]


class StoredWeights:
    """All weights of a model in a file, by the paths of its layers: what fills the layers while they are built.

    Args:
        where: the file, in errors.
        layers: in the file's order; those without weights are left out.
    """

    def __init__(self, where: str, layers: Sequence[StoredLayer]) -> None:
        self.where = where
        self.layers = [layer for layer in layers if layer.variables]
        self._by_name = {layer.name: layer for layer in self.layers}
        if len(self._by_name) != len(self.layers):
            raise ModelFileError(f"[{where}] holds two layers of one name")

    def elements(self, layer: str) -> int:
        """How many numbers the file has for a layer."""
        return sum(math.prod(shape) for shape in self._by_name[layer].shapes) if layer in self._by_name else 0

    def fill(self, layer: str, parameters: Sequence[Parameter]) -> None:
        """Writes the weights of a layer that has just been built.

        Raises: ModelFileError if they are other than the layer's.
        """
        found = self._by_name[layer].variables if layer in self._by_name else []
        shapes, wanted = [variable.shape for variable in found], [parameter.shape for parameter in parameters]
        if shapes != wanted:
            raise ModelFileError(f"[{self.where}] the layer {layer} needs weights of shapes {wanted}, but has {shapes}")
        for variable, parameter in zip(found, parameters, strict=True):
            parameter.numpy()[...] = variable.values(self.where)

    def assign(self, model: Model, by_name: bool, skip_mismatch: bool) -> None:
        """Writes the weights into a model; nothing is changed if they do not fit.

        Args:
            model: what they are for.
            by_name: whether layers with the same name get them, the others none; otherwise all layers, in their order.
            skip_mismatch: whether layers whose weights have other shapes are left out, with a warning.

        Raises: ModelFileError if they do not fit; ValueError if the model is not built.
        """
        layers = {path: layer for path, layer in model.all_layers() if layer.own_variables}
        if not layers:
            raise ValueError(f"[{model.name}] has no weights before it knows its input shape: build it first")
        if by_name:
            pairs = [(layer, self._by_name[path]) for path, layer in layers.items() if path in self._by_name]
            if not pairs:
                raise ModelFileError(
                    f"[{self.where}] has weights for {list(self._by_name)}, and the model layers of other names: "
                    f"{list(layers)}"
                )
        elif len(layers) != len(self.layers):
            raise ModelFileError(
                f"[{self.where}] holds weights of {len(self.layers)} layers, {list(self._by_name)}, but the model has "
                f"{len(layers)}: {list(layers)}; by_name=True loads those whose names are the same"
            )
        else:
            pairs = list(zip(layers.values(), self.layers, strict=True))
        self.assign_pairs(pairs, skip_mismatch)

    def assign_pairs(self, pairs: Sequence[tuple[Layer, StoredLayer]], skip_mismatch: bool) -> None:
        """The same for layers that have found theirs already."""
        read: list[tuple[Layer, list[Array]]] = []
        for layer, stored in pairs:
            wanted = [variable.shape for variable in layer.own_variables]
            if wanted == stored.shapes:
                read.append((layer, [variable.values(self.where) for variable in stored.variables]))
                continue
            said = f"[{self.where}] the layer {layer.name} has weights of shapes {wanted}, the file's {stored.name} "
            said += f"of {stored.shapes}"
            if not skip_mismatch:
                raise ModelFileError(f"{said}; skip_mismatch=True leaves it as it is")
            warnings.warn(f"{said}: left as it is", UserWarning, stacklevel=4)
        for layer, arrays in read:
            for variable, array in zip(layer.own_variables, arrays, strict=True):
                variable.assign(array)
