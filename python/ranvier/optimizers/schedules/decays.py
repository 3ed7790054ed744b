"""Schedules that decay by powers, fractions and steps."""

from __future__ import annotations

from collections.abc import Sequence

from ranvier.optimizers.schedules.schedule import NativeSchedule, checked_steps


class ExponentialDecay(NativeSchedule):
    """initial_learning_rate * decay_rate^(step / decay_steps).

    Args:
        initial_learning_rate: rate of step 0.
        decay_steps: steps in which the rate is multiplied by `decay_rate`, above 0.
        decay_rate: factor.
        staircase: whether the exponent is rounded down, so that the rate falls in steps.
        name: accepted for compatibility.

    Raises: ValueError unless `decay_steps` is above 0.

    >>> ExponentialDecay(0.8, 10, 0.5)(20)
    0.2
    """

    kind = "exponential_decay"

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps = checked_steps("ExponentialDecay", "decay_steps", decay_steps)
        self.decay_rate = float(decay_rate)
        self.staircase = bool(staircase)
        self.name = name


class InverseTimeDecay(NativeSchedule):
    """initial_learning_rate / (1 + decay_rate * step / decay_steps).

    Args:
        initial_learning_rate: rate of step 0.
        decay_steps: steps that count as one, above 0.
        decay_rate: how fast the rate falls.
        staircase: whether the quotient step / decay_steps is rounded down, so that the rate falls in steps.
        name: accepted for compatibility.

    Raises: ValueError unless `decay_steps` is above 0.

    >>> InverseTimeDecay(0.8, 10, 1.0)(30)
    0.2
    """

    kind = "inverse_time_decay"

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps = checked_steps("InverseTimeDecay", "decay_steps", decay_steps)
        self.decay_rate = float(decay_rate)
        self.staircase = bool(staircase)
        self.name = name


class PiecewiseConstantDecay(NativeSchedule):
    """values[i] up to and including step boundaries[i], and the last value after the last boundary.

    Args:
        boundaries: steps, in increasing order.
        values: rates, one more than boundaries.
        name: accepted for compatibility.

    Raises: ValueError if the numbers do not match or boundaries do not increase.

    >>> schedule = PiecewiseConstantDecay([2, 5], [0.1, 0.01, 0.001])
    >>> [schedule(step) for step in (2, 3, 6)]
    [0.1, 0.01, 0.001]
    """

    kind = "piecewise_constant_decay"

    def __init__(self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant") -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "[PiecewiseConstantDecay] values must be one more than boundaries, got "
                f"{len(values)} values for {len(boundaries)} boundaries"
            )
        if list(boundaries) != sorted(boundaries):
            raise ValueError(f"[PiecewiseConstantDecay] boundaries must increase, got {list(boundaries)}")
        self.boundaries = list(boundaries)
        self.values = [float(value) for value in values]
        self.name = name


class PolynomialDecay(NativeSchedule):
    """(initial_learning_rate - end_learning_rate) * (1 - step / decay_steps)^power + end_learning_rate.

    Args:
        initial_learning_rate: rate of step 0.
        decay_steps: step from which the rate is `end_learning_rate`, above 0.
        end_learning_rate: rate at the end.
        power: of the polynomial.
        cycle: whether, instead of staying there, the decay is stretched to the next multiple of `decay_steps`.
        name: accepted for compatibility.

    Raises: ValueError unless `decay_steps` is above 0.

    >>> PolynomialDecay(1.0, 10, end_learning_rate=0.0, power=2)(5)
    0.25
    """

    kind = "polynomial_decay"

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps = checked_steps("PolynomialDecay", "decay_steps", decay_steps)
        self.end_learning_rate = float(end_learning_rate)
        self.power = float(power)
        self.cycle = bool(cycle)
        self.name = name
