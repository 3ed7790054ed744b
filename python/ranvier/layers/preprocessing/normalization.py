from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import config, initializers
from ranvier.layers.layer import Layer
from ranvier.layers.preprocessing.adapting import pieces

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike, Shape


class Normalization(Layer):
    """Standardizes features by statistics of the data: y = (x - mean) / max(sqrt(variance), epsilon).

    `adapt` computes the statistics, before training; or they are given.

    Args:
        axis: axis, or axes, whose positions have statistics of their own; None has one mean for all.
        mean: given means, one or one for each position; with `variance`.
        variance: given variances.
        invert: whether to do the opposite: y = mean + x * max(sqrt(variance), epsilon).
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.
    Raises: ValueError if only one of mean and variance is given, or their sizes differ.

    >>> import numpy as np
    >>> layer = Normalization()
    >>> layer.adapt(np.array([[1.0, 0.0], [3.0, 4.0]]))
    >>> layer(np.array([[2.0, 4.0]]))
    array([[0., 1.]], dtype=float32)
    """

    kind = "normalization"
    supports_masking = True

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: ArrayLike = None,
        variance: ArrayLike = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        if (mean is None) != (variance is None):
            missing, given = ("mean", "variance") if mean is None else ("variance", "mean")
            raise ValueError(f"[Normalization] {given} was given without {missing}: give both, or call adapt")
        if mean is not None and np.shape(mean) != np.shape(variance):
            raise ValueError(
                f"[Normalization] mean and variance must have one shape, got {np.shape(mean)} and {np.shape(variance)}"
            )
        axes = [] if axis is None else [axis] if hasattr(axis, "__index__") else list(axis)
        if not all(hasattr(each, "__index__") for each in axes):
            raise TypeError(f"[Normalization] axis must be None, an integer or a list of integers, got {axis!r}")
        self.axis = tuple(int(each) for each in axes)
        self.input_mean = None if mean is None else np.asarray(mean, dtype=float).tolist()
        self.input_variance = None if variance is None else np.asarray(variance, dtype=float).tolist()
        self.invert = bool(invert)
        self.mean_initializer = initializers.Zeros()
        self.variance_initializer = initializers.Ones()
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {
            "axis": list(self.axis),
            "mean": [] if self.input_mean is None else np.ravel(self.input_mean).tolist(),
            "variance": [] if self.input_variance is None else np.ravel(self.input_variance).tolist(),
            "epsilon": config.epsilon(),
            "invert": self.invert,
        }

    def adapt(self, data: Any) -> None:
        """Computes mean and variance of data, from their rows only.

        Args:
            data: an array (rows, ...), or an iterator of batches.

        Raises: ValueError if the statistics were given, or there are no rows.
        """
        if self.input_mean is not None:
            raise ValueError(f"[{self.name}] its mean and variance were given: it cannot be adapted")
        count, mean, squares = 0, np.zeros(()), np.zeros(())
        row_shape: Shape = ()
        for piece in pieces(data):
            row_shape = piece.shape[1:]
            over = self._reduced(piece.ndim)
            number = math.prod(piece.shape[axis] for axis in over)
            own = piece.mean(over, dtype=float)
            # Chan, Golub and LeVeque, 1983: means and squared distances of two parts make those of the whole.
            distance = own - mean
            squares = (
                squares + piece.var(over, dtype=float) * number + distance**2 * (count * number / (count + number))
            )
            count += number
            mean = mean + distance * (number / count)
        if not count:
            raise ValueError(f"[{self.name}] adapt expected at least one row of data, got none")
        self.build((None, *row_shape))
        self.set_weights([mean, squares / count, np.array(count)])

    def _reduced(self, ndim: int) -> tuple[int, ...]:
        kept = {axis % ndim for axis in self.axis}
        return tuple(axis for axis in range(ndim) if axis not in kept)

    @property
    def mean(self) -> Array | None:
        """The means; None before they are known."""
        return self._statistic(0, self.input_mean)

    @property
    def variance(self) -> Array | None:
        """The variances; None before they are known."""
        return self._statistic(1, self.input_variance)

    def _statistic(self, position: int, given: Any) -> Array | None:
        if given is not None:
            return np.asarray(given)
        return self._variables[position].numpy() if self._variables else None

    def get_config(self) -> dict[str, Any]:
        found = super().get_config()
        return found | {"axis": list(self.axis), "mean": self.input_mean, "variance": self.input_variance}
