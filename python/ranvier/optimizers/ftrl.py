from __future__ import annotations

from typing import Any

from ranvier.optimizers.optimizer import Optimizer, checked_number, shared


class Ftrl(Optimizer):
    """Follow the regularized leader: for sparse features, and weights that are to be exactly 0.

    n' = n + g^2; z = z + g + 2 shrinkage w - (n'^p - n^p) / learning_rate w for p = -learning_rate_power;
    w = (clip(z, -l1, l1) - z) / (n'^p / learning_rate + 2 l2 + beta / learning_rate).

    Args:
        learning_rate: size of a step, or a schedule of it; `lr` is its older name.
        learning_rate_power: how steps shrink with the sum of squares n, at most 0.
        initial_accumulator_value: what n starts from, at least 0.
        l1_regularization_strength: l1, at least 0.
        l2_regularization_strength: l2, at least 0.
        l2_shrinkage_regularization_strength: shrinkage, at least 0: a penalty on the size of steps.
        beta: of the paper, at least 0.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises: ValueError for a number out of range.
    Source: McMahan et al., KDD 2013.

    >>> Ftrl(0.01).get_config()["learning_rate_power"]
    -0.5
    """

    kind = "ftrl"

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        if not hasattr(learning_rate_power, "__float__") or not learning_rate_power <= 0:
            raise ValueError(f"[Ftrl] learning_rate_power must be a number of at most 0, got {learning_rate_power!r}")
        self.learning_rate_power = float(learning_rate_power)
        self.initial_accumulator_value = checked_number("Ftrl", "initial_accumulator_value", initial_accumulator_value)
        self.l1_regularization_strength = checked_number(
            "Ftrl", "l1_regularization_strength", l1_regularization_strength
        )
        self.l2_regularization_strength = checked_number(
            "Ftrl", "l2_regularization_strength", l2_regularization_strength
        )
        self.l2_shrinkage_regularization_strength = checked_number(
            "Ftrl", "l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength
        )
        self.beta = checked_number("Ftrl", "beta", beta)

    def native_config(self) -> dict[str, Any]:
        return super().native_config() | {
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
