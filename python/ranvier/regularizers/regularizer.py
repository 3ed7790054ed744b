"""The base of all regularizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ranvier import config
from ranvier._configurable import Configurable

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import ArrayLike


class Regularizer(Configurable):
    """A penalty on a tensor, added to the loss, with its derivative computed natively.

    A subclass names the native regularizer and says what that is told (`native_config`). One that is written in Python
    only can be called on arrays, but not trained with.

    >>> from ranvier.regularizers import L2
    >>> L2(0.5)([1.0, 2.0])
    2.5
    """

    kind: ClassVar[str] = ""

    def native_config(self) -> dict[str, Any]:
        """What the native regularizer is told."""
        return self.get_config()

    def native(self, dtype: str) -> _core.Regularizer:
        """A native regularizer, which belongs to one weight.

        Raises: TypeError for a regularizer that is written in Python.
        """
        if not self.kind:
            raise TypeError(
                f"[{type(self).__name__}] regularizers written in Python cannot be trained with: use those of "
                "ranvier.regularizers"
            )
        return config.scalars(dtype).Regularizer(self.kind, self.native_config())

    def __call__(self, x: ArrayLike) -> float:
        """The penalty of an array."""
        array = np.asarray(x)
        dtype = "float32" if array.dtype == np.float32 else "float64"
        return self.native(dtype).penalty(array)


def checked_strength(where: str, argument: str, value: Any) -> float:
    """A finite number of at least 0.

    Raises: ValueError otherwise.
    """
    if isinstance(value, bool) or not hasattr(value, "__float__") or not 0 <= value < float("inf"):
        raise ValueError(f"[{where}] {argument} must be a finite number of at least 0, got {value!r}")
    return float(value)
