"""Many curves as one: pointwise quantiles on a common grid.

Quantiles interpolate linearly between order statistics (type 7 of Hyndman and Fan, "Sample Quantiles in Statistical
Packages", The American Statistician 50, 1996), as `numpy.quantile` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["quantile_band"]

Floats: TypeAlias = NDArray[np.float64]


def quantile_band(
    curves: Sequence[tuple[Floats, Floats]], quantiles: Sequence[float], *, size: int = 100, least: int = 5
) -> tuple[Floats, Floats]:
    """Grid, shape (g,), and quantiles, shape (len(quantiles), g), of curves (x, y) interpolated linearly.

    A curve counts between its first and last finite point; the grid, of at most `size` even places, stops where fewer
    than `least` curves do.
    """
    finite = [(x[keep], y[keep]) for x, y in curves if (keep := np.isfinite(x) & np.isfinite(y)).any()]
    if len(finite) < least:
        return np.empty(0), np.empty((len(quantiles), 0))
    grid = np.linspace(min(x.min() for x, _ in finite), max(x.max() for x, _ in finite), size)
    table = np.stack([_on_grid(x, y, grid) for x, y in finite])
    counts = np.isfinite(table).sum(axis=0)
    grid, table, counts = grid[counts >= least], table[:, counts >= least], counts[counts >= least]
    table.sort(axis=0)  # NaN, where a curve does not reach, comes last
    return grid, np.stack([_quantile(table, counts, q) for q in quantiles])


def _on_grid(x: Floats, y: Floats, grid: Floats) -> Floats:
    if (x[1:] < x[:-1]).any():
        order = np.argsort(x, kind="stable")
        x, y = x[order], y[order]
    return np.interp(grid, x, y, left=np.nan, right=np.nan)


def _quantile(table: Floats, counts: NDArray[np.intp], q: float) -> Floats:
    """Of each sorted column, whose first `counts` entries are values."""
    place = q * (counts - 1)
    below = np.floor(place).astype(np.intp)
    above = np.minimum(below + 1, counts - 1)
    columns = np.arange(table.shape[1])
    low, high = table[below, columns], table[above, columns]
    result: Floats = low + (place - below) * (high - low)
    return result
