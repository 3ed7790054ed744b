"""One call that makes a program repeatable."""

from __future__ import annotations


def set_random_seed(seed: int) -> None:
    """Seeds Python's `random`, NumPy's global generator and the library's own.

    After it the same program draws the same initial weights, row orders and dropout masks, and `fit` gives bitwise the
    same weights, for any number of threads on the same machine and build.

    Args:
        seed: an integer in 0 .. 2**32 - 1.

    Raises: ValueError for anything else.

    >>> set_random_seed(42)
    """
    if isinstance(seed, bool) or not hasattr(seed, "__index__") or not 0 <= seed < 2**32:
        raise ValueError(f"[set_random_seed] seed must be an integer from 0 to 2**32 - 1, got {seed!r}")
    import random

    import numpy as np

    from ranvier.random import seed_global

    seed = int(seed)
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  user code may draw from it
    seed_global(seed)
