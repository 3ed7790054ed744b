"""Correlations and how likely chance makes them, for evaluations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike


class Correlation(NamedTuple):
    """A coefficient of correlation, and the probability of one as far from 0 where there is none (two-sided)."""

    statistic: float
    pvalue: float


def pearson(x: ArrayLike, y: ArrayLike) -> Correlation:
    """The linear correlation of two series: NaN where one of them is constant, or there are fewer than two values.

    >>> pearson([1, 2, 3], [2, 4, 6]).statistic
    1.0
    """
    a, b = (np.asarray(v, np.float64) - np.mean(v) for v in (x, y))
    scale = math.sqrt(float(a @ a) * float(b @ b))
    if len(a) < 2 or scale == 0:
        return Correlation(math.nan, math.nan)
    r = float(np.clip(a @ b / scale, -1, 1))
    freedom = len(a) - 2
    if freedom == 0:
        return Correlation(r, 1.0)
    # t^2 = r^2 n / (1 - r^2) under Student's distribution, written so that r = 1 divides nothing by zero.
    return Correlation(r, _beta_ratio(freedom / 2, 0.5, 1 - r * r))


def spearman(x: ArrayLike, y: ArrayLike) -> Correlation:
    """The correlation of ranks; equal values share the mean of theirs.

    >>> spearman([1, 2, 30], [1, 4, 9]).statistic
    1.0
    """
    return pearson(_ranks(np.asarray(x)), _ranks(np.asarray(y)))


def _ranks(values: Array) -> Array:
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Array = (last - (counts - 1) / 2)[group]
    return ranks


def _beta_ratio(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function, by the continued fraction of Lentz (Numerical Recipes, 6.4)."""
    if x <= 0 or x >= 1:
        return float(x > 0)
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_ratio(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)) / a
    tiny, c, d, total = 1e-300, 1.0, 0.0, 1.0
    for i in range(1000):
        m = i // 2
        if i == 0:
            term = 1.0
        elif i % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + term * d or tiny)
        c = 1 + term / c or tiny
        total *= c * d
        if abs(1 - c * d) < 1e-15:
            break
    return front * (total - 1)
