"""Handwritten digits: 70,000 images of 28 x 28 (LeCun, Cortes and Burges)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranvier.datasets._files import arrays, stored

if TYPE_CHECKING:
    from ranvier.datasets._files import Split

_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str = "mnist.npz") -> Split:
    """Images `uint8` (rows, 28, 28) from 0 to 255, and digits `uint8` (rows,): 60,000 for training, 10,000 for testing.

    Args:
        path: name of the file in the cache.

    Raises: OSError if it cannot be fetched.
    """
    found = arrays(stored(path, "mnist.npz", _SHA256))
    return (found["x_train"], found["y_train"]), (found["x_test"], found["y_test"])
