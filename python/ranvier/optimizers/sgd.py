from __future__ import annotations

from typing import Any

from ranvier.optimizers.optimizer import Optimizer, checked_number, shared


class SGD(Optimizer):
    """Stochastic gradient descent: w = w - learning_rate g; with momentum v = momentum v - learning_rate g, w = w + v.

    With Nesterov momentum, w = w + momentum v - learning_rate g after that v.

    Args:
        learning_rate: size of a step, or a schedule of it; `lr` is its older name.
        momentum: share of the last step that is kept, from 0 to 1.
        nesterov: whether the gradient counts as taken after the step.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises: ValueError for a number out of range.
    Source: Sutskever et al., ICML 2013, for the momentum.

    >>> SGD(0.1, momentum=0.9).get_config()["momentum"]
    0.9
    """

    kind = "sgd"

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        self.momentum = checked_number("SGD", "momentum", momentum, most=1)
        self.nesterov = bool(nesterov)

    def native_config(self) -> dict[str, Any]:
        return super().native_config() | {
            "momentum": self.momentum,
            "nesterov": self.nesterov,
        }
