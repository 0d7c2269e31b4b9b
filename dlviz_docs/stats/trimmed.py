"""The interquartile mean: the mean of the middle half, which a few lucky or failed runs do not move.

A mean trimmed by a quarter at each end (Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical
Precipice", NeurIPS 2021): of n values, the n // 4 lowest and as many of the highest are left out.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.bootstrap import draws_for, redrawn, spread

__all__ = ["band_draws", "iqm", "iqm_band", "redrawn_iqm"]

Floats: TypeAlias = NDArray[np.float64]

_MOST_NUMBERS = 10_000_000
_LEAST_DRAWS = 200


def band_draws(curves: int, places: int) -> int:
    """Resamples of a band: 2,000 for twenty-five curves at 200 places, and fewer where that would take seconds."""
    return int(np.clip(_MOST_NUMBERS // max(curves * places, 1), _LEAST_DRAWS, draws_for(curves)))


def iqm(values: Floats) -> Floats:
    """Interquartile mean over the first axis, of values without NaN; NaN of none."""
    n = len(values)
    if not n:
        return np.full(values.shape[1:], np.nan)
    middle: Floats = np.sort(values, axis=0)[n // 4 : n - n // 4].mean(axis=0)
    return middle


def redrawn_iqm(values: Floats, counts: Floats) -> Floats:
    """The same of every resample of `values`, shape (n,), of which `counts`, shape (draws, n), says how often each came
    up. Shape (draws,).
    """
    return _redrawn(values, np.ascontiguousarray(counts.T))


def _redrawn(values: Floats, counts: Floats) -> Floats:
    """The same of `counts` of shape (n, draws). Sorting the values once stands for sorting each resample, and their
    sum is taken by parts: each step from one value to the next counts for all kept ones above it.
    """
    n, order = len(values), np.argsort(values, kind="stable")
    cut, ordered = n // 4, values[order]
    below = np.cumsum(counts[order[:-1]], axis=0)  # values of the resample up to each one but the last
    np.clip(below, cut, n - cut, out=below)
    sums: Floats = ordered[-1] * (n - 2 * cut) - np.diff(ordered) @ (below - cut)
    return sums / (n - 2 * cut)


def iqm_band(table: Floats, strata: NDArray[np.intp] | None = None, *, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Interquartile mean of n curves at g places, shape (n, g), and the ends of its pointwise 95 % interval.

    `strata`, ascending and of shape (n,), are tasks: their curves are drawn apart. NaN ends for a single curve. Of very
    many curves there are fewer resamples than 2,000: `band_draws`.
    """
    middle = iqm(table)
    n, size = table.shape
    if n < 2:
        nothing = np.full(size, np.nan)
        return middle, nothing, nothing
    counts = redrawn(np.ones(n, np.intp), strata, seed=seed)[: band_draws(n, size)]
    turned = np.ascontiguousarray(counts.T)
    ends = [spread(_redrawn(column, turned)) for column in table.T]
    return middle, np.array([low for low, _ in ends], np.float64), np.array([high for _, high in ends], np.float64)
