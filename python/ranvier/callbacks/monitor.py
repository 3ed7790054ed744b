"""The base of callbacks that watch one number of the logs."""

from __future__ import annotations

import re
import warnings
from typing import Any

from ranvier.callbacks.callback import Callback
from ranvier.errors import one_of

# Endings of the names of metrics that are better when they are greater, or smaller.
_UP = (
    r"(acc|accuracy|auc|precision|recall|similarity|proximity|r2_score|f1_score|fbeta_score|iou|io_u"
    r"|specificity|sensitivity|\w+_at_\w+|true_positives|true_negatives)(_\d+)?$"
)
_DOWN = (
    r"(loss|error|mse|mae|mape|msle|rmse|crossentropy|ce|hinge|poisson|divergence|kld|huber|cosh|logcosh"
    r"|false_positives|false_negatives|dice|tversky|ctc)(_\d+)?$"
)


class MonitorCallback(Callback):
    """Watches one number of the logs and knows which way it gets better.

    Args:
        monitor: its name, such as "val_loss".
        mode: "min", "max", or "auto", which knows it from the name.
        baseline: what is better than this only counts as better; None for nothing.
        min_delta: by how much a better number must be better.

    Raises: ValueError for another mode; where "auto" does not know the name, when it is first seen.

    >>> MonitorCallback("accuracy", "auto").is_improvement(0.9, 0.8)
    True
    """

    def __init__(
        self, monitor: str = "val_loss", mode: str = "auto", baseline: float | None = None, min_delta: float = 0
    ) -> None:
        super().__init__()
        one_of(type(self).__name__, "mode", mode, ("auto", "min", "max"))
        self.monitor = monitor
        self.mode = mode
        self.best = baseline
        self.min_delta = abs(float(min_delta))

    @property
    def increases(self) -> bool:
        """Whether greater is better.

        Raises: ValueError where the name does not tell.
        """
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        if name == "loss":
            return False
        for metric in getattr(self.model, "metrics", None) or []:
            direction = getattr(metric, "_direction", None)
            if metric.name == name and direction is not None:
                return bool(direction == "up")
        if re.search(_UP, name) or re.search(_DOWN, name):
            return re.search(_UP, name) is not None
        raise ValueError(
            f"[{type(self).__name__}] whether {self.monitor!r} is better when it is greater is not known: give "
            "mode='max' or mode='min'"
        )

    def is_improvement(self, value: float, reference: float | None) -> bool:
        """Whether a number is better than another by more than `min_delta`; than None it always is."""
        if reference is None:
            return True
        return value - self.min_delta > reference if self.increases else value + self.min_delta < reference

    def watched(self, logs: dict[str, Any] | None) -> float | None:
        """The number in the logs; None, with a warning, if it is not there."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            warnings.warn(
                f"[{type(self).__name__}] there is no {self.monitor!r} to watch; there are: {', '.join(logs or {})}",
                UserWarning,
                stacklevel=2,
            )
        return value


def patience(where: str, argument: str, value: Any) -> int:
    """A number of epochs.

    Raises: ValueError unless it is an integer of at least 0.

    >>> patience("EarlyStopping", "patience", 3)
    3
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < 0:
        raise ValueError(f"[{where}] {argument} must be an integer of at least 0, got {value!r}")
    return int(value)
