"""Curves with points at different places, put on one grid: seeds that were logged or evaluated at their own steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["GRID", "aligned", "in_order", "stretches", "tail_mean", "windowed"]

Floats: TypeAlias = NDArray[np.float64]
Points: TypeAlias = tuple[Floats, Floats] | tuple[Floats, Floats, Floats]
"""Places and values, shape (n,) each, of one curve; and of how many points each is the mean."""

GRID = 200
"""Places of a common grid."""


def aligned(curves: Sequence[Points], *, size: int = GRID) -> tuple[Floats, Floats]:
    """Grid, shape (g,), and curves on it, shape (curves, g), over the stretch that all of them have.

    Curves of few points, such as evaluations, are interpolated linearly. Those of more than `size`, such as returns of
    single episodes, are averaged over the stretch around each place: what an interpolation met would be chance. The
    stretches do not overlap, so that values side by side are as independent as the points are. Both arrays are empty
    where a curve has no finite point, or the curves have no stretch in common.
    """
    known = [in_order(*curve) for curve in curves]
    if not known or any(not len(x) for x, _, _ in known):
        return np.empty(0), np.empty((len(known), 0))
    low, high = max(x[0] for x, _, _ in known), min(x[-1] for x, _, _ in known)
    if not low < high:
        return np.empty(0), np.empty((len(known), 0))
    most = max(len(x) for x, _, _ in known)
    grid = np.linspace(low, high, min(size, max(most, 2)))
    return grid, np.stack([_on(grid, *curve) for curve in known])


def in_order(x: Floats, y: Floats, weights: Floats | None = None) -> tuple[Floats, Floats, Floats]:
    """Finite points by place, those at one place as their mean, and how many points each stands for."""
    counts = np.ones(len(x)) if weights is None else weights
    keep = np.isfinite(x) & np.isfinite(y) & (counts > 0)
    x, y, counts = x[keep], y[keep], counts[keep]
    if (x[1:] > x[:-1]).all():
        return x, y, np.asarray(counts, np.float64)
    places, which = np.unique(x, return_inverse=True)
    sums = np.asarray(np.bincount(which, counts), np.float64)
    means = np.asarray(np.bincount(which, counts * y), np.float64) / sums
    return places, means, sums


def windowed(x: Floats, y: Floats, at: Floats, width: float, weights: Floats | None = None) -> Floats:
    """Mean of the points less than `width` / 2 from each place; NaN where there is none. `x` rises."""
    counts = np.ones(len(x)) if weights is None else weights
    sums = np.concatenate([[0.0], np.cumsum(counts * y)])
    totals = np.concatenate([[0.0], np.cumsum(counts)])
    start, end = np.searchsorted(x, at - width / 2, "left"), np.searchsorted(x, at + width / 2, "left")
    inside = totals[end] - totals[start]
    with np.errstate(invalid="ignore"):
        means: Floats = np.where(inside > 0, (sums[end] - sums[start]) / inside, np.nan)
    return means


def stretches(x: Floats, y: Floats, size: int) -> tuple[Floats, Floats, Floats]:
    """Means of place and value over `size` even stretches of a curve, and how many finite points each has; those that
    have none are left out. What `in_order` takes for the curve itself.
    """
    places, values, counts = in_order(x, y)
    if not len(places):
        return places, values, counts
    width = (places[-1] - places[0]) or 1.0
    which = np.minimum(((places - places[0]) / width * size).astype(np.intp), size - 1)
    parts = [np.bincount(which, counts * of, size) for of in (np.ones(len(places)), values, places)]
    totals, sums, ways = (np.asarray(part, np.float64) for part in parts)
    full = totals > 0
    return ways[full] / totals[full], sums[full] / totals[full], totals[full]


def tail_mean(x: Floats, y: Floats, end: float, share: float, weights: Floats | None = None) -> tuple[float, int]:
    """Mean of the finite points in the last `share` of the way from the first one to `end`, and how many they are.

    The last one before `end` where there is none in that stretch; NaN and 0 where there is none at all. `x` rises.
    """
    places, values, counts = in_order(x, y, weights)
    before = int(np.searchsorted(places, end, "right"))
    if not before:
        return np.nan, 0
    first = min(int(np.searchsorted(places, end - share * (end - places[0]), "right")), before - 1)
    part = slice(first, before)
    return float(np.average(values[part], weights=counts[part])), int(counts[part].sum())


def _on(grid: Floats, x: Floats, y: Floats, counts: Floats) -> Floats:
    inside = np.count_nonzero((x >= grid[0]) & (x <= grid[-1]))
    if inside <= len(grid):
        return np.interp(grid, x, y)
    means = windowed(x, y, grid, grid[1] - grid[0], counts)
    return np.where(np.isnan(means), np.interp(grid, x, y), means)
