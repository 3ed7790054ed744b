"""Learning-rate schedules: the learning rate as a function of the step."""

from __future__ import annotations

from typing import Any

from ranvier._configurable import from_description, plain
from ranvier.optimizers.schedules.cosine import CosineDecay, CosineDecayRestarts
from ranvier.optimizers.schedules.decays import (
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
from ranvier.optimizers.schedules.schedule import LearningRateSchedule, native_schedule

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "native_schedule",
    "serialize",
]

_CLASSES: dict[str, type[LearningRateSchedule]] = {
    cls.__name__: cls
    for cls in (
        CosineDecay,
        CosineDecayRestarts,
        ExponentialDecay,
        InverseTimeDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
    )
}


def serialize(learning_rate_schedule: LearningRateSchedule) -> Any:
    """A schedule as JSON can hold it.

    >>> serialize(ExponentialDecay(0.1, 100, 0.5))["config"]["decay_rate"]
    0.5
    """
    return plain(learning_rate_schedule)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> LearningRateSchedule:
    """The schedule that `serialize` described.

    Args:
        config: {"class_name", "config"}.
        custom_objects: classes of your own by name.

    Raises: ValueError for an unknown class.

    >>> deserialize({"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 10}})(0)
    0.1
    """
    found: LearningRateSchedule = from_description(
        config, _CLASSES | (custom_objects or {}), "optimizers.schedules", "schedule"
    )
    return found
