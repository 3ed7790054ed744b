"""The base of all initializers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ranvier import config, random
from ranvier._configurable import Configurable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from ranvier._typing import Array, Shape


class Initializer(Configurable):
    """Initial values for a weight of a given shape.

    >>> from ranvier.initializers import Ones
    >>> Ones()((2,))
    array([1., 1.], dtype=float32)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        """Values of this shape.

        Args:
            shape: sizes of the axes.
            dtype: "float32" or "float64"; by default `ranvier.config.floatx()`.
        """
        values = self.values(tuple(int(axis) for axis in shape))
        return values.astype(config.standardize_dtype(dtype), copy=False)

    def values(self, shape: Shape) -> Array:
        """Values of this shape, of any number type."""
        raise NotImplementedError

    def clone(self) -> Any:
        """The same initializer; without a seed of its own it draws other values."""
        return self.from_config(self.get_config())


class RandomInitializer(Initializer):
    """An initializer that draws. The same object draws the same values for the same shape each time.

    Args:
        seed: an integer; a `SeedGenerator`, to draw other values at every call; None takes a seed from the library.
    """

    def __init__(self, seed: int | random.SeedGenerator | None = None) -> None:
        if not (seed is None or isinstance(seed, random.SeedGenerator) or hasattr(seed, "__index__")):
            raise ValueError(f"[{type(self).__name__}] seed must be an integer or None, got {seed!r}")
        self.seed = seed
        self._drawn = random.draw_seed() if seed is None else seed

    def generator(self) -> Generator:
        """Where the values come from."""
        seed = self._drawn
        return random.generator(seed.next() if isinstance(seed, random.SeedGenerator) else int(seed))

    def clone(self) -> Any:
        return self if isinstance(self.seed, random.SeedGenerator) else super().clone()

    def get_config(self) -> dict[str, Any]:
        found = super().get_config()
        if isinstance(self.seed, random.SeedGenerator):
            found["seed"] = self.seed.seed
        return found


def fans(
    shape: Shape, input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """Numbers of inputs and outputs of one unit, for a kernel of this shape.

    The last axis counts outputs and the one before it inputs; the axes before those are a receptive field, which
    multiplies both. `input_axes` and `output_axes`, given together, name the axes instead.

    >>> fans((784, 128)), fans((3, 3, 8, 16))
    ((784, 128), (72, 144))
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[axis] for axis in input_axes), math.prod(shape[axis] for axis in output_axes)
    if len(shape) < 2:
        size = math.prod(shape)
        return size, size
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


def truncated_normal(generator: Generator, shape: Shape) -> Array:
    """Standard normal values, drawn again until none is more than 2 away from 0.

    >>> bool((abs(truncated_normal(random.generator(1), (1000,))) <= 2).all())
    True
    """
    values = generator.standard_normal(shape)
    while (outside := abs(values) > 2).any():
        values[outside] = generator.standard_normal(int(outside.sum()))
    return values
