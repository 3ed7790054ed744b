"""The base of all constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ranvier import config
from ranvier._configurable import Configurable

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array, ArrayLike


class Constraint(Configurable):
    """A condition on a weight, restored natively after each update.

    A subclass names the native constraint and says what that is told (`native_config`). One that is written in Python
    only can be called on arrays, but not trained with.

    >>> from ranvier.constraints import NonNeg
    >>> NonNeg()([-1.0, 2.0])
    array([0., 2.])
    """

    kind: ClassVar[str] = ""

    def native_config(self) -> dict[str, Any]:
        """What the native constraint is told."""
        return self.get_config()

    def native(self, dtype: str) -> _core.Constraint:
        """A native constraint, which belongs to one weight.

        Raises: TypeError for a constraint that is written in Python.
        """
        if not self.kind:
            raise TypeError(
                f"[{type(self).__name__}] constraints written in Python cannot be trained with: use those of "
                "ranvier.constraints"
            )
        return config.scalars(dtype).Constraint(self.kind, self.native_config())

    def __call__(self, w: ArrayLike) -> Array:
        """A copy of an array that satisfies the condition."""
        array = np.asarray(w)
        dtype = "float32" if array.dtype == np.float32 else "float64"
        return self.native(dtype).apply(array)
