"""Every pair of columns of a data set: how strongly they hang together, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.association import (
    Grouping,
    contingency,
    correlation_p,
    correlation_ratio,
    correlations,
    cramers_v,
    ratio_of,
    sums_by_level,
)
from dlviz_docs.stats.columns import ColumnStats
from dlviz_docs.stats.fdr import q_values

__all__ = ["MOST_LEVELS", "Pair", "Relations", "relations"]

Floats: TypeAlias = NDArray[np.float64]
Measure = Literal["Spearman’s ρ", "Cramér’s V", "correlation ratio η"]

FEW_LEVELS = 64
"""Of all categories together, up to which one matrix product is faster than counting each of them."""
MOST_LEVELS = 100
"""Levels from which on a category is more of a name, and has no associations."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns, by their places among those given."""

    first: int
    second: int
    strength: float
    """Signed between numbers; else from 0 to 1."""
    p: float
    q: float
    """After Benjamini and Hochberg over all pairs."""
    n: int
    """Rows that have both."""
    measure: Measure
    pearson: float = math.nan


@dataclass(frozen=True, slots=True, eq=False)
class Relations:
    """Of p columns."""

    places: tuple[int, ...]
    """Which of the columns given are compared, ascending."""
    strength: Floats
    """Shape (p, p); NaN where not defined."""
    pearson: Floats
    """Shape (p, p); NaN unless both are numbers."""
    pairs: tuple[Pair, ...]
    """Those that are defined, strongest first."""
    left: int
    """Columns that vary and are not compared, since there are too many."""

    def of(self, place: int) -> dict[int, Pair]:
        """The pairs of one of the columns given, by the other."""
        return {(p.second if p.first == place else p.first): p for p in self.pairs if place in (p.first, p.second)}


@np.errstate(all="ignore")
def relations(columns: Sequence[ColumnStats], first: int = -1, most: int = 60) -> Relations:
    """Spearman's ρ, bias-corrected Cramér's V and η, whichever fits, over all rows.

    `first` is a column that is compared whatever their number: the target. Columns that do not vary, and categories of
    more than 100 levels, have no associations.
    """
    fit = [place for place, column in enumerate(columns) if _varies(column)]
    kept = sorted(sorted(fit, key=lambda place: place != first)[:most])
    p = len(kept)
    strength, pearson, ps, counts = (np.full((p, p), np.nan) for _ in range(4))
    np.fill_diagonal(strength, 1.0)
    numbers = [i for i, place in enumerate(kept) if columns[place].ranks is not None]
    categories = [i for i in range(p) if i not in set(numbers)]
    _between_numbers([columns[kept[i]] for i in numbers], numbers, strength, pearson, ps, counts)
    codes = {i: columns[kept[i]].feature.values for i in categories}
    sizes = {i: len(columns[kept[i]].feature.levels) for i in categories}
    for at, i in enumerate(categories):
        for j in categories[:at]:
            table = contingency(codes[i], sizes[i], codes[j], sizes[j])
            _put((strength, ps, counts), i, j, (*cramers_v(table), int(table.sum())))
    quick = [j for j in categories if columns[kept[j]].present is None]
    if sum(sizes[j] for j in quick) > FEW_LEVELS:
        quick = []
    if numbers and quick:
        _ratios_at_once(columns, kept, numbers, quick, (strength, ps, counts))
    groups = {j: Grouping.of(codes[j], sizes[j]) for j in categories if j not in quick}
    for i in numbers if groups else ():
        column = columns[kept[i]]
        values = _standardised(column)
        for j in groups:
            _put((strength, ps, counts), i, j, correlation_ratio(values, groups[j], column.present))
    return Relations(
        tuple(kept), strength, pearson, _pairs(kept, set(numbers), strength, pearson, ps, counts), len(fit) - p
    )


def _ratios_at_once(
    columns: Sequence[ColumnStats], kept: list[int], numbers: list[int], categories: list[int], into: tuple[Floats, ...]
) -> None:
    """η of every number with every category, none of which is missing anywhere."""
    own = [columns[kept[i]] for i in numbers]
    levels = [columns[kept[j]].feature for j in categories]
    sums, counts, squares = sums_by_level(
        [column.feature.values for column in own],
        [column.present for column in own],
        [(column.numbers.mean, column.numbers.sd) for column in own if column.numbers is not None],
        [feature.values for feature in levels],
        [len(feature.levels) for feature in levels],
    )
    ends = np.cumsum([len(feature.levels) for feature in levels])[:-1]
    for at, i in enumerate(numbers):
        parts = zip(np.split(sums[at], ends), np.split(counts[at], ends), categories, strict=True)
        for total, n, j in parts:
            _put(into, i, j, ratio_of(total / np.maximum(n, 1), n, float(squares[at])))


def _varies(column: ColumnStats) -> bool:
    if column.levels is not None:
        return column.distinct >= 2 and len(column.feature.levels) <= MOST_LEVELS
    return column.ranks is not None and column.numbers is not None and 0 < column.numbers.sd < math.inf


def _standardised(column: ColumnStats) -> Floats:
    numbers = column.numbers
    if numbers is None:
        return np.zeros(column.n)
    values: Floats = (column.feature.values.astype(np.float64, copy=False) - numbers.mean) / numbers.sd
    return values if column.present is None else np.where(column.present, values, 0.0)


def _put(into: tuple[Floats, ...], i: int, j: int, values: tuple[float, ...]) -> None:
    for matrix, value in zip(into, values, strict=True):
        matrix[i, j] = matrix[j, i] = value


def _between_numbers(columns: list[ColumnStats], at: list[int], *into: Floats) -> None:
    if len(columns) < 2:
        return
    strength, pearson, ps, counts = into
    present = [column.present for column in columns]
    block = np.ix_(at, at)
    ranks = [column.ranks for column in columns if column.ranks is not None]
    strength[block], counts[block] = correlations(ranks, present)
    units = [(column.numbers.mean, column.numbers.sd) for column in columns if column.numbers is not None]
    pearson[block], _ = correlations([column.feature.values for column in columns], present, units)
    for i in at:
        for j in at:
            if i < j:
                ps[i, j] = ps[j, i] = correlation_p(float(strength[i, j]), float(counts[i, j]))


def _pairs(kept: list[int], numbers: set[int], *found: Floats) -> tuple[Pair, ...]:
    strength, pearson, ps, counts = found
    places = [(i, j) for i in range(len(kept)) for j in range(i + 1, len(kept)) if not math.isnan(strength[i, j])]
    qs = q_values([ps[place] for place in places])
    pairs = [
        Pair(
            kept[i],
            kept[j],
            float(strength[i, j]),
            float(ps[i, j]),
            float(q),
            int(counts[i, j]),
            _measure(i in numbers, j in numbers),
            float(pearson[i, j]),
        )
        for (i, j), q in zip(places, qs, strict=True)
    ]
    return tuple(sorted(pairs, key=lambda pair: (-abs(pair.strength), pair.first, pair.second)))


def _measure(first: bool, second: bool) -> Measure:
    if first and second:
        return "Spearman’s ρ"
    return "correlation ratio η" if first or second else "Cramér’s V"
