"""Prices of houses in Boston's suburbs in the 1970s: 506 rows of 13 numbers (Harrison and Rubinfeld, 1978).

One of the columns is built on an assumption about the races of residents, which is why others no longer carry this set;
`california_housing` serves the same purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranvier.datasets._files import arrays, parted, shuffler, stored

if TYPE_CHECKING:
    from ranvier.datasets._files import Split

_SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Split:
    """Features (rows, 13), and prices in thousands of dollars (rows,).

    Args:
        path: name of the file in the cache.
        test_split: the last part of the rows, for testing.
        seed: of the order of the rows.

    Raises: OSError if it cannot be fetched; ValueError for another split.
    """
    found = arrays(stored(path, "boston_housing.npz", _SHA256))
    x, y = shuffler(seed)(found["x"], found["y"])
    return parted(x, y, test_split)
