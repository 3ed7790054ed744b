from __future__ import annotations

from typing import Any

from ranvier.optimizers.adam import Adam
from ranvier.optimizers.optimizer import shared


class AdamW(Adam):
    """Adam with weights that decay: w = w - learning_rate weight_decay w before each of Adam's updates.

    Args:
        learning_rate: size of a step, or a schedule of it; `lr` is its older name.
        beta_1: memory of the mean, from 0 to below 1.
        beta_2: memory of the mean square, from 0 to below 1.
        epsilon: keeps the quotient finite.
        amsgrad: whether the greatest v so far takes v's place.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises: ValueError for a number out of range.
    Source: Loshchilov and Hutter, ICLR 2019.

    >>> AdamW(0.01).get_config()["weight_decay"]
    0.004
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        if weight_decay is None:
            raise ValueError("[AdamW] weight_decay must be a number, got None: use Adam for none")
        super().__init__(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, amsgrad=amsgrad, **shared(locals()))
