"""Initializers that draw each value by itself, from a distribution that does not depend on the shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.initializers.initializer import RandomInitializer, truncated_normal

if TYPE_CHECKING:
    from ranvier._typing import Array, Shape


class RandomNormal(RandomInitializer):
    """Normal values with a given mean and standard deviation.

    Args:
        mean: mean.
        stddev: standard deviation.
        seed: an integer, a `SeedGenerator` or None.

    >>> RandomNormal(seed=1)((2, 3)).shape
    (2, 3)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def values(self, shape: Shape) -> Array:
        return self.mean + self.stddev * self.generator().standard_normal(shape)


class TruncatedNormal(RandomNormal):
    """Normal values, drawn again where they are more than two standard deviations away from the mean.

    Args:
        mean: mean.
        stddev: standard deviation before the cut.
        seed: an integer, a `SeedGenerator` or None.

    >>> bool(abs(TruncatedNormal(seed=1)((1000,))).max() <= 0.1)
    True
    """

    def values(self, shape: Shape) -> Array:
        return self.mean + self.stddev * truncated_normal(self.generator(), shape)


class RandomUniform(RandomInitializer):
    """Values spread evenly over [minval, maxval).

    Args:
        minval: lower limit.
        maxval: upper limit.
        seed: an integer, a `SeedGenerator` or None.

    >>> bool((RandomUniform(0.0, 1.0, seed=1)((1000,)) >= 0).all())
    True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None) -> None:
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed)

    def values(self, shape: Shape) -> Array:
        return self.generator().uniform(self.minval, self.maxval, shape)


class Orthogonal(RandomInitializer):
    """A matrix whose rows, or columns if they are fewer, are orthonormal, times a gain.

    More than two axes are seen as a matrix of all but the last by the last.

    Args:
        gain: factor.
        seed: an integer, a `SeedGenerator` or None.

    Raises: ValueError for a shape of fewer than two axes.
    Source: Saxe et al., ICLR 2014.

    >>> q = Orthogonal(seed=1)((3, 3), dtype="float64")
    >>> bool(np.allclose(q @ q.T, np.eye(3)))
    True
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        self.gain = gain
        super().__init__(seed)

    def values(self, shape: Shape) -> Array:
        if len(shape) < 2:
            raise ValueError(f"[Orthogonal] expected a shape of at least two axes, got {shape}")
        columns = shape[-1]
        rows = int(np.prod(shape[:-1]))
        tall = self.generator().standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(tall)
        # Without the signs the distribution is not uniform: LAPACK fixes those of r's diagonal.
        q *= np.sign(np.diagonal(r))
        return self.gain * (q if rows >= columns else q.T).reshape(shape)
