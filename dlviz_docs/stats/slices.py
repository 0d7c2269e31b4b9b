"""Which parts of the rows a model gets wrong more often than the rest.

After Chung, Kraska, Polyzotis, Tae and Whang, "Slice Finder: automated data slicing for model validation", 2019: a
beam search over conditions and pairs of them; every slice that was tested counts when false findings are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.fdr import FALSE_SHARE, q_values
from dlviz_docs.stats.paired import two_shares

__all__ = ["LEAST_EFFECT", "LEAST_ROWS", "Facet", "Slice", "parts_of_numbers", "weak_slices"]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.int32]

LEAST_ROWS = 30
LEAST_SHARE = 0.01
"""Of all rows: slices smaller than both are not looked at."""
LEAST_EFFECT = 0.02
"""Difference of accuracies below which a slice is not worth a line, however certain."""
EXTRA_EFFECT = 0.2
"""By how much a pair of conditions must be worse than each of them alone."""
BEAM = 10
"""Conditions that are combined with others."""
_MOST_LEVELS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Facet:
    """One way to part the rows."""

    name: str
    codes: Codes
    """Shape (n,): place in `levels`, negative for none."""
    levels: tuple[str, ...]
    """The condition in words: "= night", "< 3.2"."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows that meet one or two conditions."""

    conditions: tuple[tuple[int, int], ...]
    """Facet and level of each."""
    n: int
    wrong: int
    inside: float
    """Share that is right."""
    outside: float
    """Of all other rows."""
    p: float
    q: float = np.nan

    @property
    def effect(self) -> float:
        """How much worse it is than the rest."""
        return self.outside - self.inside


def parts_of_numbers(values: Floats) -> tuple[Codes, Floats, bool] | None:
    """Part of each value, where the parts begin, and whether each part is one value; None for a constant.

    Four parts with equally many rows, or the values themselves where they are few. The first of four begins below all
    that is told: three beginnings, or fewer where values repeat. -1 for a value that is not finite.
    """
    finite = np.isfinite(values)
    known = values[finite]
    if not len(known) or known.min() == known.max():
        return None
    head = np.unique(known[:2000])
    distinct = np.unique(known) if len(head) <= 6 else head
    if len(distinct) <= 6:
        codes = np.where(finite, np.searchsorted(distinct, np.where(finite, values, distinct[0])), -1)
        return codes.astype(np.int32), distinct, True
    edges = np.unique(np.partition(known, q := [len(known) * i // 4 for i in (1, 2, 3)])[q])
    if edges[0] == known.min():
        edges = edges[1:]
    if not len(edges):  # three quarters of them are the least value
        edges = known[known > known.min()].min(keepdims=True)
    codes = np.where(finite, np.searchsorted(edges, np.where(finite, values, 0.0), side="right"), -1)
    return codes.astype(np.int32), edges, False


def weak_slices(facets: Sequence[Facet], wrong: Bools) -> tuple[tuple[Slice, ...], int]:
    """Slices in which more is wrong than outside, the greatest loss first, and how many were tested.

    Two conditions are told only where they are at least a fifth worse than each alone, and certainly worse than the
    rest of each.
    """
    n, errors = len(wrong), int(wrong.sum())
    least = max(LEAST_ROWS, int(np.ceil(LEAST_SHARE * n)))
    if not errors or errors == n or n < 2 * least:
        return (), 0
    rows = np.flatnonzero(wrong)
    every = np.arange(n)
    singles = [
        one for place, facet in enumerate(facets) for one in _cut(place, facet, every, rows, (n, errors), least, ())
    ]
    beam = sorted((one for one in singles if one.effect > 0), key=lambda one: one.p)[:BEAM]
    alone = {one.conditions[0]: one for one in singles}
    pairs: dict[tuple[tuple[int, int], ...], Slice] = {}
    for start in beam:
        ((first, level),) = start.conditions
        inside = np.flatnonzero(facets[first].codes == level)
        bad = inside[wrong[inside]]
        for place, facet in enumerate(facets):
            if place != first:
                for one in _cut(place, facet, inside, bad, (n, errors), least, start.conditions):
                    pairs[one.conditions] = replace(one, p=max(one.p, _within(one, alone)))
    tested = [*singles, *pairs.values()]
    judged = [replace(one, q=float(q)) for one, q in zip(tested, q_values([one.p for one in tested]), strict=True)]
    found = [one for one in judged if one.q < FALSE_SHARE and one.effect >= LEAST_EFFECT and _adds(one, alone)]
    found.sort(key=lambda one: (-one.effect * one.n, one.conditions))
    return tuple(_without_doubles(found)), len(tested)


def _cut(
    place: int,
    facet: Facet,
    inside: NDArray[np.intp],
    bad: NDArray[np.intp],
    totals: tuple[int, int],
    least: int,
    given: tuple[tuple[int, int], ...],
) -> Iterator[Slice]:
    """The slices of some rows by one facet's levels, each tested against all rows outside it."""
    n, errors = totals
    size = len(facet.levels)
    whole = len(inside) == n
    counts = np.bincount((facet.codes if whole else facet.codes[inside]) + 1, minlength=size + 1)[1:]
    misses = np.bincount(facet.codes[bad] + 1, minlength=size + 1)[1:]
    large = np.flatnonzero((counts >= least) & (n - counts >= least))
    if given:
        large = large[counts[large] < len(inside)]
    for level in large[np.argsort(-counts[large], kind="stable")][:_MOST_LEVELS]:
        count, wrong = int(counts[level]), int(misses[level])
        rest, others = n - count, errors - wrong
        yield Slice(
            tuple(sorted([*given, (place, int(level))])),
            count,
            wrong,
            1 - wrong / count,
            1 - others / rest,
            two_shares(wrong, count, others, rest),
        )


def _within(one: Slice, alone: Mapping[tuple[int, int], Slice]) -> float:
    """The greater p-value that a pair is no worse than the rest of either of its conditions.

    Without it every pair with a weak condition would be certain, and would vouch for others among all that are tested.
    """
    parents = [alone[condition] for condition in one.conditions if condition in alone]
    return max((two_shares(one.wrong, one.n, each.wrong - one.wrong, each.n - one.n) for each in parents), default=0.0)


def _adds(one: Slice, alone: Mapping[tuple[int, int], Slice]) -> bool:
    if len(one.conditions) == 1:
        return True
    effects = [alone[condition].effect for condition in one.conditions if condition in alone]
    return one.effect >= (1 + EXTRA_EFFECT) * max([*effects, 0.0])


def _without_doubles(found: Sequence[Slice]) -> Iterator[Slice]:
    """Two columns that say the same give the same slice twice: the one with fewer conditions stays."""
    seen: dict[tuple[int, int], Slice] = {}
    for one in sorted(found, key=lambda one: (len(one.conditions), one.conditions)):
        seen.setdefault((one.n, one.wrong), one)
    yield from (one for one in found if seen[one.n, one.wrong] is one)
