"""The base of all schedules, and how the native optimizer asks one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ranvier import _core
from ranvier._configurable import Configurable


class LearningRateSchedule(Configurable):
    """The learning rate as a function of the step, which counts batches from 0.

    Subclass it and override `__call__`; arguments that are kept in attributes of their names are what `get_config`
    writes down. A schedule of your own is asked for all steps of a pass over the data before it begins, so that
    training does not return to Python at each batch; those of this module are computed natively.

    >>> class Halving(LearningRateSchedule):
    ...     def __init__(self, start):
    ...         self.start = start
    ...
    ...     def __call__(self, step):
    ...         return self.start / 2**step
    >>> Halving(0.8)(2), Halving(0.8).get_config()
    (0.2, {'start': 0.8})
    """

    def __call__(self, step: int) -> float:
        """The learning rate of a step.

        Args:
            step: number of the batch, from 0.
        """
        raise NotImplementedError(f"[{type(self).__name__}] a LearningRateSchedule must override __call__(self, step)")


class NativeSchedule(LearningRateSchedule):
    """A schedule that native code computes."""

    kind: ClassVar[str] = ""

    def native_config(self) -> dict[str, Any]:
        """What the native schedule is told."""
        return {name: value for name, value in self.get_config().items() if name != "name"}

    @property
    def native(self) -> _core.Schedule:
        """The native schedule."""
        made: _core.Schedule | None = self.__dict__.get("_native")
        if made is None:
            made = self.__dict__["_native"] = _core.Schedule(self.kind, self.native_config())
        return made

    def __call__(self, step: int) -> float:
        return self.native.rate(int(step))

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_native"}


def native_schedule(rate: LearningRateSchedule | Callable[[], float], where: str) -> _core.Schedule:
    """What tells the native optimizer the rate of each step.

    Args:
        rate: a schedule, or a function without arguments.
        where: who complains of a rate that is none.

    Raises: ValueError, when a pass begins, for a rate that is not a finite number of at least 0.

    >>> type(native_schedule(lambda: 0.1, "adam")).__name__
    'Schedule'
    """
    if isinstance(rate, NativeSchedule) and type(rate).__call__ is NativeSchedule.__call__:
        return rate.native

    def checked(value: Any, step: int) -> float:
        number = float(value)
        if not 0 <= number < float("inf"):
            raise ValueError(
                f"[{where}] a learning rate must be a finite number of at least 0, but for step {step} {rate!r:.80} "
                f"returned {value!r}"
            )
        return number

    def rates(first: int, count: int) -> list[float]:
        if isinstance(rate, LearningRateSchedule):
            return [checked(rate(step), step) for step in range(first, first + count)]
        return [checked(rate(), first)]

    return _core.Schedule(rates)


def checked_steps(where: str, argument: str, value: Any) -> Any:
    """A number of steps above 0.

    Raises: ValueError otherwise.
    """
    if isinstance(value, bool) or not hasattr(value, "__float__") or not 0 < value < float("inf"):
        raise ValueError(f"[{where}] {argument} must be a number above 0, got {value!r}")
    return value if hasattr(value, "__index__") else float(value)
