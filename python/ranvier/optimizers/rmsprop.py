from __future__ import annotations

from typing import Any

from ranvier.optimizers.optimizer import Optimizer, checked_number, shared


class RMSprop(Optimizer):
    """Divides the gradient by the root of a running mean of its square.

    v = rho v + (1 - rho) g^2; w = w - learning_rate g / sqrt(v + epsilon); centered, the square of the running mean
    of g is taken from v; with momentum, s = momentum s + that step, w = w - s.

    Args:
        learning_rate: size of a step, or a schedule of it; `lr` is its older name.
        rho: memory of the mean square, from 0 to 1.
        momentum: share of the last step that is kept, at least 0.
        epsilon: keeps the quotient finite.
        centered: whether to divide by the deviation of the gradient instead.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises: ValueError for a number out of range.
    Source: Hinton, lecture 6e of Neural Networks for Machine Learning, 2012.

    >>> RMSprop(0.01).get_config()["rho"]
    0.9
    """

    kind = "rmsprop"

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**shared(locals()))
        self.rho = checked_number("RMSprop", "rho", rho, most=1)
        self.momentum = checked_number("RMSprop", "momentum", momentum)
        self.epsilon = checked_number("RMSprop", "epsilon", epsilon)
        self.centered = bool(centered)

    def native_config(self) -> dict[str, Any]:
        return super().native_config() | {
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
