from __future__ import annotations

from typing import Any

from ranvier.layers.layer import Layer
from ranvier.symbol import KerasTensor


class StepMask(Layer):
    """The mask of its inputs: 1 where some element of each is not `value`, otherwise 0. Other layers make it."""

    kind = "step_mask"
    is_hidden = True

    def __init__(self, value: float = 0.0, features: bool = False, **kwargs: Any) -> None:
        self.value = float(value)
        self.features = bool(features)
        super().__init__(name="step_mask", **kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"value": self.value, "features": self.features}


def common(masks: list[KerasTensor | None]) -> KerasTensor | None:
    """The mask of positions that count in every one of some masks; None if all do."""
    given = list({mask.key: mask for mask in masks if mask is not None}.values())
    if len(given) <= 1:
        return given[0] if given else None
    both: KerasTensor = StepMask(dtype=given[0].dtype).add_node(tuple(given))
    return both
