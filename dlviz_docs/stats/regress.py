"""How far predicted numbers are from true ones, and what the errors hang on. Arrays are finite, shape (n,)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.bootstrap import DRAWS, draws_for, mean_interval, spread
from dlviz_docs.stats.intervals import Z95
from dlviz_docs.stats.tails import chi2_tail

__all__ = [
    "Bins",
    "Estimate",
    "breusch_pagan",
    "explained",
    "in_bins",
    "mean_absolute",
    "median_absolute",
    "normal_quantiles",
    "relative",
    "root_mean_square",
]

Floats: TypeAlias = NDArray[np.float64]
Groups: TypeAlias = NDArray[np.intp] | None
Estimate: TypeAlias = tuple[float, float, float]
"""Value and ends of its 95 % interval; NaN where not defined."""

_MANY = 2000
"""Rows, or groups, from which on intervals need no draws: the sums are as good as normal."""
NEAR_ZERO = 0.01
"""Of the mean absolute truth: relative errors of smaller true values say nothing."""
_NONE = (np.nan, np.nan, np.nan)


@np.errstate(all="ignore")
def mean_absolute(errors: Floats, groups: Groups = None) -> Estimate:
    """MAE; whole groups are drawn where rows belong together."""
    if not len(errors):
        return _NONE
    absolute = np.abs(errors)
    return float(absolute.mean()), *mean_interval(absolute, groups=groups)


@np.errstate(all="ignore")
def root_mean_square(errors: Floats, groups: Groups = None) -> Estimate:
    """RMSE."""
    if not len(errors):
        return _NONE
    squares = errors * errors
    value, low, high = float(squares.mean()), *mean_interval(squares, groups=groups)
    return value**0.5, max(low, 0.0) ** 0.5 if low == low else low, high**0.5


@np.errstate(all="ignore")
def relative(truth: Floats, errors: Floats, groups: Groups = None) -> tuple[Estimate, int]:
    """MAPE as a share, over true values that are not near zero, and how many those are."""
    if not len(truth):
        return _NONE, 0
    kept = np.abs(truth) > NEAR_ZERO * np.abs(truth).mean()
    shares = np.abs(errors[kept] / truth[kept])
    if not len(shares):
        return _NONE, 0
    own = None if groups is None else np.unique(groups[kept], return_inverse=True)[1]
    return (float(shares.mean()), *mean_interval(shares, groups=own)), len(shares)


@np.errstate(all="ignore")
def median_absolute(errors: Floats, *, seed: int = 0) -> Estimate:
    """Median absolute error. Many rows: the interval between order statistics (Conover, 1999, section 3.2)."""
    n = len(errors)
    if not n:
        return _NONE
    absolute = np.abs(errors)
    value = float(np.median(absolute))
    if n < 2:
        return value, np.nan, np.nan
    if n < _MANY:
        drawn = absolute[np.random.default_rng(seed).integers(0, n, (DRAWS, n))]
        low, high = spread(np.median(drawn, axis=1))
        return value, float(low), float(high)
    return value, *_median_ends(np.sort(absolute))


def _median_ends(ascending: Floats) -> tuple[float, float]:
    n = len(ascending)
    half = Z95 * n**0.5 / 2
    low, high = max(0, int(np.floor(n / 2 - half))), min(n - 1, int(np.ceil(n / 2 + half)))
    return float(ascending[low]), float(ascending[high])


@np.errstate(all="ignore")
def explained(truth: Floats, errors: Floats, groups: Groups = None, *, seed: int = 0) -> Estimate:
    """R², 1 - Σe² / Σ(y - mean)²; NaN where the truth does not vary.

    Few rows are drawn again; of many the spread follows from each row's influence (Hampel, 1974).
    """
    n = len(truth)
    off = truth - truth.mean() if n else truth
    total, squares = off * off, errors * errors
    if n < 2 or not total.sum() > 1e-24 * max(float((truth * truth).sum()), 1e-300):
        return _NONE
    value = 1 - float(squares.sum() / total.sum())
    columns = np.stack([squares, total, off, np.ones(n)])
    if groups is not None:
        columns = np.stack([np.bincount(groups, column) for column in columns])
    units = columns.shape[1]
    if units < 2:
        return value, np.nan, np.nan
    if units < _MANY:
        drawn = np.random.default_rng(seed).integers(0, units, (draws_for(units), units))
        a, b, c, m = (column[drawn].sum(axis=1) for column in columns)
        around = b - c * c / m
        low, high = spread(np.where(around > 0, 1 - a / around, np.nan))
        return value, float(low), float(high)
    influence = ((1 - value) * columns[1] - columns[0]) / total.mean()
    error = Z95 * float(np.sqrt((influence**2).sum())) / n
    return value, value - error, value + error


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Values of y in bins of x with about equally many rows, shape (k,) each."""

    low: Floats
    """Least x of the bin."""
    high: Floats
    count: NDArray[np.int64]
    x: Floats
    """Median of x."""
    mean: Floats
    mean_low: Floats
    """95 % interval of the mean, normal."""
    mean_high: Floats
    median: Floats
    median_low: Floats
    """95 % interval of the median, between order statistics."""
    median_high: Floats


