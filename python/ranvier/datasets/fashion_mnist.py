"""Pieces of clothing: 70,000 images of 28 x 28 (Xiao, Rasul and Vollgraf, 2017)."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ranvier.datasets._files import STORE
from ranvier.utils.file_utils import get_file

if TYPE_CHECKING:
    from ranvier._typing import Array
    from ranvier.datasets._files import Split


def load_data() -> Split:
    """Images `uint8` (rows, 28, 28) from 0 to 255, and classes `uint8` (rows,): 60,000 and 10,000 rows.

    The classes are T-shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag and ankle boot.

    Raises: OSError if they cannot be fetched.
    """
    return _part("train"), _part("t10k")


def _part(name: str) -> tuple[Array, Array]:
    labels = _bytes(f"{name}-labels-idx1-ubyte.gz", 8)
    return _bytes(f"{name}-images-idx3-ubyte.gz", 16).reshape(len(labels), 28, 28), labels


def _bytes(name: str, header: int) -> Array:
    path = get_file(name, STORE + name, cache_subdir=Path("datasets", "fashion-mnist"))
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)
