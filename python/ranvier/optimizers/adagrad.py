from __future__ import annotations

from typing import Any

from ranvier.optimizers.optimizer import Optimizer, checked_number, shared


class Adagrad(Optimizer):
    """Divides the gradient by the root of the sum of all its squares so far.

    s = s + g^2; w = w - learning_rate g / sqrt(s + epsilon).

    Args:
        learning_rate: size of a step, or a schedule of it; `lr` is its older name.
        initial_accumulator_value: what s starts from, at least 0.
        epsilon: keeps the quotient finite.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises: ValueError for a number out of range.
    Source: Duchi et al., JMLR 12, 2011.

    >>> Adagrad(0.01).get_config()["initial_accumulator_value"]
    0.1
    """

    kind = "adagrad"

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
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
        self.initial_accumulator_value = checked_number(
            "Adagrad", "initial_accumulator_value", initial_accumulator_value
        )
        self.epsilon = checked_number("Adagrad", "epsilon", epsilon)

    def native_config(self) -> dict[str, Any]:
        return super().native_config() | {
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
