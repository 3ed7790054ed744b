from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ranvier import config
from ranvier.layers.composite import Composite
from ranvier.layers.inner import inner_layer, same_dtype
from ranvier.layers.layer import Layer
from ranvier.symbol import KerasTensor

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Shape


class TimeDistributed(Layer):
    """Applies a layer to every step of a sequence: y_t = layer(x_t).

    All steps of all rows are one batch to the layer.

    Args:
        layer: any layer, such as `Dense`, a convolution or a recurrent layer; or a model. One that is made of several
            nodes is called on each step by itself.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, ...). Output shape: (batch, steps, ...).
    Raises: TypeError for anything that is no layer, or has several outputs; ValueError where it cannot take the steps.

    >>> import numpy as np
    >>> from ranvier.layers import Dense
    >>> TimeDistributed(Dense(4))(np.zeros((2, 5, 3))).shape
    (2, 5, 4)
    """

    supports_masking = True

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        layer = inner_layer(layer, kwargs.get("dtype"))
        if not isinstance(layer, Layer):
            raise TypeError(f"[TimeDistributed] layer must be a layer, got {layer!r:.80}")
        self.layer = layer
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = layer.dtype if hasattr(layer, "layers") else layer.dtype_policy.name
        super().__init__(**kwargs)
        same_dtype(self, layer)

    @property
    def is_traced(self) -> bool:
        """Whether the layer is made of several nodes, so that each step is a call of it."""
        inner = self.layer
        return inner.is_traced or hasattr(inner, "layers") or (isinstance(inner, Composite) and bool(inner.parts))

    @property
    def recorded_call(self) -> Callable[..., Any]:
        """The layer on each step, where it is made of several nodes."""
        return self._each_step

    def _each_step(self, inputs: Any) -> Any:
        from ranvier import ops

        made = [self.layer(inputs[:, step]) for step in range(inputs.shape[1])]
        if not isinstance(made[0], KerasTensor):
            raise TypeError(f"[{self.name}] expected a layer with one output, but {self.layer.name} has {len(made[0])}")
        return ops.stack(made, axis=1)

    def native_kind(self) -> str:
        return "time_distributed"

    @property
    def native(self) -> _core.Layer:
        """The native layer, around that of the layer."""
        if self._native is None:
            self._native = config.scalars(self.dtype).time_distributed(self.layer.native, self.name)
            self._native.trainable = self._trainable
        return self._native

    def chosen(self, weight: str, what: str) -> Any:
        return self.layer.chosen(weight, what)

    def build_rows(self, shapes: list[Shape]) -> list[Shape]:
        outputs = super().build_rows(shapes)
        if self.is_traced:
            return outputs
        self.layer._variables = self._variables
        return outputs
