"""Where an agent has been: which numbers of its observation to draw, how often each cell was seen, how much of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cells", "cells_of", "dependence", "expected_cells", "loop_strength", "most_telling", "spread_of"]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.intp]

BINS = 8
"""Equally full bins of a number whose dependence on an answer is measured."""
MOST_ROWS = 20_000
"""Steps that are looked at to choose; evenly taken."""
EXACT = 1e15
"""Up to here a half can be added to whole numbers."""
BEYOND = 0.5
"""Percent of all steps at either end that fall into the outermost cells, so that a few do not shrink all others."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """A grid over two numbers."""

    x: Floats
    """Edges, shape (a + 1,)."""
    y: Floats
    """Edges, shape (b + 1,)."""
    counts: tuple[NDArray[np.int64], ...]
    """Of each group, shape (a, b): steps seen there."""


def cells_of(groups: Sequence[Floats], bins: int) -> Cells:
    """The points of each group, shape (n, 2), in cells that all share; what is missing is left out.

    Numbers with at most `bins` whole values get a cell each.
    """
    kept = [points[np.isfinite(points).all(axis=1)] for points in groups]
    pooled = np.concatenate(kept)
    x, y = (_edges(pooled[:, place], bins) for place in (0, 1))
    counts = tuple(_counted(points, x, y) for points in kept)
    return Cells(x, y, counts)


def _edges(values: Floats, bins: int) -> Floats:
    if not len(values):
        return np.array([0.0, 1.0])
    if (values == np.round(values)).all() and values.max() - values.min() < bins and abs(values).max() < EXACT:
        return np.arange(values.min() - 0.5, values.max() + 1)
    low, high = np.percentile(values, [BEYOND, 100 - BEYOND])
    if high <= low:
        low, high = float(values.min()), float(values.max())
    if high <= low:
        aside = max(0.5, 1e-6 * abs(low))
        low, high = low - aside, high + aside
    return np.linspace(low, high, bins + 1)


def _counted(points: Floats, x: Floats, y: Floats) -> NDArray[np.int64]:
    columns, rows = (_places(points[:, i], edges) for i, edges in enumerate((x, y)))
    counts = np.bincount(columns * (len(y) - 1) + rows, minlength=(len(x) - 1) * (len(y) - 1))
    return np.asarray(counts.reshape(len(x) - 1, len(y) - 1), np.int64)


def _places(values: Floats, edges: Floats) -> Ints:
    return np.asarray(np.clip(np.searchsorted(edges, values, "right") - 1, 0, len(edges) - 2), np.intp)


def expected_cells(counts: NDArray[np.int64], steps: int) -> float:
    """How many cells so many steps would have seen, drawn from these without replacement: sum of
    1 - C(N - c, n) / C(N, n). Agents that were watched for different times are compared at the shortest.

    Hurlbert, "The nonconcept of species diversity", Ecology 52, 1971.
    """
    from math import lgamma

    seen = counts[counts > 0].ravel()
    total = int(seen.sum())
    if steps >= total:
        return float(len(seen))

    def ways(n: int) -> float:
        return lgamma(n + 1) - lgamma(steps + 1) - lgamma(n - steps + 1) if n >= steps else -np.inf

    whole = ways(total)
    return float(sum(1 - np.exp(ways(total - int(count)) - whole) for count in seen))


def spread_of(counts: NDArray[np.int64]) -> float:
    """exp of Shannon's entropy of the visits: over how many cells they would be spread if all were seen as often
    (Hill, "Diversity and evenness", Ecology 54, 1973); NaN without visits."""
    total = counts.sum()
    if not total:
        return float("nan")
    shares = counts[counts > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))


def most_telling(columns: Floats, answer: NDArray[np.integer] | Floats) -> tuple[int, int] | None:
    """The two columns that tell most about the answer: the first alone, the second beside it.

    `columns` has shape (n, d) with d >= 2, `answer` shape (n,): places of categories, or numbers, which are put into
    equally full bins. By mutual information with Miller and Madow's correction (1955), which does not take the chance
    hits of many cells for knowledge. None where fewer than two columns vary.
    """
    rows = np.linspace(0, len(columns) - 1, min(len(columns), MOST_ROWS)).astype(np.intp)
    codes = [_binned(columns[rows, place]) for place in range(columns.shape[1])]
    varied = [place for place, code in enumerate(codes) if code.max(initial=0) > 0]
    if len(varied) < 2:
        return None
    told = _binned(np.asarray(answer)[rows].astype(np.float64))
    first = max(varied, key=lambda place: dependence(codes[place], told))
    others = [place for place in varied if place != first]
    second = max(others, key=lambda place: dependence(codes[first] * (BINS + 1) + codes[place], told))
    return first, second


def _binned(values: Floats) -> Ints:
    """Places of equally full bins, or of the values themselves where there are few; 0 is missing."""
    known = values[np.isfinite(values)]
    distinct = np.unique(known)
    if len(distinct) <= BINS:
        found = np.searchsorted(distinct, values) + 1
    else:
        inner = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
        found = np.searchsorted(inner, values, "right") + 1
    found = np.where(np.isfinite(values), found, 0)
    return np.asarray(found - found.min() if len(found) else found, np.intp)


def dependence(a: Ints, b: Ints) -> float:
    """Mutual information of two columns of codes in nats, less what chance would give (Miller and Madow)."""
    _, first = np.unique(a, return_inverse=True)
    _, second = np.unique(b, return_inverse=True)
    table = np.zeros((first.max(initial=-1) + 1, second.max(initial=-1) + 1))
    np.add.at(table, (first, second), 1)
    n = table.sum()
    if not n:
        return 0.0
    shares = table / n
    alone = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True)
    seen = shares > 0
    raw = float((shares[seen] * np.log(shares[seen] / alone[seen])).sum())
    extra = (seen.sum() - table.shape[0] - table.shape[1] + 1) / (2 * n)
    return raw - float(extra)


def _autocorrelation(z: Floats, most: int) -> Floats:
    """Mean of z[t] z[t + lag] for each lag from 1 to `most`, by the spectrum: a long episode has too many pairs."""
    size = 1 << int(len(z) + most - 1).bit_length()  # room for the lags, so that no end meets the beginning
    spectrum = np.fft.rfft(z, size)
    sums = np.fft.irfft(spectrum * spectrum.conj(), size)[1 : most + 1]
    return np.asarray(sums / (len(z) - np.arange(1, most + 1)))


def loop_strength(observations: Floats, least: int = 3) -> tuple[float, int]:
    """How much an episode repeats itself, and after how many steps: the highest peak of the autocorrelation of its
    standardised observations beyond lag `least`, up to a third of its length; (0, 0) where there is none.

    `observations` has shape (T, d); numbers that do not vary are left out. A slow drift has no peak: its correlation
    only falls.
    """
    most = len(observations) // 3
    spread = observations.std(axis=0) if len(observations) else np.zeros(0)
    kept = np.isfinite(spread) & (spread > 0)
    if most <= least + 1 or not kept.any():
        return 0.0, 0
    lags = np.arange(1, most + 1)
    columns = (observations[:, place] for place in np.flatnonzero(kept))
    total = sum(_autocorrelation((one - one.mean()) / one.std(), most) for one in columns)
    found = np.asarray(total / kept.sum())
    inner = np.flatnonzero((found[1:-1] >= found[:-2]) & (found[1:-1] > found[2:])) + 1
    peaks = inner[lags[inner] >= least]
    if not len(peaks):
        return 0.0, 0
    best = peaks[found[peaks].argmax()]
    return float(found[best]), int(lags[best])
