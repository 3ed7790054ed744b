"""Prices of houses in California's districts in 1990: 20,640 rows of 8 numbers (Pace and Barry, 1997)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranvier.datasets._files import arrays, parted, shuffler, stored
from ranvier.errors import one_of

if TYPE_CHECKING:
    from ranvier.datasets._files import Split

_SHA256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"


def load_data(
    version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: int = 113
) -> Split:
    """Features (rows, 8), and prices in dollars (rows,).

    The features are longitude, latitude, age, rooms, bedrooms, people, households and income.

    Args:
        version: "large", all rows, or "small", the first 600.
        path: name of the file in the cache.
        test_split: the last part of the rows, for testing.
        seed: of the order of the rows.

    Raises: OSError if it cannot be fetched; ValueError for another version or split.
    """
    one_of("california_housing", "version", version, ("large", "small"))
    found = arrays(stored(path, "california_housing.npz", _SHA256))
    rows = slice(600 if version == "small" else None)
    x, y = shuffler(seed)(found["x"][rows], found["y"][rows])
    return parted(x, y, test_split)
