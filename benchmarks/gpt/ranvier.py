"""Ranvier: the Keras contestant by changing the import."""

import ranvier
from gpt import Sizes
from gpt.keras import KerasLike


def create(sizes: Sizes, batch: int) -> KerasLike:
    return KerasLike(ranvier, sizes, batch)
