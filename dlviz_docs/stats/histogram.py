"""Bins of a histogram that a few wild values do not flatten, and what falls into them group by group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.summary import Ordered, quantile

__all__ = ["Bins", "bins_of", "log_bins_of"]

Floats: TypeAlias = NDArray[np.float64]

FEWEST, MOST = 10, 60
"""Bins."""
STRETCH = 3.0
"""How many times longer than the central 98 % the whole range may be before only the centre is drawn."""
CENTRE = 0.01
"""Share of the values beyond either end of the centre, at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Edges that all groups share; the last bin holds its upper edge."""

    edges: Floats
    """Shape (b + 1,)."""
    counts: NDArray[np.int64]
    """Shape (groups, b)."""
    below: int
    """Values less than the first edge, over all groups."""
    above: int


def bins_of(ordered: Ordered, groups: Sequence[NDArray[np.int32]] | None = None, *, whole: bool = False) -> Bins | None:
    """Bins of equal width; None without two different values.

    Width by Freedman and Diaconis, 2·IQR·n^(-1/3) (1981), 10 to 60 bins. Whole numbers get bins of whole widths around
    them. `groups` is `summary.running` of the groups that are told apart.
    """
    ascending = ordered.values
    if ordered.distinct < 2:
        return None
    low, high = _range(ascending)
    edges = _edges(ascending, low, high, whole)
    return None if edges is None else _filled(ordered, edges, groups)


def log_bins_of(ordered: Ordered, groups: Sequence[NDArray[np.int32]] | None = None) -> Bins | None:
    """Bins of equal ratio, for a column of positive numbers over more than two decades; else None."""
    ascending = ordered.values
    if ordered.distinct < 2 or ascending[0] <= 0 or ascending[-1] / ascending[0] < 100:
        return None
    low, high = math.log10(ascending[0]), math.log10(ascending[-1])
    number = int(np.clip(round(2 * len(ascending) ** (1 / 3)), FEWEST, MOST))
    edges = 10 ** np.linspace(low, high, number + 1)
    edges[0], edges[-1] = ascending[0], ascending[-1]
    return _filled(ordered, edges, groups) if (np.diff(edges) > 0).all() else None


def _range(ascending: Floats) -> tuple[float, float]:
    """The ends; where a few values lie far beyond all others, those of the centre and a quarter more on either side."""
    low, high = float(ascending[0]), float(ascending[-1])
    inner_low, inner_high = quantile(ascending, CENTRE), quantile(ascending, 1 - CENTRE)
    span = inner_high - inner_low
    if span <= 0 or not high / 2 - low / 2 > STRETCH * span / 2:
        return low, high
    return max(low, inner_low - span / 4), min(high, inner_high + span / 4)


def _edges(ascending: Floats, low: float, high: float, whole: bool) -> Floats | None:
    span = high - low
    if not 0 < span < math.inf:
        return None
    width = 2 * (quantile(ascending, 0.75) - quantile(ascending, 0.25)) / len(ascending) ** (1 / 3)
    number = int(np.clip(span / width, FEWEST, MOST)) if width > 0 and span / width < MOST else FEWEST
    if not width > 0 or span / width >= MOST:
        number = MOST if len(ascending) >= 10 * MOST else FEWEST
    if whole and max(abs(low), abs(high)) < 2**52:
        step = max(1.0, math.ceil((span + 1) / (number if span >= MOST else MOST)))
        first = math.floor(low) - 0.5
        return first + step * np.arange(math.ceil((high + 0.5 - first) / step) + 1, dtype=np.float64)
    edges: Floats = np.linspace(low, high, number + 1)
    return edges if (np.diff(edges) > 0).all() else None


def _filled(ordered: Ordered, edges: Floats, groups: Sequence[NDArray[np.int32]] | None) -> Bins:
    ascending = ordered.values
    places = np.searchsorted(ascending, edges[:-1], "left")
    places = np.append(places, np.searchsorted(ascending, edges[-1], "right"))
    outside = int(places[0]), len(ascending) - int(places[-1])
    if groups is None:
        return Bins(edges, np.diff(places)[None].astype(np.int64), *outside)
    counts = [np.diff(np.where(places > 0, reached[places - 1], 0)) for reached in groups]
    return Bins(edges, np.array(counts, np.int64), *outside)
