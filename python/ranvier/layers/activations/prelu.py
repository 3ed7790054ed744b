from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ranvier import constraints, initializers, regularizers
from ranvier._axes import as_list, checked_axes
from ranvier.layers.layer import Layer

if TYPE_CHECKING:
    from ranvier.variable import Variable


class PReLU(Layer):
    """Parametric rectified linear unit: y = x for x > 0, alpha * x below, with an alpha that is learnt.

    Args:
        alpha_initializer: initial values of alpha, whose shape is that of a row, with 1 for each shared axis.
        alpha_regularizer: penalty on alpha that is added to the loss.
        alpha_constraint: condition on alpha that is restored after each update.
        shared_axes: axis, or axes, along which all elements have the same alpha; not 0, the batch. For images with the
            channels last, (1, 2) gives each channel one.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.
    Raises: TypeError if `shared_axes` are no integers; ValueError for axis 0, or one that the input does not have.
    Source: He et al., ICCV 2015.

    >>> import numpy as np
    >>> from ranvier.initializers import Constant
    >>> PReLU(alpha_initializer=Constant(0.5))(np.array([[-1.0, 2.0]]))
    array([[-0.5,  2. ]], dtype=float32)
    """

    kind = "prelu"
    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: int | Sequence[int] | None = None,
        **kwargs: Any,
    ) -> None:
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        self.shared_axes: list[int] | None = (
            None if shared_axes in (None, [], ()) else as_list(checked_axes("PReLU", shared_axes))
        )
        super().__init__(**kwargs)

    @property
    def alpha(self) -> Variable | None:
        """The slopes below 0; None before the layer is built."""
        return self.weight("alpha")

    def native_config(self) -> dict[str, Any]:
        return {"shared_axes": self.shared_axes or []}
