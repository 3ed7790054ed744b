from __future__ import annotations

from typing import Any

from ranvier.optimizers.optimizer import Optimizer, checked_number, shared


class Adafactor(Optimizer):
    """Adam without its mean, its mean square of a matrix as a product of those of rows and columns.

    r and c are running means of g^2 + epsilon_1 along rows and columns, with memory 1 - t^beta_2_decay at step t;
    u = g / sqrt(r c / mean(r));
    w = w - max(epsilon_2, rms(w)) min(learning_rate, 1 / sqrt(t)) u / max(1, rms(u) / clip_threshold).

    Args:
        learning_rate: size of a step, or a schedule of it; `lr` is its older name.
        beta_2_decay: how the memory of r and c grows, at most 0.
        epsilon_1: is added to squared gradients.
        epsilon_2: least size of a weight that steps are proportional to.
        clip_threshold: greatest root mean square of u, above 0.
        relative_step: accepted for compatibility: the rate is at most 1 / sqrt(t) either way, as in Keras.
        weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency,
        loss_scale_factor, gradient_accumulation_steps, name: see `Optimizer`.

    Raises: ValueError for a number out of range.
    Source: Shazeer and Stern, ICML 2018.

    >>> Adafactor(0.01).get_config()["clip_threshold"]
    1.0
    """

    kind = "adafactor"

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
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
        if not hasattr(beta_2_decay, "__float__") or not beta_2_decay <= 0:
            raise ValueError(f"[Adafactor] beta_2_decay must be a number of at most 0, got {beta_2_decay!r}")
        self.beta_2_decay = float(beta_2_decay)
        self.epsilon_1 = checked_number("Adafactor", "epsilon_1", epsilon_1)
        self.epsilon_2 = checked_number("Adafactor", "epsilon_2", epsilon_2)
        self.clip_threshold = checked_number("Adafactor", "clip_threshold", clip_threshold)
        if self.clip_threshold == 0:
            raise ValueError(f"[Adafactor] clip_threshold must be above 0, got {clip_threshold!r}")
        self.relative_step = bool(relative_step)

    def native_config(self) -> dict[str, Any]:
        return super().native_config() | {
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
        }
