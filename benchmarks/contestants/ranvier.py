"""Ranvier: the Keras contestant by changing the import."""

from typing import Any

import ranvier
from contestants.base import Contestant
from contestants.keras import convolutional, dense, sequential


def create(sizes: tuple[int, ...], batch: int, _variant: str) -> Contestant:
    return dense(ranvier, sizes, batch)


def create_convolutional(shape: list[int], blocks: list[Any], classes: int, batch: int, _variant: str) -> Contestant:
    return convolutional(ranvier, shape, blocks, classes, batch)


def create_sequence(kind: str, shape: tuple[int, int], sizes: tuple[int, ...], batch: int, _variant: str) -> Contestant:
    return sequential(ranvier, kind, shape, sizes, batch)
