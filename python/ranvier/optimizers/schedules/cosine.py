"""Schedules in the shape of a cosine."""

from __future__ import annotations

from typing import Any

from ranvier.optimizers.schedules.schedule import NativeSchedule, checked_steps


class CosineDecay(NativeSchedule):
    """Half a cosine: rate * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha).

    With a `warmup_target`, the rate first goes from `initial_learning_rate` to it in `warmup_steps` steps on a line,
    and the cosine starts there and then.

    Args:
        initial_learning_rate: rate of step 0.
        decay_steps: length of the cosine, above 0.
        alpha: what is left at the end, as a share.
        name: accepted for compatibility.
        warmup_target: rate at the end of the warm-up; None for none.
        warmup_steps: length of the warm-up, at least 0.

    Raises: ValueError unless `decay_steps` is above 0.
    Source: Loshchilov and Hutter, ICLR 2017.

    >>> CosineDecay(0.0, 10, warmup_target=0.5, warmup_steps=4)(2)
    0.25
    """

    kind = "cosine_decay"

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps = checked_steps("CosineDecay", "decay_steps", decay_steps)
        self.alpha = float(alpha)
        self.name = name
        self.warmup_target = None if warmup_target is None else float(warmup_target)
        self.warmup_steps = checked_steps("CosineDecay", "warmup_steps", warmup_steps) if warmup_steps else 0

    def native_config(self) -> dict[str, Any]:
        found = super().native_config()
        return found | {"warms_up": self.warmup_target is not None, "warmup_target": self.warmup_target or 0.0}


class CosineDecayRestarts(NativeSchedule):
    """Cosines as `CosineDecay`'s one after the other, each longer by `t_mul` and higher by `m_mul` than the one before.

    Args:
        initial_learning_rate: rate of step 0.
        first_decay_steps: length of the first cosine, above 0.
        t_mul: factor of the lengths, at least 1.
        m_mul: factor of the heights.
        alpha: what is left at the end of each, as a share.
        name: accepted for compatibility.

    Raises: ValueError unless `first_decay_steps` is above 0 and `t_mul` at least 1.
    Source: Loshchilov and Hutter, ICLR 2017.

    >>> schedule = CosineDecayRestarts(0.1, 10)
    >>> [round(schedule(step), 3) for step in (0, 5, 10, 20)]
    [0.1, 0.05, 0.1, 0.05]
    """

    kind = "cosine_decay_restarts"

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        if not hasattr(t_mul, "__float__") or not t_mul >= 1:
            raise ValueError(f"[CosineDecayRestarts] t_mul must be at least 1, got {t_mul!r}")
        self.initial_learning_rate = float(initial_learning_rate)
        self.first_decay_steps = checked_steps("CosineDecayRestarts", "first_decay_steps", first_decay_steps)
        self.t_mul = float(t_mul)
        self.m_mul = float(m_mul)
        self.alpha = float(alpha)
        self.name = name
