from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ranvier.layers.core.step_mask import StepMask, common
from ranvier.layers.layer import Layer


class Concatenate(Layer):
    """Lays its inputs side by side along one axis.

    Args:
        axis: the axis along which shapes may differ; the batch, 0, is not allowed.
        **kwargs: those of `Layer`.

    Input shape: a list. Output shape: theirs, the sizes along `axis` summed.
    Raises: ValueError where shapes differ along another axis.

    >>> import numpy as np
    >>> Concatenate()([np.array([[1.0]]), np.array([[2.0, 3.0]])])
    array([[1., 2., 3.]], dtype=float32)
    """

    kind = "concatenate"
    supports_masking = True
    merges = True

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        self.axis = int(axis)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"axis": self.axis}

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        rank = max((mask.ndim for mask in previous_mask if mask is not None), default=0)
        if self.axis % inputs[0].ndim >= rank:
            return common(previous_mask)
        # Steps are laid behind one another: where an input has no mask, all of its steps count.
        whole = [
            StepMask(math.inf, features=True, dtype=self.dtype).add_node((symbol,)) if mask is None else mask
            for symbol, mask in zip(inputs, previous_mask, strict=True)
        ]
        return _Masks(self.axis, dtype=self.dtype).add_node(tuple(whole))


class _Masks(Concatenate):
    """Masks of steps, one behind the other."""

    is_hidden = True
    supports_masking = False

    def __init__(self, axis: int, **kwargs: Any) -> None:
        super().__init__(axis, name="step_masks", **kwargs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """Lays symbols or arrays side by side along one axis; see `Concatenate`.

    Args:
        inputs: a list.
        axis: the axis along which shapes may differ.
        **kwargs: those of `Layer`.

    >>> import numpy as np
    >>> concatenate([np.array([[1.0]]), np.array([[2.0, 3.0]])])
    array([[1., 2., 3.]], dtype=float32)
    """
    return Concatenate(axis, **kwargs)(inputs)
