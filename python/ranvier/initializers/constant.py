"""Initializers that draw nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.errors import one_of
from ranvier.initializers.initializer import Initializer

if TYPE_CHECKING:
    from ranvier._typing import Array, Shape


class Zeros(Initializer):
    """All 0.

    >>> Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    def values(self, shape: Shape) -> Array:
        return np.zeros(shape)


class Ones(Initializer):
    """All 1.

    >>> Ones()((2,))
    array([1., 1.], dtype=float32)
    """

    def values(self, shape: Shape) -> Array:
        return np.ones(shape)


class Constant(Initializer):
    """All of one value.

    Args:
        value: the value, or an array that is broadcast to the shape.

    >>> Constant(0.5)((2,))
    array([0.5, 0.5], dtype=float32)
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def values(self, shape: Shape) -> Array:
        return np.full(shape, self.value, dtype=np.float64)


class Identity(Initializer):
    """The identity matrix: gain on the diagonal, 0 elsewhere.

    Args:
        gain: value of the diagonal.

    Raises: ValueError for a shape that is no matrix.

    >>> Identity()((2, 2))
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def values(self, shape: Shape) -> Array:
        if len(shape) != 2:
            raise ValueError(f"[Identity] expected the shape of a matrix, got {shape}")
        return self.gain * np.eye(*shape)


class STFT(Initializer):
    """Windowed waves of the discrete Fourier transform, as kernels of a convolution over time.

    y[n, 0, k] = window[n] cos(2 pi n k / N) / scale, or with -sin, for frequency k = 0 .. N / 2.

    Args:
        side: "real" for cosines, "imag" for minus sines.
        window: "hann", "hamming", an array of the kernel's length, or None for ones.
        scaling: "density" divides by the root of the window's sum of squares, "spectrum" by its absolute sum, None
            by nothing.
        periodic: whether the window is that of a longer, periodic signal.

    Shape: (length, 1 or inputs, frequencies).
    Raises: ValueError for unknown words and for a shape without three axes.

    >>> STFT()((4, 1, 3)).shape
    (4, 1, 3)
    """

    def __init__(
        self, side: str = "real", window: Any = "hann", scaling: str | None = "density", periodic: bool = False
    ) -> None:
        one_of("STFT", "side", side, ("real", "imag"))
        one_of("STFT", "scaling", scaling, ("density", "spectrum", None))
        if isinstance(window, str):
            one_of("STFT", "window", window, ("hann", "hamming"))
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def values(self, shape: Shape) -> Array:
        if len(shape) != 3:
            raise ValueError(f"[STFT] expected a shape (length, inputs, frequencies), got {shape}")
        length, _, frequencies = shape
        window = self._window(length)
        angles = 2 * np.pi / (2 * (frequencies - 1)) * np.outer(np.arange(length), np.arange(frequencies))
        wave = np.cos(angles) if self.side == "real" else -np.sin(angles)
        kernel = window[:, None] * wave / self._scale(window)
        return np.broadcast_to(kernel[:, None, :], shape)

    def _window(self, length: int) -> Array:
        if self.window is None:
            return np.ones(length)
        if not isinstance(self.window, str):
            return np.asarray(self.window, dtype=np.float64)
        base = {"hann": np.hanning, "hamming": np.hamming}[self.window]
        return base(length + 1)[:-1] if self.periodic else base(length)

    def _scale(self, window: Array) -> float:
        if self.window is None:
            return 1.0
        if self.scaling == "density":
            return math.sqrt(float(np.sum(window**2)))
        return abs(float(np.sum(window))) if self.scaling == "spectrum" else 1.0
