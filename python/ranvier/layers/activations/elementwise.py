"""Activation layers with parameters of their own."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

from ranvier import activations
from ranvier._configurable import argument_names
from ranvier.layers.layer import Layer


class ElementwiseActivation(Layer):
    """An activation as a layer: its constructor's arguments are the parameters of the function called `function`."""

    kind = "activation"
    supports_masking = True
    function: ClassVar[str]

    def activation_function(self) -> Any:
        """The function that this layer applies, its parameters bound."""
        names = argument_names(type(self))
        return functools.partial(activations.get(self.function), **{name: getattr(self, name) for name in names})

    def native_config(self) -> dict[str, Any]:
        _, parameters, _ = activations.split(self.activation_function())
        return {"activation": self.function, "activation_parameters": parameters}


class ReLU(ElementwiseActivation):
    """Rectified linear unit: y = min(max(x, 0), max_value), and negative_slope * (x - threshold) below the threshold.

    Args:
        max_value: upper limit, or None.
        negative_slope: slope below the threshold.
        threshold: values below it are cut.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.

    >>> import numpy as np
    >>> ReLU(max_value=6.0)(np.array([[-1.0, 7.0]]))
    array([[0., 6.]], dtype=float32)
    """

    function = "relu"

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **kwargs: Any
    ) -> None:
        self.max_value = None if max_value is None else at_least_0("ReLU", "max_value", max_value)
        self.negative_slope = at_least_0("ReLU", "negative_slope", negative_slope)
        self.threshold = at_least_0("ReLU", "threshold", threshold)
        super().__init__(**kwargs)


class LeakyReLU(ElementwiseActivation):
    """Leaky rectified linear unit: y = x for x >= 0, negative_slope * x below.

    Args:
        negative_slope: slope below 0; `alpha` is its older name.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.

    >>> import numpy as np
    >>> LeakyReLU(0.5)(np.array([[-1.0, 2.0]]))
    array([[-0.5,  2. ]], dtype=float32)
    """

    function = "leaky_relu"

    def __init__(self, negative_slope: float = 0.3, **kwargs: Any) -> None:
        self.negative_slope = at_least_0("LeakyReLU", "negative_slope", kwargs.pop("alpha", negative_slope))
        super().__init__(**kwargs)


class ELU(ElementwiseActivation):
    """Exponential linear unit: y = x for x > 0, alpha * (exp(x) - 1) below.

    Args:
        alpha: minus the limit for x far below 0.
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.
    Source: Clevert et al., ICLR 2016.

    >>> import numpy as np
    >>> ELU()(np.array([[2.0]]))
    array([[2.]], dtype=float32)
    """

    function = "elu"

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        self.alpha = float(alpha)
        super().__init__(**kwargs)


def at_least_0(where: str, argument: str, value: Any) -> float:
    """`value` as a number.

    Raises: ValueError if it is negative or no number.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not number >= 0:
        raise ValueError(f"[{where}] {argument} must be a number of at least 0, got {value!r}")
    return number
