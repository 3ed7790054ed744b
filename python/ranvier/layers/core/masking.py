from __future__ import annotations

from typing import Any

from ranvier.layers.core.step_mask import StepMask
from ranvier.layers.layer import Layer


class Masking(Layer):
    """Masks the steps of a sequence whose features all equal one value: y = x, and 0 at those steps.

    Layers behind it that take masks (recurrent ones, attention, averages over steps) leave these steps out, and so does
    the loss of an output with the same steps.

    Args:
        mask_value: what all features of a masked step are.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, features). Output shape: the same.
    Raises: ValueError for an input without features.

    >>> import numpy as np
    >>> Masking(-1.0)(np.array([[[2.0, -1.0], [-1.0, -1.0]]]))
    array([[[ 2., -1.],
            [ 0.,  0.]]], dtype=float32)
    """

    kind = "masking"
    supports_masking = True

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        if isinstance(mask_value, bool) or not hasattr(mask_value, "__float__"):
            raise ValueError(f"[Masking] mask_value must be a number, got {mask_value!r}")
        self.mask_value = float(mask_value)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"mask_value": self.mask_value}

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return StepMask(self.mask_value, features=True, dtype=self.dtype).add_node((inputs,))
