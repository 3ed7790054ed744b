"""Initializers whose spread is chosen by the numbers of inputs and outputs of a unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ranvier.errors import one_of
from ranvier.initializers.initializer import RandomInitializer, fans, truncated_normal

if TYPE_CHECKING:
    from ranvier._typing import Array, Shape

# Standard deviation of a standard normal cut at +-2.
_TRUNCATED_STDDEV = 0.87962566103423978


class _Scaled(RandomInitializer):
    _scale: float
    _mode: str
    _distribution: str

    def __init__(
        self, seed: Any = None, input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
    ) -> None:
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed)

    def values(self, shape: Shape) -> Array:
        fan_in, fan_out = fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self._mode]
        variance = self._scale / max(1.0, fan)
        generator = self.generator()
        if self._distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return generator.uniform(-limit, limit, shape)
        if self._distribution == "untruncated_normal":
            return math.sqrt(variance) * generator.standard_normal(shape)
        return math.sqrt(variance) / _TRUNCATED_STDDEV * truncated_normal(generator, shape)


class VarianceScaling(_Scaled):
    """Values of variance scale / fan, where fan counts the inputs or outputs of a unit.

    Args:
        scale: positive factor of the variance.
        mode: "fan_in", "fan_out" or "fan_avg", their mean.
        distribution: "truncated_normal" (or "normal"), "untruncated_normal" or "uniform".
        seed: an integer, a `SeedGenerator` or None.
        input_axes, output_axes: given together, the axes that count inputs and outputs; by default the last but one
            and the last, times all before them.

    Raises: ValueError for a scale that is not positive or an unknown word.

    >>> bool(abs(VarianceScaling(3.0, "fan_in", "uniform", seed=1)((900, 5))).max() <= 0.1)
    True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        if not scale > 0:
            raise ValueError(f"[VarianceScaling] scale must be positive, got {scale!r}")
        one_of("VarianceScaling", "mode", mode, ("fan_in", "fan_out", "fan_avg"))
        distribution = "truncated_normal" if distribution == "normal" else distribution
        words = ("truncated_normal", "untruncated_normal", "uniform")
        one_of("VarianceScaling", "distribution", distribution, words)
        self.scale = self._scale = scale
        self.mode = self._mode = mode
        self.distribution = self._distribution = distribution
        super().__init__(seed, input_axes, output_axes)


class GlorotUniform(_Scaled):
    """Uniform within +-sqrt(6 / (inputs + outputs)).

    Args:
        seed: an integer, a `SeedGenerator` or None.
        input_axes, output_axes: see `VarianceScaling`.

    Source: Glorot and Bengio, AISTATS 2010.

    >>> GlorotUniform(seed=1)((3, 4)).shape
    (3, 4)
    """

    _scale, _mode, _distribution = 1.0, "fan_avg", "uniform"


class GlorotNormal(_Scaled):
    """Truncated normal of variance 2 / (inputs + outputs).

    Args:
        seed: an integer, a `SeedGenerator` or None.
        input_axes, output_axes: see `VarianceScaling`.

    Source: Glorot and Bengio, AISTATS 2010.

    >>> GlorotNormal(seed=1)((3, 4)).shape
    (3, 4)
    """

    _scale, _mode, _distribution = 1.0, "fan_avg", "truncated_normal"


class HeUniform(_Scaled):
    """Uniform within +-sqrt(6 / inputs).

    Args:
        seed: an integer, a `SeedGenerator` or None.
        input_axes, output_axes: see `VarianceScaling`.

    Source: He et al., ICCV 2015.

    >>> HeUniform(seed=1)((3, 4)).shape
    (3, 4)
    """

    _scale, _mode, _distribution = 2.0, "fan_in", "uniform"


class HeNormal(_Scaled):
    """Truncated normal of variance 2 / inputs.

    Args:
        seed: an integer, a `SeedGenerator` or None.
        input_axes, output_axes: see `VarianceScaling`.

    Source: He et al., ICCV 2015.

    >>> HeNormal(seed=1)((3, 4)).shape
    (3, 4)
    """

    _scale, _mode, _distribution = 2.0, "fan_in", "truncated_normal"


class LecunUniform(_Scaled):
    """Uniform within +-sqrt(3 / inputs).

    Args:
        seed: an integer, a `SeedGenerator` or None.
        input_axes, output_axes: see `VarianceScaling`.

    Source: LeCun et al., Efficient BackProp, 1998.

    >>> LecunUniform(seed=1)((3, 4)).shape
    (3, 4)
    """

    _scale, _mode, _distribution = 1.0, "fan_in", "uniform"


class LecunNormal(_Scaled):
    """Truncated normal of variance 1 / inputs.

    Args:
        seed: an integer, a `SeedGenerator` or None.
        input_axes, output_axes: see `VarianceScaling`.

    Source: LeCun et al., Efficient BackProp, 1998.

    >>> LecunNormal(seed=1)((3, 4)).shape
    (3, 4)
    """

    _scale, _mode, _distribution = 1.0, "fan_in", "truncated_normal"
