from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ranvier.callbacks.callback import Callback
from ranvier.utils.progress import say


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of each epoch, and adds it to the logs.

    Args:
        schedule: a function of (epoch, rate), or of (epoch), that returns the new rate; the first epoch is 0.
        verbose: 1 says what it is set to.

    Raises: TypeError if `schedule` is no function; ValueError if it returns no number.

    >>> LearningRateScheduler(lambda epoch, rate: rate * 0.9).verbose
    0
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(f"[LearningRateScheduler] schedule must be a function, got {schedule!r}")
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        optimizer = self.model.optimizer
        arguments = (epoch, float(optimizer.learning_rate)) if _takes_two(self.schedule) else (epoch,)
        rate = self.schedule(*arguments)
        if isinstance(rate, bool) or not hasattr(rate, "__float__"):
            raise ValueError(f"[LearningRateScheduler] schedule must return a number, got {rate!r}")
        optimizer.learning_rate = float(rate)
        if self.verbose:
            say(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {optimizer.learning_rate}.")

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


def _takes_two(function: Callable[..., Any]) -> bool:
    import inspect  # slow to import

    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:
        pass  # a builtin without a signature
    return True
