from __future__ import annotations

from typing import Any

from ranvier.optimizers.optimizer import Optimizer, checked_fraction, checked_number, shared


class Lamb(Optimizer):
    """Adam's direction, as long for each weight as the weight itself: for large batches.

    d = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon), m and v as Adam's; w = w - learning_rate |w| / |d| d.

    Args:
        learning_rate: size of a step, or a schedule of it; `lr` is its older name.
        beta_1: memory of the mean, from 0 to below 1.
        beta_2: memory of the mean square, from 0 to below 1.
        epsilon: keeps the quotient finite.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises: ValueError for a number out of range.
    Source: You et al., ICLR 2020.

    >>> Lamb(0.01).get_config()["beta_1"]
    0.9
    """

    kind = "lamb"

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        self.beta_1 = checked_fraction("Lamb", "beta_1", beta_1)
        self.beta_2 = checked_fraction("Lamb", "beta_2", beta_2)
        self.epsilon = checked_number("Lamb", "epsilon", epsilon)

    def native_config(self) -> dict[str, Any]:
        return super().native_config() | {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
