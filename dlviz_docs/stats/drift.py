"""How far two splits of one column lie apart: first how much, then how improbable, then which way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.summary import BLOCK, Ordered
from dlviz_docs.stats.tails import chi2_tail, kolmogorov_tail

__all__ = ["FEWEST_ROWS", "Drift", "js_distance", "level_drift", "number_drift", "psi"]

Floats: TypeAlias = NDArray[np.float64]

FEWEST_ROWS = 30
"""Values a split must have before it is compared."""
PSI_BINS = 10
PSI_FLOOR = 1e-4
"""Share that stands for an empty bin."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One split against the reference, in one column. Not defined: NaN."""

    split: int
    """Place among the splits."""
    n: int
    reference_n: int
    effect: float
    """What the column is ranked by: `w1` of numbers, `js` of categories."""
    p: float
    """Of Kolmogorov and Smirnov's test for numbers, of the χ² test of homogeneity for categories."""
    w1: float = math.nan
    """Wasserstein's distance over the reference's standard deviation."""
    ks: float = math.nan
    """Greatest distance of the cumulative distributions."""
    js: float = math.nan
    """Square root of the Jensen-Shannon divergence to base 2, 0 to 1."""
    psi: float = math.nan
    """Population stability index."""
    shift: float = math.nan
    """Of the median, in standard deviations of the reference."""
    level: int = -1
    """Of categories: whose share changes most."""
    share: float = math.nan
    """Of that level, in this split ..."""
    reference_share: float = math.nan
    """... and in the reference."""


@np.errstate(all="ignore")
def number_drift(ordered: Ordered, reached: Sequence[NDArray[np.int32]], reference: int = 0) -> list[Drift]:
    """Each other split that has enough values against the reference; none where that has too few.

    W1: Vallender, Theory of Probability and Its Applications 18, 1974. `reached` is `summary.running` of the splits.
    """
    if not len(ordered.values) or reached[reference][-1] < FEWEST_ROWS:
        return []
    base = _Part(ordered, reached[reference])
    spread = base.deviation()
    ends = ordered.ends
    edges, rising = ordered.values[ends], base.reached[ends]
    found = []
    for split, counted in enumerate(reached):
        other = _Part(ordered, counted)
        if split == reference or other.n < FEWEST_ROWS:
            continue
        area, ks = _apart(edges, rising, counted[ends])
        w1 = area / spread if spread > 0 else math.nan
        shift = (other.quantile(0.5) - base.quantile(0.5)) / spread if spread > 0 else math.nan
        # A reference that does not vary has no unit to measure in: then the cumulative distance is what is left.
        effect = w1 if math.isfinite(w1) else ks
        p = kolmogorov_tail(ks, base.n, other.n)
        found.append(Drift(split, other.n, base.n, effect, p, w1=w1, ks=ks, psi=_binned_psi(base, other), shift=shift))
    return found


def _apart(edges: Floats, first: NDArray[np.int32], second: NDArray[np.int32]) -> tuple[float, float]:
    """Area between two cumulative distributions, and their greatest distance, from counts up to each edge."""
    area = greatest = 0.0
    m, n = 1 / int(first[-1]), 1 / int(second[-1])
    for start in range(0, len(edges), BLOCK):
        part = slice(start, start + BLOCK)
        apart = np.abs(first[part] * m - second[part] * n)
        greatest = max(greatest, float(apart.max()))
        gaps = np.diff(edges[start : start + BLOCK + 1])
        area += float(np.einsum("i,i->", apart[: len(gaps)], gaps))
    return area, greatest


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """The values of one split within the order of all."""

    ordered: Ordered
    reached: NDArray[np.int32]

    @property
    def n(self) -> int:
        return int(self.reached[-1])

    def value(self, rank: int) -> float:
        place = np.searchsorted(self.reached, np.int32(rank + 1))  # a plain integer would copy them all
        return float(self.ordered.values[place])

    def quantile(self, share: float) -> float:
        place = share * (self.n - 1)
        low, high = self.value(int(place)), self.value(min(int(place) + 1, self.n - 1))
        return low + (place - int(place)) * (high - low)

    def up_to(self, edges: list[float]) -> NDArray[np.int32]:
        """How many values are at most each edge."""
        places = np.searchsorted(self.ordered.values, edges, "right") - 1
        return np.where(places >= 0, self.reached[places], 0)

    def deviation(self) -> float:
        """Standard deviation."""
        values = self.ordered.values
        unit = 1e150 if abs(values[0]) > 1e150 or abs(values[-1]) > 1e150 else 1.0
        middle, total, squares = self.quantile(0.5) / unit, 0.0, 0.0
        for start in range(0, len(values), BLOCK):
            before = self.reached[start - 1 : start] if start else 0
            own = np.diff(self.reached[start : start + BLOCK], prepend=before) > 0
            part = values[start : start + BLOCK][own] / unit - middle
            total += float(part.sum())
            squares += float(np.einsum("i,i->", part, part))
        return math.sqrt(max(0.0, squares - total * total / self.n) / (self.n - 1)) * unit


