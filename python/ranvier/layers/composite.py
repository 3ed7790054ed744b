"""Layers that are made of others: each of their parts is a layer with weights of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ranvier import _filling
from ranvier.layers.layer import Layer
from ranvier.variable import Variable

if TYPE_CHECKING:
    from ranvier._core import Parameter
    from ranvier._typing import Shape


class Composite(Layer):
    """A layer that adds its parts to a network, and has their weights one after the other."""

    @property
    def parts(self) -> list[Layer]:
        """The layers it is made of."""
        raise NotImplementedError

    def build_parts(self, shapes: list[Shape]) -> None:
        """Builds each part for what it reads, given the shapes of the inputs."""
        raise NotImplementedError

    @property
    def built(self) -> bool:
        return all(part.built for part in self.parts)

    @property
    def variables(self) -> list[Variable]:
        """All weights of the parts; none before `build`."""
        return [variable for part in self.parts for variable in part.variables]

    @property
    def trainable(self) -> bool:
        """Whether `fit` changes the weights. Setting it sets every part."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for part in self.parts:
            part.trainable = self._trainable

    def build_rows(self, shapes: list[Shape]) -> list[Shape]:
        # What is written in Python has no shapes before it is built.
        traced = any(part.is_traced for part in self.parts)
        outputs = [] if traced else self.row_shapes(shapes)
        file, path, new = _filling.source(), _filling.path(self._role or self.name), not self.built
        with _filling.filling(None if file is None else _Whole(file.elements(path))):
            self.build_parts(shapes)
            outputs = self.row_shapes(shapes) if traced else outputs
        self._built_shapes = shapes
        if not new:
            return outputs
        for part in self.parts:
            if not self._trainable:
                part.trainable = False
            for variable in part.variables:
                variable.path = f"{self.name}/{variable.path}"
        if file is not None:
            file.fill(path, [variable.native for variable in self.variables])
        return outputs


class _Whole:
    """A file that knows the weights of all parts together, and fills them when they are there."""

    def __init__(self, elements: int) -> None:
        self._elements = elements

    def elements(self, layer: str) -> int:
        """As many as all parts have."""
        return self._elements

    def fill(self, layer: str, parameters: Sequence[Parameter]) -> None:
        """Nothing yet."""
