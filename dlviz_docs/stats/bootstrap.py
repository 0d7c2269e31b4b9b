"""Drawing the rows again, without drawing rows: what matters is how often each distinct outcome comes up.

A million answers of a classifier have no more distinct outcomes than cells in its confusion matrix; how often each is
drawn again is one multinomial draw, whatever the number of rows. Efron and Tibshirani, "An Introduction to the
Bootstrap", 1993.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.intervals import Z95

__all__ = ["DRAWS", "around", "draws_for", "mean_interval", "redrawn", "spread"]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.integer]

DRAWS = 2000
"""Resamples of an interval."""
_LEAST_DRAWS = 200
_MOST_NUMBERS = 4_000_000
"""Drawn numbers that are held at once: with more outcomes than 2,000 there are fewer resamples."""
_MANY = 2000
"""Rows from which on the mean of a column is as good as normal, and its interval needs no draws."""


def draws_for(outcomes: int) -> int:
    """How many resamples of so many distinct outcomes: 2,000, and fewer where that would take seconds."""
    return int(np.clip(_MOST_NUMBERS // max(outcomes, 1), _LEAST_DRAWS, DRAWS))


def redrawn(
    counts: NDArray[np.intp],
    strata: NDArray[np.intp] | None = None,
    *,
    members: tuple[NDArray[np.intp], NDArray[np.intp]] | None = None,
    seed: int = 0,
) -> Floats:
    """How often each of c outcomes comes up in each resample, shape (draws, c).

    `counts` says how often they came up, `strata` (ascending, shape (c,)) which of them are drawn apart from the
    others. `members` is the outcome and the group of each row: then whole groups are drawn, and strata do not matter
    (Field and Welsh, "Bootstrapping clustered data", JRSS B 69, 2007).
    """
    rng = np.random.default_rng(seed)
    draws = draws_for(len(counts))
    if members is not None:
        return _of_groups(rng, len(counts), draws, *members)
    found = np.zeros((draws, len(counts)))
    starts = [0] if strata is None else np.flatnonzero(np.r_[True, strata[1:] != strata[:-1]]).tolist()
    for start, end in zip(starts, [*starts[1:], len(counts)], strict=True) if len(counts) else ():
        part = counts[start:end]
        if (total := int(part.sum())) > 0:
            found[:, start:end] = rng.multinomial(total, part / total, size=draws)
    return found


def _of_groups(
    rng: np.random.Generator, size: int, draws: int, outcome: NDArray[np.intp], group: NDArray[np.intp]
) -> Floats:
    groups = int(group.max()) + 1 if len(group) else 0
    if not groups:
        return np.zeros((draws, size))
    if groups * size <= _MOST_NUMBERS:
        table = np.bincount(group * size + outcome, minlength=groups * size).reshape(groups, size)
        draws = min(draws, draws_for(groups))
        weights = rng.multinomial(groups, np.full(groups, 1 / groups), size=draws)
        return np.asarray(weights.astype(np.float64) @ table)
    draws = _LEAST_DRAWS
    found = np.zeros((draws, size))
    for draw in found:
        weights = np.bincount(rng.integers(0, groups, groups), minlength=groups)
        draw[:] = np.bincount(outcome, weights=weights[group], minlength=size)
    return found


def spread(draws: Floats) -> tuple[Floats, Floats]:
    """2.5 and 97.5 % quantiles over the first axis; undefined draws are left out.

    Linear between order statistics, as NumPy's. NaN where fewer than half are defined: an interval of a number that
    most resamples do not have says nothing.
    """
    if not draws.size:
        nothing = np.full(draws.shape[1:], np.nan)
        return nothing, nothing
    ordered = np.sort(draws, axis=0)  # NaN last
    known = (~np.isnan(draws)).sum(axis=0)
    enough = 2 * known >= len(draws)
    low, high = (_order_statistic(ordered, share * np.maximum(known - 1, 0)) for share in (0.025, 0.975))
    return np.where(enough, low, np.nan), np.where(enough, high, np.nan)


def around(value: float, draws: Floats, least: float = 0.0, most: float = 1.0) -> tuple[float, float]:
    """95 % interval of one number from its resamples, shape (draws,), moved so that their median is the number.

    Resamples have fewer distinct rows than the rows, and scores of rare classes, or distances, come out off by as much
    again as they do in the rows themselves. NaN where nothing varies: no interval is better than one without width.
    """
    low, high = spread(draws)
    if not high > low or not np.isfinite(value):
        return np.nan, np.nan
    off = float(np.nanmedian(draws)) - value
    return float(np.clip(low - off, least, value)), float(np.clip(high - off, value, most))


def _order_statistic(ordered: Floats, place: Floats) -> Floats:
    below = np.floor(place).astype(np.intp)
    above = np.minimum(below + 1, len(ordered) - 1)
    first = np.take_along_axis(ordered, below[None], 0)[0]
    second = np.take_along_axis(ordered, above[None], 0)[0]
    rest = place - below
    between: Floats = np.where(rest > 0, first + (second - first) * rest, first)
    return between


def mean_interval(
    values: Floats, strata: NDArray[np.intp] | None = None, groups: NDArray[np.intp] | None = None, *, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of the mean of finite `values`; NaN for fewer than two.

    Few rows are drawn again. Of many the mean is normal, and its spread is known without draws: that of the mean of
    each stratum, or of the group totals.
    """
    n = len(values)
    if n < 2:
        return np.nan, np.nan
    mean = float(values.mean())
    if groups is not None:
        return _group_interval(values, groups, seed)
    if n < _MANY:
        draws = _drawn_means(values, strata, seed)
        low, high = spread(draws)
        return float(low), float(high)
    error = Z95 * _standard_error(values, strata)
    return mean - error, mean + error


def _drawn_means(values: Floats, strata: NDArray[np.intp] | None, seed: int) -> Floats:
    rng, n = np.random.default_rng(seed), len(values)
    totals = np.zeros(DRAWS)
    parts = [values] if strata is None else [values[strata == one] for one in np.unique(strata)]
    for part in parts:
        totals += part[rng.integers(0, len(part), (DRAWS, len(part)))].sum(axis=1)
    return totals / n


def _standard_error(values: Floats, strata: NDArray[np.intp] | None) -> float:
    n = len(values)
    if strata is None:
        return float(values.std() / np.sqrt(n))
    sizes = np.bincount(strata)
    safe = np.maximum(sizes, 1)
    means = np.bincount(strata, values) / safe
    off = values - means[strata]
    variances = np.bincount(strata, off * off) / safe
    return float(np.sqrt((sizes * variances).sum()) / n)


def _group_interval(values: Floats, groups: NDArray[np.intp], seed: int) -> tuple[float, float]:
    totals, sizes = np.bincount(groups, values), np.bincount(groups)
    known = sizes > 0
    totals, sizes = totals[known], sizes[known]
    rng, g = np.random.default_rng(seed), len(sizes)
    if g < 2:
        return np.nan, np.nan
    if g < _MANY:
        weights = rng.multinomial(g, np.full(g, 1 / g), size=draws_for(g)).astype(np.float64)
        low, high = spread((weights @ totals) / (weights @ sizes))
        return float(low), float(high)
    mean = totals.sum() / sizes.sum()
    error = Z95 * float(np.sqrt(((totals - mean * sizes) ** 2).sum()) / sizes.sum())
    return float(mean - error), float(mean + error)
