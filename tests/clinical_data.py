"""The clinical trial's data: 2,100 people from 13 to 100, of whom 5 % go against the rule, drawn anew for each seed."""

import numpy as np

PAIRS, EXCEPTIONS = 1050, 50


def trial(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Ages scaled to [0, 1], (2100, 1), and whether there were side effects, (2100,): younger and older in turn."""
    random = np.random.default_rng(seed)
    ages = np.stack([random.integers(13, 65, PAIRS), random.integers(65, 101, PAIRS)], axis=1).reshape(-1, 1)
    younger = np.arange(PAIRS) < EXCEPTIONS
    labels = np.stack([younger, ~younger], axis=1).reshape(-1).astype(np.int64)
    return (ages - ages.min()) / (ages.max() - ages.min()), labels
