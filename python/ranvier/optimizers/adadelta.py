from __future__ import annotations

from typing import Any

from ranvier.optimizers.optimizer import Optimizer, checked_number, shared


class Adadelta(Optimizer):
    """Steps as large as earlier steps were, by running means of the squares of gradients and of steps.

    s = rho s + (1 - rho) g^2; d = sqrt(a + epsilon) / sqrt(s + epsilon) g; a = rho a + (1 - rho) d^2;
    w = w - learning_rate d.

    Args:
        learning_rate: size of a step, or a schedule of it; `lr` is its older name.
        rho: memory of both means, from 0 to 1.
        epsilon: keeps the quotient finite, and steps begin with its root.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises: ValueError for a number out of range.
    Source: Zeiler, arXiv 1212.5701, 2012.

    >>> Adadelta(1.0).get_config()["rho"]
    0.95
    """

    kind = "adadelta"

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
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
        self.rho = checked_number("Adadelta", "rho", rho, most=1)
        self.epsilon = checked_number("Adadelta", "epsilon", epsilon)

    def native_config(self) -> dict[str, Any]:
        return super().native_config() | {
            "rho": self.rho,
            "epsilon": self.epsilon,
        }
