"""Columns of numbers that tell classes apart by a threshold, however they are distributed on either side of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.columns import ColumnStats
from dlviz_docs.stats.separability import auc
from dlviz_docs.stats.summary import centred_ranks, order_of

__all__ = ["LEAST_ROWS", "SEPARATES", "Separator", "separators"]

Floats: TypeAlias = NDArray[np.float64]

SEPARATES = 0.995
"""Area under the ROC curve from which on a threshold makes next to no mistakes."""
LEAST_ROWS, LEAST_OF_SIDE = 30, 10
MOST_CLASSES = 100
_GLANCE, _HOPEFUL = 20_000, 0.97
"""Rows that are looked at first, and the area among them below which all rows are not."""


@dataclass(frozen=True, slots=True)
class Separator:
    """One column."""

    column: int
    """Place among those given."""
    auc: float
    """Mann and Whitney, "On a test of whether one of two random variables is stochastically larger than the other",
    Annals of Mathematical Statistics 18, 1947. Of the two classes, or of those that are nearest to each other."""
    n: int
    level: int
    """The class that is told from all others; -1 where all are told from each other."""


@np.errstate(all="ignore")
def separators(columns: Sequence[ColumnStats], target: ColumnStats) -> list[Separator]:
    """Those that tell all classes apart by thresholds, the surest first, then those that tell one of several."""
    codes, classes = target.feature.values, len(target.feature.levels)
    if target.levels is None or not 2 <= classes <= MOST_CLASSES:
        return []
    found = [
        one
        for place, column in enumerate(columns)
        if column is not target and column.ranks is not None
        for one in _of(place, column, codes, classes, gaps=target.missing > 0)
    ]
    return sorted(found, key=lambda one: (one.level >= 0, -one.auc, one.column))


def _of(place: int, column: ColumnStats, codes: NDArray[Any], classes: int, *, gaps: bool) -> list[Separator]:
    ranks = column.ranks
    if ranks is None:
        return []
    step = max(1, len(codes) // _GLANCE)
    if step > 1:
        counts, means = _by_class(ranks[::step], codes[::step], column.present, classes, step)
        if (counts[counts > 0] >= LEAST_OF_SIDE).all() and not _hopeful(counts, means, column):
            return []
    present = column.present
    if gaps:  # ranks among the rows that have a class
        values = column.feature.values.astype(np.float64)
        values[codes < 0] = np.nan
        ranks, present = centred_ranks(order_of(values)), np.isfinite(values)
    counts, means = _by_class(ranks, codes, present, classes, 1)
    return list(_found(place, column, codes, counts, means))


def _by_class(
    ranks: NDArray[Any], codes: NDArray[Any], present: NDArray[np.bool_] | None, classes: int, step: int
) -> tuple[Floats, Floats]:
    """Rows and mean rank of each class."""
    known = None if present is None else present[::step]
    counts = np.bincount(codes + 1, known, minlength=classes + 1)[1:].astype(np.float64)
    sums = np.bincount(codes + 1, ranks, minlength=classes + 1)[1:]
    return counts, sums / counts


def _areas(counts: Floats, means: Floats, total: float) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """AUC of each cut between classes in the order of their mean ranks, and of each class against the rest.

    Of two sides with mean doubled ranks a and b among n values it is 1/2 + (a - b) / 2n.
    """
    order = np.argsort(means, kind="stable")
    order = order[counts[order] > 0]
    size, sums = counts[order], counts[order] * means[order]
    below, under = np.cumsum(size), np.cumsum(sums)
    n, whole = below[-1], under[-1]
    cuts = 0.5 + ((whole - under) / (n - below) - under / below)[:-1] / (2 * total)
    single = 0.5 + np.abs(sums / size - (whole - sums) / (n - size)) / (2 * total)
    return cuts, single, order


def _hopeful(counts: Floats, means: Floats, column: ColumnStats) -> bool:
    if (counts > 0).sum() < 2 or column.numbers is None:
        return False
    cuts, single, _ = _areas(counts, means, float(column.numbers.count))
    return bool(cuts.min() >= _HOPEFUL or single.max() >= _HOPEFUL)


def _found(place: int, column: ColumnStats, codes: NDArray[Any], counts: Floats, means: Floats) -> list[Separator]:
    n = int(counts.sum())
    if n < LEAST_ROWS or (counts > 0).sum() < 2:
        return []
    cuts, single, order = _areas(counts, means, float(n))
    some = counts[order]
    if cuts.min() >= SEPARATES and some.min() >= LEAST_OF_SIDE:
        area = float(min(1.0, cuts.min()))
        if len(order) > 2:  # classes that are far apart make every cut look good
            area = min(_between(column, codes, a, b) for a, b in pairwise(order.tolist()))
        if area >= SEPARATES:
            return [Separator(place, area, n, -1)]
    if len(order) < 3:
        return []
    clear = np.flatnonzero((single >= SEPARATES) & (some >= LEAST_OF_SIDE))
    return [Separator(place, float(min(1.0, single[at])), n, int(order[at])) for at in clear]


def _between(column: ColumnStats, codes: NDArray[Any], low: int, high: int) -> float:
    values = column.feature.values.astype(np.float64, copy=False)
    rows = ((codes == low) | (codes == high)) & np.isfinite(values)
    return auc(values[rows], codes[rows] == high)[0]
