from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier._axes import as_list, checked_axes
from ranvier.layers.normalization.normalizing import Normalizing


class LayerNormalization(Normalizing):
    """Normalizes each row along some axes: y = gamma * (x - mean) / sqrt(variance + epsilon) + beta.

    Args:
        axis: axis, or axes, that mean and variance are taken along; not 0, the batch.
        epsilon: is added to the variance, at least 0.
        center: whether beta is there.
        scale: whether gamma is there.
        beta_initializer: initial values of beta, whose shape is that of `axis`.
        gamma_initializer: initial values of gamma, of the same shape.
        beta_regularizer: penalty on beta that is added to the loss.
        gamma_regularizer: penalty on gamma.
        beta_constraint: condition on beta that is restored after each update.
        gamma_constraint: condition on gamma.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.
    Raises: ValueError for a number out of range or axis 0.
    Source: Ba, Kiros and Hinton, arXiv 1607.06450, 2016.

    >>> import numpy as np
    >>> LayerNormalization(epsilon=0.0)(np.array([[1.0, 3.0]]))
    array([[-1.,  1.]], dtype=float32)
    """

    kind = "layer_normalization"
    supports_masking = True

    def __init__(
        self,
        axis: int | Sequence[int] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        self._set(locals())
        self.axis = checked_axes("LayerNormalization", axis)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"axis": as_list(self.axis), "epsilon": self.epsilon, "center": self.center, "scale": self.scale}
