"""Workloads of convolutional networks, in the words that contestants are told them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from ranvier.bench import Array, Workload

Block = tuple[int, str, bool, bool]
"""Filters of a convolution of 3 x 3 and its padding; whether batch normalization follows; after the ReLU, whether a
maximum of 2 x 2."""


@dataclass(frozen=True)
class Images(Workload):
    """A classifier of images (height, width, channels): blocks, and a dense layer. `sizes` are pixels and classes."""

    shape: tuple[int, ...] = ()
    blocks: tuple[Block, ...] = ()

    def data(self) -> tuple[Array, Array]:
        """As in vectors, but every row an image."""
        x, y = super().data()
        return x.reshape(self.rows, *self.shape), y

    def told(self) -> dict[str, Any]:
        """What contestants are told besides the sizes."""
        return {"image": {"shape": self.shape, "blocks": self.blocks}}


def images(name: str, shape: tuple[int, ...], batch: int, rows: int, *blocks: Block) -> Images:
    """A workload of ten classes."""
    return Images(name, (math.prod(shape), 10), batch, rows, shape, blocks)


IMAGES = {
    workload.name: workload
    for workload in (
        images("cnn-small", (28, 28, 1), 32, 625 * 32, (16, "valid", False, True), (32, "valid", False, True)),
        images(
            "cnn-medium",
            (32, 32, 3),
            64,
            32 * 64,
            (64, "same", True, False),
            (64, "same", True, True),
            (128, "same", True, True),
        ),
    )
}
