from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranvier import initializers
from ranvier._axes import checked_axis
from ranvier.layers.normalization.normalizing import Normalizing, checked_number

if TYPE_CHECKING:
    from ranvier.variable import Variable


class BatchNormalization(Normalizing):
    """Normalizes each channel: y = gamma * (x - mean) / sqrt(variance + epsilon) + beta.

    In training, mean and variance are those of the batch, and running averages of them are kept:
    moving = momentum * moving + (1 - momentum) * batch. Otherwise, and while `trainable` is False, the averages take
    their place.

    Args:
        axis: of the channels; not 0, the batch.
        momentum: share of the running averages that stays at each step, from 0 to 1.
        epsilon: is added to the variance, at least 0.
        center: whether beta is there.
        scale: whether gamma is there.
        beta_initializer: initial values of beta, (channels,).
        gamma_initializer: initial values of gamma, (channels,).
        moving_mean_initializer: initial values of the running mean.
        moving_variance_initializer: initial values of the running variance.
        beta_regularizer: penalty on beta that is added to the loss.
        gamma_regularizer: penalty on gamma.
        beta_constraint: condition on beta that is restored after each update.
        gamma_constraint: condition on gamma.
        renorm: batch renormalization is not here: must be False.
        renorm_clipping: likewise, None.
        renorm_momentum: accepted for compatibility.
        synchronized: accepted for compatibility: there is one process.
        **kwargs: those of `Layer`.

    Input shape: (batch, ..., channels), or with the channels elsewhere. Output shape: the same.
    Raises: ValueError for a number out of range, axis 0, or renorm.
    Source: Ioffe and Szegedy, ICML 2015.

    >>> import numpy as np
    >>> BatchNormalization(epsilon=0.0)(np.array([[1.0], [3.0]]), training=True)
    array([[-1.],
           [ 1.]], dtype=float32)
    """

    kind = "batch_normalization"
    supports_masking = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        if renorm or renorm_clipping:
            raise ValueError("[BatchNormalization] batch renormalization is not available: leave out renorm")
        self._set(locals())
        self.axis = checked_axis("BatchNormalization", axis)
        self.momentum = checked_number("BatchNormalization", "momentum", momentum, most=1)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm = False
        self.renorm_clipping = None
        self.renorm_momentum = renorm_momentum
        self.synchronized = bool(synchronized)
        super().__init__(**kwargs)

    @property
    def moving_mean(self) -> Variable | None:
        """The running mean of each channel."""
        return self.weight("moving_mean")

    @property
    def moving_variance(self) -> Variable | None:
        """The running variance of each channel."""
        return self.weight("moving_variance")

    def native_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("axis", "momentum", "epsilon", "center", "scale")}
