"""How far two splits of one column lie apart: first how much, then how improbable, then which way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.summary import Ordered, quantile
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
def number_drift(ordered: Ordered, split: NDArray[Any], splits: int, reference: int = 0) -> list[Drift]:
    """Each other split that has enough values against the reference; none where that has too few.

    W1: Vallender, Theory of Probability and Its Applications 18, 1974. `split` has shape (n,), negative for no split.
    """
    member = split[ordered.order]
    sizes = np.bincount(member + 1, minlength=splits + 1)[1:]
    if sizes[reference] < FEWEST_ROWS:
        return []
    base = ordered.values[member == reference]
    spread = float(np.std(base / 1e150, ddof=1)) * 1e150 if abs(base).max() > 1e150 else float(base.std(ddof=1))
    ends = np.append(ordered.starts[1:], len(member)) - 1
    gaps = np.diff(ordered.values[ends])
    rising = _share_up_to(member, reference, ends, int(sizes[reference]))
    found = []
    for other in range(splits):
        n = int(sizes[other])
        if other == reference or n < FEWEST_ROWS:
            continue
        apart = np.abs(_share_up_to(member, other, ends, n) - rising)
        ks = float(apart.max())
        w1 = float(np.dot(apart[:-1], gaps)) / spread if spread > 0 else math.nan
        values = ordered.values[member == other]
        shift = (quantile(values, 0.5) - quantile(base, 0.5)) / spread if spread > 0 else math.nan
        p = kolmogorov_tail(ks, int(sizes[reference]), n)
        stability = _binned_psi(base, values)
        # A reference that does not vary has no unit to measure in: then the cumulative distance is what is left.
        effect = w1 if math.isfinite(w1) else ks
        found.append(Drift(other, n, int(sizes[reference]), effect, p, w1=w1, ks=ks, psi=stability, shift=shift))
    return found


def _share_up_to(member: NDArray[Any], split: int, ends: NDArray[np.intp], n: int) -> Floats:
    """Of the split's values, how many are at most each distinct value."""
    counted = np.cumsum(member == split, dtype=np.int32)
    reached = counted if len(ends) == len(counted) else counted[ends]
    return reached.astype(np.float64) / n


def _binned_psi(base: Floats, values: Floats) -> float:
    """In ten bins that each hold a tenth of the reference."""
    edges = np.unique([quantile(base, share) for share in np.linspace(0, 1, PSI_BINS + 1)[1:-1]])
    expected = np.diff(np.searchsorted(base, edges, "right"), prepend=0, append=len(base))
    found = np.diff(np.searchsorted(values, edges, "right"), prepend=0, append=len(values))
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
