"""Pictures as numbers: which are odd among the others, and whether a measure tells groups apart."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.robust import NORMAL_MAD, median

__all__ = ["eta_squared", "far_out", "right_by_nearest_mean", "robust_z", "standardised_shift"]

Floats: TypeAlias = NDArray[np.float64]


def eta_squared(values: Floats, codes: NDArray[Any], groups: int) -> float:
    """Share of the variance that lies between groups, corrected for what chance alone puts there; 0 at least.

    Kelley's epsilon squared, PNAS 21, 1935: eta squared shrunk by the degrees of freedom. Rows that are not finite or
    in no group are left out; NaN without two groups, without variance, or with no more rows than groups.
    """
    kept = np.isfinite(values) & (codes >= 0)
    y, g = values[kept], codes[kept]
    counts = np.bincount(g, minlength=groups).astype(np.float64)
    present = counts > 0
    k, n = int(present.sum()), len(y)
    if k < 2 or n <= k:
        return float("nan")
    peak = float(np.abs(y).max())
    if not peak > 0:
        return float("nan")
    y = y / peak
    y = y - y.mean()
    total = float(y @ y)
    if not total > 1e-18 * n:
        return float("nan")
    sums = np.bincount(g, weights=y, minlength=groups)[present]
    between = float((sums**2 / counts[present]).sum())
    within = (total - between) / (n - k)
    return float(np.clip((between - (k - 1) * within) / total, 0.0, 1.0))


def right_by_nearest_mean(values: Floats, codes: NDArray[Any], groups: int) -> float:
    """Share of rows whose own group has the nearest mean, the row itself left out of its mean; NaN without two groups.

    Nearest-centroid classification (Tibshirani et al., PNAS 99, 2002, without shrinkage), left one out. A group of one
    row is no choice for that row.
    """
    kept = np.isfinite(values) & (codes >= 0)
    present, g = np.unique(codes[kept], return_inverse=True)
    y = values[kept]
    if len(present) < 2:
        return float("nan")
    counts = np.bincount(g).astype(np.float64)
    means = np.bincount(g, weights=y) / counts
    others = counts[g] - 1
    own = np.divide(means[g] * counts[g] - y, others, out=np.full(len(y), np.inf), where=others > 0)
    order = np.argsort(means, kind="stable")
    return float(np.mean(np.abs(y - own) < _nearest_other(y, g, means, order)))


def _nearest_other(y: Floats, g: NDArray[np.intp], means: Floats, order: NDArray[np.intp]) -> Floats:
    """Distance of each row to the nearest mean of another group than its own."""
    ordered = np.concatenate([[-np.inf], means[order], [np.inf]])
    names = np.concatenate([[-1], order, [-1]])
    at = np.searchsorted(ordered[1:-1], y) + 1  # the first mean that is not below
    below, above = at - 1, at
    below = np.where(names[below] == g, below - 1, below).clip(0)
    above = np.where(names[above] == g, above + 1, above).clip(max=len(ordered) - 1)
    nearest: Floats = np.minimum(y - ordered[below], ordered[above] - y)
    return nearest


def standardised_shift(values: Floats, reference: Floats) -> float:
    """Difference of the means over the pooled standard deviation (Cohen's d); NaN without variance or two rows each."""
    a, b = values[np.isfinite(values)], reference[np.isfinite(reference)]
    if len(a) < 2 or len(b) < 2 or not (peak := float(max(np.abs(a).max(), np.abs(b).max()))) > 0:
        return float("nan")
    a, b = a / peak, b / peak
    pooled = ((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(a) + len(b) - 2)
    return float((a.mean() - b.mean()) / pooled**0.5) if pooled > 1e-18 else float("nan")


def robust_z(values: Floats) -> Floats:
    """Deviation from the median in units of 1.4826 MAD (Iglewicz and Hoaglin 1993); zeros where the MAD is 0.

    NaN stays NaN.
    """
    known = values[np.isfinite(values)]
    if not len(known):
        return np.full(len(values), np.nan)
    middle = median(known)
    scale = NORMAL_MAD * median(np.abs(known - middle))
    if not scale > 0:
        return np.where(np.isfinite(values), 0.0, np.nan)
    z: Floats = np.where(np.isfinite(values), (values - middle) / scale, np.nan)
    return z


def far_out(values: Floats, factor: float = 3.0) -> NDArray[np.bool_]:
    """Which values lie more than `factor` interquartile ranges beyond the quartiles (Tukey 1977: "far out")."""
    known = values[np.isfinite(values)]
    if not len(known):
        return np.zeros(len(values), dtype=np.bool_)
    low, high = np.quantile(known, [0.25, 0.75])
    reach = factor * (high - low)
    out: NDArray[np.bool_] = np.isfinite(values) & ((values < low - reach) | (values > high + reach))
    return out
