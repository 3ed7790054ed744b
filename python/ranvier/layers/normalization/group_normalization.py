from __future__ import annotations

from typing import Any

from ranvier._axes import checked_axis
from ranvier.layers.normalization.normalizing import Normalizing


class GroupNormalization(Normalizing):
    """Normalizes the channels of each row in groups: y = gamma * (x - mean) / sqrt(variance + epsilon) + beta.

    Mean and variance of a group are taken over its channels and all other axes but the batch.

    Args:
        groups: number of groups, which divides the number of channels; -1 makes a group of each channel.
        axis: of the channels; not 0, the batch.
        epsilon: is added to the variance, at least 0.
        center: whether beta is there.
        scale: whether gamma is there.
        beta_initializer: initial values of beta, (channels,).
        gamma_initializer: initial values of gamma, (channels,).
        beta_regularizer: penalty on beta that is added to the loss.
        gamma_regularizer: penalty on gamma.
        beta_constraint: condition on beta that is restored after each update.
        gamma_constraint: condition on gamma.
        **kwargs: those of `Layer`.

    Input shape: (batch, ..., channels), or with the channels elsewhere. Output shape: the same.
    Raises: ValueError for a number out of range, axis 0, or channels that the groups do not divide.
    Source: Wu and He, ECCV 2018.

    >>> import numpy as np
    >>> GroupNormalization(2, epsilon=0.0)(np.array([[1.0, 3.0, 2.0, 6.0]]))
    array([[-1.,  1., -1.,  1.]], dtype=float32)
    """

    kind = "group_normalization"
    supports_masking = True

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
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
        if isinstance(groups, bool) or not hasattr(groups, "__index__") or (groups < 1 and groups != -1):
            raise ValueError(f"[GroupNormalization] groups must be an integer of at least 1, or -1, got {groups!r}")
        self._set(locals())
        self.groups = int(groups)
        self.axis = checked_axis("GroupNormalization", axis)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("groups", "axis", "epsilon", "center", "scale")}
