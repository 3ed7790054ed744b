from __future__ import annotations

from typing import Any

from ranvier.optimizers.optimizer import Optimizer, checked_number, shared


class Lion(Optimizer):
    """The sign of a running mean of gradients: every weight moves by the learning rate.

    w = w - learning_rate sign(beta_1 m + (1 - beta_1) g); m = beta_2 m + (1 - beta_2) g.

    Args:
        learning_rate: size of a step, or a schedule of it; `lr` is its older name.
        beta_1: share of m in the step, above 0 to 1.
        beta_2: memory of m, from 0 to 1.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises: ValueError for a number out of range.
    Source: Chen et al., NeurIPS 2023.

    >>> Lion(0.001).get_config()["beta_2"]
    0.99
    """

    kind = "lion"

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        self.beta_1 = checked_number("Lion", "beta_1", beta_1, most=1)
        if self.beta_1 == 0:
            raise ValueError(f"[Lion] beta_1 must be above 0: at 0 there is no memory, got {beta_1!r}")
        self.beta_2 = checked_number("Lion", "beta_2", beta_2, most=1)

    def native_config(self) -> dict[str, Any]:
        return super().native_config() | {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
        }
