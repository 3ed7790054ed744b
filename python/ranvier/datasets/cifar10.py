"""Photographs of ten kinds of things: 60,000 images of 32 x 32 in color (Krizhevsky, 2009)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranvier.datasets._cifar import read_parts

if TYPE_CHECKING:
    from ranvier.datasets._files import Split

_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data() -> Split:
    """Images `uint8` (rows, 32, 32, 3) from 0 to 255, and classes `uint8` (rows, 1): 50,000 and 10,000 rows.

    The channels are first if `ranvier.config.image_data_format()` says so. The classes are airplane, automobile, bird,
    cat, deer, dog, frog, horse, ship and truck.

    Raises: OSError if they cannot be fetched.
    """
    training = [f"data_batch_{i}" for i in range(1, 6)]
    train, test = read_parts("10", _SHA256, [training, ["test_batch"]], "labels")
    return train, test
