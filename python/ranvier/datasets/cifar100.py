"""Photographs of a hundred kinds of things: 60,000 images of 32 x 32 in color (Krizhevsky, 2009)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranvier.datasets._cifar import read_parts
from ranvier.errors import one_of

if TYPE_CHECKING:
    from ranvier.datasets._files import Split

_SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode: str = "fine") -> Split:
    """Images `uint8` (rows, 32, 32, 3) from 0 to 255, and classes `uint8` (rows, 1): 50,000 and 10,000 rows.

    Args:
        label_mode: "fine", 100 classes, or "coarse", 20 groups of them.

    The channels are first if `ranvier.config.image_data_format()` says so.

    Raises: OSError if they cannot be fetched; ValueError for another mode.
    """
    one_of("cifar100", "label_mode", label_mode, ("fine", "coarse"))
    train, test = read_parts("100", _SHA256, [["train"], ["test"]], f"{label_mode}_labels")
    return train, test