@np.errstate(all="ignore")
def in_bins(x: Floats, y: Floats, most: int = 20, least: int = 10) -> Bins:
    """Equal x stay together; bins have at least `least` rows, so that there may be none."""
    n = len(x)
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    k = int(np.clip(n // least, 0, most))
    edges = np.unique(np.searchsorted(x, x[(np.arange(1, k) * n) // k], "left")) if k else np.zeros(0, np.intp)
    bounds = [0, *edges[edges > 0].tolist(), n] if k else []
    rows = []
    for begin, end in pairwise(bounds):
        part, m = y[begin:end], end - begin
        if m < 2:
            continue
        ascending, error = np.sort(part), Z95 * float(part.std(ddof=1)) / m**0.5
        mean = float(part.mean())
        ends = _median_ends(ascending)
        middle = float(x[(begin + end) // 2])
        rows.append((x[begin], x[end - 1], m, middle, mean, mean - error, mean + error, np.median(part), *ends))
    columns = np.array(rows, np.float64).reshape(-1, 10).T
    return Bins(columns[0], columns[1], columns[2].astype(np.int64), *columns[3:])


@np.errstate(all="ignore")
def breusch_pagan(fitted: Floats, errors: Floats) -> float:
    """p that the spread of the errors does not follow the prediction; NaN for fewer than ten rows or no spread.

    Breusch and Pagan, "A Simple Test for Heteroscedasticity" (1979), without the assumption of normal errors: Koenker,
    "A note on studentizing a test for heteroscedasticity" (1981).
    """
    n = len(fitted)
    x, y = fitted - fitted.mean() if n else fitted, errors * errors
    y = y - y.mean() if n else y
    scale = float(np.sqrt((x * x).sum()) * np.sqrt((y * y).sum())) if n else 0.0
    if n < 10 or not 0 < scale < np.inf:
        return float("nan")
    return chi2_tail(n * (float((x * y).sum()) / scale) ** 2, 1)


def normal_quantiles(values: Floats, points: int = 100) -> tuple[Floats, Floats]:
    """Quantiles of a standard normal distribution, and of the standardised values: a straight line if they are normal.

    Wilk and Gnanadesikan (1968), at (i - 1/2) / k. Nothing for fewer than ten values or none that differ.
    """
    n = len(values)
    with np.errstate(all="ignore"):
        deviation = float(values.std()) if n else 0.0
    if n < 10 or not 0 < deviation < np.inf:
        return np.zeros(0), np.zeros(0)
    k = min(n, points)
    shares = (np.arange(k) + 0.5) / k
    normal = NormalDist()
    theory = np.array([normal.inv_cdf(float(share)) for share in shares])
    return theory, (np.quantile(values, shares) - values.mean()) / deviation
