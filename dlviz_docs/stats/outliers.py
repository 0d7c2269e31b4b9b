"""Values far from all others in their column, read off its order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.robust import NORMAL_MAD
from dlviz_docs.stats.summary import Ordered, quantile

__all__ = ["ROBUST_Z", "TUKEY", "Outliers", "absolute_deviation", "outliers_of"]

Floats: TypeAlias = NDArray[np.float64]

ROBUST_Z = 3.5
"""Robust standard deviations from the median (Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993)."""
TUKEY = 1.5
"""Interquartile ranges beyond the quartiles (Tukey, "Exploratory Data Analysis", 1977)."""


@dataclass(frozen=True, slots=True, eq=False)
class Outliers:
    """Of one column."""

    method: Literal["robust z", "Tukey", ""]
    """"" where more than half of the values are equal to the quartile, so that nothing measures the spread."""
    low: float
    """Less than this is an outlier."""
    high: float
    below: int
    above: int
    rows: NDArray[np.intp]
    """The farthest, most extreme first."""
    scores: Floats
    """Robust standard deviations from the median, signed; interquartile ranges beyond the quartile under Tukey."""


def outliers_of(ordered: Ordered, most: int = 50) -> Outliers:
    """Robust z, or Tukey's fences where half the values are equal; at most so many rows from either end."""
    ascending = ordered.values
    nothing = Outliers("", math.nan, math.nan, 0, 0, np.zeros(0, np.intp), np.zeros(0))
    if len(ascending) < 3:
        return nothing
    middle = quantile(ascending, 0.5)
    scale = NORMAL_MAD * absolute_deviation(ascending, middle)
    if 0 < scale < math.inf:
        return _beyond(ordered, "robust z", (middle, middle), scale, ROBUST_Z, most)
    lower, upper = quantile(ascending, 0.25), quantile(ascending, 0.75)
    if 0 < upper - lower < math.inf:
        return _beyond(ordered, "Tukey", (lower, upper), upper - lower, TUKEY, most)
    return nothing


def _beyond(
    ordered: Ordered,
    method: Literal["robust z", "Tukey"],
    anchors: tuple[float, float],
    scale: float,
    limit: float,
    most: int,
) -> Outliers:
    ascending = ordered.values
    low, high = anchors[0] - limit * scale, anchors[1] + limit * scale
    below = int(np.searchsorted(ascending, low, "left"))
    above = len(ascending) - int(np.searchsorted(ascending, high, "right"))
    places = np.concatenate([np.arange(min(below, most)), np.arange(len(ascending) - min(above, most), len(ascending))])
    values = ascending[places]
    with np.errstate(over="ignore"):
        scores = np.where(values < low, (values - anchors[0]) / scale, (values - anchors[1]) / scale)
    first = np.argsort(-np.abs(scores), kind="stable")[:most]
    return Outliers(method, low, high, below, above, ordered.order[places[first]], scores[first])


def absolute_deviation(ascending: Floats, middle: float) -> float:
    """Median of the distances from `middle`, found in the sorted values by bisection instead of sorting again."""
    m = len(ascending)
    if not m:
        return math.nan
    seam = int(np.searchsorted(ascending, middle, "left"))
    low = _nearest(ascending, middle, seam, (m - 1) // 2)
    return low if m % 2 else (low + _nearest(ascending, middle, seam, m // 2)) / 2


def _nearest(ascending: Floats, middle: float, seam: int, k: int) -> float:
    """Distance of the k-th nearest value, from 0: those left of the seam and right of it are sorted by distance."""
    m = len(ascending)

    def left(i: int) -> float:
        return middle - float(ascending[seam - 1 - i])

    def right(j: int) -> float:
        return float(ascending[seam + j]) - middle

    low, high = max(0, k + 1 - (m - seam)), min(k + 1, seam)
    while low < high:
        i = (low + high) // 2
        if left(i) < right(k - i):
            low = i + 1
        else:
            high = i
    taken = k + 1 - low
    return max(left(low - 1) if low else 0.0, right(taken - 1) if taken else 0.0)
