from __future__ import annotations

from typing import Any

from ranvier.optimizers.optimizer import Optimizer, checked_number


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and its square.

    m = beta_1 m + (1 - beta_1) g; v = beta_2 v + (1 - beta_2) g^2;
    w = w - learning_rate sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon) at step t.

    Args:
        learning_rate: size of a step; `lr` is its older name.
        beta_1: memory of the mean, from 0 to below 1.
        beta_2: memory of the mean square, from 0 to below 1.
        epsilon: keeps the quotient finite.
        amsgrad: whether the greatest v so far takes v's place.
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: see `Optimizer`.

    Raises: ValueError for a number out of range.
    Source: Kingma and Ba, ICLR 2015; Reddi et al., ICLR 2018, for amsgrad.

    >>> Adam(0.01).get_config()["beta_1"]
    0.9
    """

    kind = "adam"

    def __init__(
        self,
        learning_rate: float = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name, **kwargs)
        for argument, value in (("beta_1", beta_1), ("beta_2", beta_2)):
            if not 0 <= value < 1:
                raise ValueError(f"[Adam] {argument} must be from 0 to below 1, got {value!r}")
        self.beta_1 = float(beta_1)
        self.beta_2 = float(beta_2)
        self.epsilon = checked_number("Adam", "epsilon", epsilon)
        self.amsgrad = bool(amsgrad)

    def native_config(self) -> dict[str, Any]:
        return super().native_config() | {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }
