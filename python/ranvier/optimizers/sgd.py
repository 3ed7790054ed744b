from __future__ import annotations

from typing import Any

from ranvier.optimizers.optimizer import Optimizer, checked_number


class SGD(Optimizer):
    """Stochastic gradient descent: w = w - learning_rate g; with momentum v = momentum v - learning_rate g, w = w + v.

    With Nesterov momentum, w = w + momentum v - learning_rate g after that v.

    Args:
        learning_rate: size of a step; `lr` is its older name.
        momentum: share of the last step that is kept, from 0 to 1.
        nesterov: whether the gradient counts as taken after the step.
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: see `Optimizer`.

    Raises: ValueError for a number out of range.
    Source: Sutskever et al., ICML 2013, for the momentum.

    >>> SGD(0.1, momentum=0.9).get_config()["momentum"]
    0.9
    """

    kind = "sgd"

    def __init__(
        self,
        learning_rate: float = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name, **kwargs)
        self.momentum = checked_number("SGD", "momentum", momentum)
        if self.momentum > 1:
            raise ValueError(f"[SGD] momentum must be from 0 to 1, got {momentum!r}")
        self.nesterov = bool(nesterov)

    def native_config(self) -> dict[str, Any]:
        return super().native_config() | {"momentum": self.momentum, "nesterov": self.nesterov}
