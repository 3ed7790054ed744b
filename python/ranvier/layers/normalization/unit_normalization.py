from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier._axes import as_list, checked_axes
from ranvier.layers.layer import Layer


class UnitNormalization(Layer):
    """Divides by the Euclidean norm: y = x / max(|x|, 1e-12).

    Args:
        axis: axis, or axes, that the norm is taken along; not 0, the batch.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.
    Raises: ValueError for axis 0.

    >>> import numpy as np
    >>> UnitNormalization()(np.array([[3.0, 4.0]])).round(3)
    array([[0.6, 0.8]], dtype=float32)
    """

    kind = "unit_normalization"
    supports_masking = True

    def __init__(self, axis: int | Sequence[int] = -1, **kwargs: Any) -> None:
        self.axis = checked_axes("UnitNormalization", axis)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"axis": as_list(self.axis)}
