"""Ranvier: the Keras contestant by changing the import."""

import ranvier
from contestants.base import Contestant
from contestants.keras import KerasLike


def create(sizes: tuple[int, ...], batch: int, _variant: str) -> Contestant:
    return KerasLike(ranvier, sizes, batch)
