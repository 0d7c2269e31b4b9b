"""How sure a number is: 95 % intervals of shares, and of anything that rows can be drawn again for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Z95", "bootstrap", "percentiles", "resamples", "wilson"]

Floats: TypeAlias = NDArray[np.float64]

Z95 = 1.959963984540054
"""Quantile 0.975 of the normal distribution."""


def wilson(hits: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    """Ends of the 95 % interval of `hits / n`, element by element; 0 and 1 where n is 0, for nothing is known then.

    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    """
    hit, total = np.broadcast_arrays(np.asarray(hits, np.float64), np.asarray(n, np.float64))
    known = total > 0
    safe = np.where(known, total, 1.0)
    share = np.clip(hit / safe, 0, 1)
    spread = Z95 * np.sqrt(share * (1 - share) / safe + Z95**2 / (4 * safe**2))
    scale = 1 + Z95**2 / safe
    middle = share + Z95**2 / (2 * safe)
    low = np.where(share > 0, np.clip((middle - spread) / scale, 0, 1), 0.0)  # rounding would leave 1e-17
    high = np.where(share < 1, np.clip((middle + spread) / scale, 0, 1), 1.0)
    return np.where(known, low, 0.0), np.where(known, high, 1.0)


def percentiles(draws: Floats) -> tuple[Floats, Floats]:
    """2.5 and 97.5 % quantiles over the first axis, undefined draws left out; NaN where every draw is undefined.

    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    """
    if not draws.size:
        nothing = np.full(draws.shape[1:], np.nan)
        return nothing, nothing
    blank = np.isnan(draws).all(axis=0)
    filled = np.where(blank, 0.0, draws)
    low, high = np.nanquantile(filled, [0.025, 0.975], axis=0)
    return np.where(blank, np.nan, low), np.where(blank, np.nan, high)


def resamples(n: int, repeats: int, *, strata: NDArray[Any] | None = None, seed: int = 0) -> NDArray[np.intp]:
    """Rows drawn again with replacement, shape (repeats, n): within each stratum, as many as it has.

    `strata` has shape (n,). The columns are in the order of the strata, not of the rows.
    """
    rng = np.random.default_rng(seed)
    if strata is None:
        return rng.integers(0, max(n, 1), (repeats, n))
    order = np.argsort(strata, kind="stable")
    _, sizes = np.unique(strata, return_counts=True)
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    within = np.floor(rng.random((repeats, n)) * np.repeat(sizes, sizes)).astype(np.intp)
    drawn: NDArray[np.intp] = order[starts + within]
    return drawn


def bootstrap(
    statistic: Callable[[NDArray[np.intp]], ArrayLike],
    n: int,
    *,
    repeats: int = 2000,
    strata: NDArray[Any] | None = None,
    groups: NDArray[Any] | None = None,
    seed: int = 0,
) -> tuple[Floats, Floats]:
    """95 % interval of what `statistic` says of rows, by drawing rows, or whole groups of them, again.

    `statistic` gets row numbers, and gives a number or an array of a fixed shape; NaN where it is not defined. The ends
    have that shape. Cluster bootstrap for groups: Field and Welsh, JRSS B 69, 2007.
    """
    if groups is None:
        draws = [statistic(resamples(n, 1, strata=strata, seed=seed + turn)[0]) for turn in range(repeats if n else 0)]
        return percentiles(np.asarray(draws, np.float64))
    _, members = np.unique(groups, return_inverse=True)
    parts = np.split(np.argsort(members, kind="stable"), np.cumsum(np.bincount(members))[:-1])
    rng = np.random.default_rng(seed)
    draws = [
        statistic(np.concatenate([parts[part] for part in rng.integers(0, len(parts), len(parts))]))
        for _ in range(repeats if n else 0)
    ]
    return percentiles(np.asarray(draws, np.float64))
