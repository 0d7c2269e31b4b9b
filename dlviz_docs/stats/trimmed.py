"""The interquartile mean: the mean of the middle half, which a few lucky or failed runs do not move.

A mean trimmed by a quarter at each end (Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical
Precipice", NeurIPS 2021): of n values, the n // 4 lowest and as many of the highest are left out.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.bootstrap import redrawn, spread

__all__ = ["iqm", "iqm_band", "redrawn_iqm"]

Floats: TypeAlias = NDArray[np.float64]


def iqm(values: Floats) -> Floats:
    """Interquartile mean over the first axis, of values without NaN; NaN of none."""
    n = len(values)
    if not n:
        return np.full(values.shape[1:], np.nan)
    middle: Floats = np.sort(values, axis=0)[n // 4 : n - n // 4].mean(axis=0)
    return middle


def redrawn_iqm(values: Floats, counts: Floats) -> Floats:
    """The same of every resample of `values`, shape (n,), of which `counts`, shape (draws, n), says how often each came
    up. Shape (draws,). Sorting the values once stands for sorting each resample.
    """
    n = len(values)
    order = np.argsort(values, kind="stable")
    ends = np.cumsum(counts[:, order], axis=1)
    cut = n // 4
    kept = np.diff(np.clip(ends, cut, n - cut), axis=1, prepend=float(cut))
    means: Floats = kept @ values[order] / (n - 2 * cut)
    return means


def iqm_band(table: Floats, strata: NDArray[np.intp] | None = None, *, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Interquartile mean of n curves at g places, shape (n, g), and the ends of its pointwise 95 % interval.

    `strata`, ascending and of shape (n,), are tasks: their curves are drawn apart. NaN ends for a single curve.
    """
    middle = iqm(table)
    n, size = table.shape
    if n < 2:
        nothing = np.full(size, np.nan)
        return middle, nothing, nothing
    counts = redrawn(np.ones(n, np.intp), strata, seed=seed)
    ends = [spread(redrawn_iqm(column, counts)) for column in table.T]
    return middle, np.array([low for low, _ in ends], np.float64), np.array([high for _, high in ends], np.float64)