def _binned_psi(base: _Part, other: _Part) -> float:
    """In ten bins that each hold a tenth of the reference."""
    edges = sorted({base.quantile(share) for share in np.linspace(0, 1, PSI_BINS + 1)[1:-1]})
    expected = np.diff(base.up_to(edges), prepend=0, append=base.n)
    found = np.diff(other.up_to(edges), prepend=0, append=other.n)
    return psi(expected, found)


def psi(reference: NDArray[Any], counts: NDArray[Any]) -> float:
    """Population stability index Σ(p - q)·ln(p / q) of two tables of counts; 0.1 is a change, 0.25 a great one.

    Siddiqi, "Credit Risk Scorecards", 2006. NaN where either is empty.
    """
    if not reference.sum() or not counts.sum():
        return math.nan
    q = np.maximum(reference / reference.sum(), PSI_FLOOR)
    p = np.maximum(counts / counts.sum(), PSI_FLOOR)
    return float(((p - q) * np.log(p / q)).sum())


def js_distance(reference: NDArray[Any], counts: NDArray[Any]) -> float:
    """Jensen-Shannon distance of two tables of counts, 0 for equal shares to 1 for nothing in common; NaN where empty.

    Endres and Schindelin, IEEE Transactions on Information Theory 49, 2003; logarithms to base 2.
    """
    if not reference.sum() or not counts.sum():
        return math.nan
    p, q = reference / reference.sum(), counts / counts.sum()
    middle = (p + q) / 2
    total = sum(float((side[side > 0] * np.log2(side[side > 0] / middle[side > 0])).sum()) for side in (p, q))
    return math.sqrt(min(1.0, max(0.0, total / 2)))


def level_drift(table: NDArray[Any], reference: int = 0) -> list[Drift]:
    """Each other split that has enough rows against the reference. `table` has shape (splits, levels): counts."""
    sizes = table.sum(axis=1)
    base = table[reference]
    if sizes[reference] < FEWEST_ROWS:
        return []
    found = []
    for other, n in enumerate(sizes.tolist()):
        if other == reference or n < FEWEST_ROWS:
            continue
        shares, wanted = table[other] / n, base / sizes[reference]
        level = int(np.abs(shares - wanted).argmax())
        js = js_distance(base, table[other])
        found.append(
            Drift(
                other,
                n,
                int(sizes[reference]),
                js,
                _homogeneity(np.stack([base, table[other]])),
                js=js,
                psi=psi(base, table[other]),
                level=level,
                share=float(shares[level]),
                reference_share=float(wanted[level]),
            )
        )
    return found


def _homogeneity(table: NDArray[Any]) -> float:
    used = table[:, table.sum(axis=0) > 0].astype(np.float64)
    expected = used.sum(axis=1, keepdims=True) * used.sum(axis=0, keepdims=True) / used.sum()
    return chi2_tail(float(((used - expected) ** 2 / expected).sum()), used.shape[1] - 1)
