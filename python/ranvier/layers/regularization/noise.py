"""Layers that add or multiply normally distributed noise."""

from __future__ import annotations

from typing import Any

from ranvier.layers.layer import Layer
from ranvier.random import draw_seed


class GaussianNoise(Layer):
    """In training adds noise: y = x + n, n normal with mean 0 and deviation `stddev`; otherwise y = x.

    Args:
        stddev: deviation of the noise, from 0 to 1.
        seed: an integer for noise of its own; None draws it from the library's generator.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.
    Raises: ValueError for a deviation outside 0 .. 1.

    >>> import numpy as np
    >>> GaussianNoise(0.5)(np.array([[1.0, 2.0]]))
    array([[1., 2.]], dtype=float32)
    """

    kind = "gaussian_noise"
    supports_masking = True

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        if isinstance(stddev, bool) or not hasattr(stddev, "__float__") or not 0 <= stddev <= 1:
            raise ValueError(f"[GaussianNoise] stddev must be a number from 0 to 1, got {stddev!r}")
        self.stddev = float(stddev)
        self.seed = seed
        self._stream = draw_seed() if seed is None else int(seed)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"stddev": self.stddev, "seed": self._stream}


class GaussianDropout(Layer):
    """In training multiplies by noise: y = x * n, n normal with mean 1 and variance rate / (1 - rate); otherwise y = x.

    Args:
        rate: the rate of the dropout that has this variance, from 0 to below 1.
        seed: an integer for noise of its own; None draws it from the library's generator.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.
    Raises: ValueError for a rate outside that range.
    Source: Srivastava et al., JMLR 15, 2014, section 10.

    >>> import numpy as np
    >>> GaussianDropout(0.5)(np.array([[1.0, 2.0]]))
    array([[1., 2.]], dtype=float32)
    """

    kind = "gaussian_dropout"
    supports_masking = True

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        self.rate = checked_rate("GaussianDropout", rate)
        self.seed = seed
        self._stream = draw_seed() if seed is None else int(seed)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "seed": self._stream}


def checked_rate(where: str, rate: Any) -> float:
    """A number from 0 to below 1.

    Raises: ValueError otherwise.
    """
    if isinstance(rate, bool) or not hasattr(rate, "__float__") or not 0 <= rate < 1:
        raise ValueError(f"[{where}] rate must be a number from 0 to below 1, got {rate!r}")
    return float(rate)
