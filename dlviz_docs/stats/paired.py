"""Two models on the same rows: whether one is better, or only luckier."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.bootstrap import mean_interval, redrawn, spread
from dlviz_docs.stats.tails import t_reach, t_tail

__all__ = ["by_draws", "difference", "fisher", "holm", "mcnemar", "mean_difference", "student", "two_shares"]

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p-value that both are right equally often, from the rows that only one gets right; 1 without any.

    Exact: McNemar, "Note on the sampling error of the difference between correlated proportions", 1947, with the
    binomial distribution in place of its limit.
    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    if n == 0 or only_first == only_second:
        return 1.0
    i = np.arange(1, fewer + 1)
    logs = np.r_[0.0, np.cumsum(np.log((n - i + 1) / i))] - n * math.log(2)
    return min(1.0, 2 * float(np.exp(logs).sum()))


def holm(p: Floats) -> Floats:
    """Adjusted p-values of several tests: at most a share p of such families has one false finding.

    Holm, "A simple sequentially rejective multiple test procedure", 1979. NaN is no test.
    """
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1.0)
    return adjusted


def difference(
    first: Bools, second: Bools, groups: NDArray[np.intp] | None = None, *, seed: int = 0
) -> tuple[float, float, float]:
    """How much more often the first is right, and the 95 % interval by paired bootstrap; NaN without rows."""
    n = len(first)
    if not n:
        return np.nan, np.nan, np.nan
    outcome = first.astype(np.intp) * 2 + second  # 2: only the first, 1: only the second
    counts = np.bincount(outcome, minlength=4)
    drawn = redrawn(counts, members=None if groups is None else (outcome, groups), seed=seed)
    totals = drawn.sum(axis=1)
    low, high = spread((drawn[:, 2] - drawn[:, 1]) / np.maximum(totals, 1))
    return float(counts[2] - counts[1]) / n, float(low), float(high)


def mean_difference(
    first: Floats, second: Floats, groups: NDArray[np.intp] | None = None
) -> tuple[float, float, float]:
    """Mean of the first less that of the second, row by row, and its 95 % interval; NaN without rows."""
    gaps = first - second
    if not len(gaps):
        return np.nan, np.nan, np.nan
    return (float(gaps.mean()), *mean_interval(gaps, groups=groups))


def by_draws(value: float, draws: Floats, n: int) -> tuple[float, float, float]:
    """95 % interval of a difference, and the two-sided p-value that there is none, from its resamples, shape (b,).

    `value` less or plus Student's t times the spread of the draws of n items: it takes far fewer draws than quantiles,
    and p may be smaller than one over their number. Efron and Tibshirani, "An Introduction to the Bootstrap", 1993,
    chapters 6 and 12. NaN where fewer than half of the draws are defined.
    """
    known = draws[np.isfinite(draws)]
    if n < 2 or len(known) < 2 or 2 * len(known) < len(draws):
        return np.nan, np.nan, np.nan
    return student(value, float(known.std()) * math.sqrt(n / (n - 1)), n)


def student(value: float, error: float, n: int) -> tuple[float, float, float]:
    """Interval and p-value of a mean of n items with this standard error; NaN for fewer than two."""
    if n < 2 or not (math.isfinite(value) and math.isfinite(error)):
        return np.nan, np.nan, np.nan
    if error <= 1e-12:  # all draws are the same: rounding is no difference
        return value, value, 1.0 if abs(value) <= 1e-12 else 0.0
    reach = t_reach(n - 1) * error
    return value - reach, value + reach, t_tail(value / error, n - 1)


def two_shares(hits: int, n: int, others: int, rest: int) -> float:
    """Two-sided p-value that `hits` of `n` and `others` of `rest` are the same share; 1 where nothing can tell.

    Normal where all expected counts are 5 or more (Cochran, 1954), else Fisher's exact test.
    """
    total, found = n + rest, hits + others
    if not n or not rest or found in (0, total):
        return 1.0
    share = found / total
    if min(n, rest) * min(share, 1 - share) < 5:
        return fisher(hits, n, others, rest)
    z = (hits / n - others / rest) / math.sqrt(share * (1 - share) * (1 / n + 1 / rest))
    return math.erfc(abs(z) / math.sqrt(2))


def fisher(hits: int, n: int, others: int, rest: int) -> float:
    """The same, exactly: the chance of all tables as improbable as this one, given the totals.

    Fisher, "The design of experiments", 1935.
    """
    found = hits + others
    least, most = max(0, found - rest), min(n, found)
    base = _choose(n + rest, found)
    logs = np.array([_choose(n, i) + _choose(rest, found - i) - base for i in range(least, most + 1)])
    return min(1.0, float(np.exp(logs[logs <= logs[hits - least] + 1e-7]).sum()))


def _choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
