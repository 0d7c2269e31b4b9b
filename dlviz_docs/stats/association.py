"""How much two columns have to do with each other, whatever their kinds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.tails import chi2_tail, f_tail, t_tail

__all__ = [
    "Grouping",
    "contingency",
    "correlation_p",
    "correlation_ratio",
    "correlations",
    "cramers_v",
    "group_means",
    "leaf_order",
    "ratio_of",
    "sums_by_level",
]

Floats: TypeAlias = NDArray[np.float64]

BLOCK = 1 << 13
"""Rows of one matrix product, so that all columns never stand in memory a second time."""


def correlations(
    columns: Sequence[NDArray[Any]],
    present: Sequence[NDArray[np.bool_] | None],
    units: Sequence[tuple[float, float]] | None = None,
) -> tuple[Floats, Floats]:
    """Pearson's r of every pair of columns over the rows that both have, and their numbers, shape (p, p) each.

    Given ranks (`summary.centred_ranks`) it is Spearman's ρ; where values are missing, ranks are those among all values
    of the column. A column is shape (n,); `present` tells which rows count, None for all; `units` are the mean and the
    deviation of each, unless it is near 0 in the mean already. NaN where either column does not vary.
    """
    p, n = len(columns), len(columns[0]) if len(columns) else 0
    gaps = any(mask is not None for mask in present)
    products, sums, squares, counts = (np.zeros((p, p)) for _ in range(4))
    for start in range(0, n, BLOCK):
        rows = slice(start, start + BLOCK)
        x = np.stack([column[rows] for column in columns]).astype(np.float64, copy=False)
        if units is not None:
            means, deviations = np.array(units).T[:, :, None]
            x = (x - means) / deviations
        if gaps:
            masks = np.stack([np.ones(x.shape[1]) if m is None else m[rows].astype(np.float64) for m in present])
            x = np.where(masks > 0, x, 0.0)
            sums += x @ masks.T
            squares += (x * x) @ masks.T
            counts += masks @ masks.T
        else:
            sums += x.sum(axis=1)[:, None]
            squares += (x * x).sum(axis=1)[:, None]
            counts += x.shape[1]
        products += x @ x.T
    return _correlation(products, sums, squares, counts), counts


@np.errstate(all="ignore")
def _correlation(products: Floats, sums: Floats, squares: Floats, counts: Floats) -> Floats:
    variance = squares - sums * sums / counts
    covariance = products - sums * sums.T / counts
    # What is left of a column that does not vary is rounding.
    variance = np.where(variance > 1e-12 * squares, variance, np.nan)
    return np.clip(covariance / np.sqrt(variance * variance.T), -1, 1)


def correlation_p(r: float, n: float) -> float:
    """Probability of an r as far from 0 if nothing were between them, by Student's t; NaN for fewer than three rows."""
    if n < 3 or math.isnan(r):
        return math.nan
    if abs(r) >= 1:
        return 0.0
    return t_tail(r * math.sqrt((n - 2) / ((1 - r) * (1 + r))), n - 2)


def contingency(first: NDArray[Any], k: int, second: NDArray[Any], r: int) -> NDArray[np.int64]:
    """How often each pair of levels meets, shape (k, r); rows where either is missing (negative) are left out."""
    met = np.bincount((first + 1) * (r + 1) + (second + 1), minlength=(k + 1) * (r + 1))
    return met.reshape(k + 1, r + 1)[1:, 1:].astype(np.int64)


def cramers_v(table: NDArray[Any]) -> tuple[float, float]:
    """Bias-corrected Cramér's V of a table of counts, from 0 to 1, and the p of its χ² test; NaN where not defined.

    Bergsma, "A bias-correction for Cramér's V and Tschuprow's T", Journal of the Korean Statistical Society 42, 2013.
    Levels that do not occur do not count.
    """
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(np.float64)
    k, r = table.shape
    n = table.sum()
    if k < 2 or r < 2 or n < 2:
        return math.nan, math.nan
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / n
    chi2 = float(((table - expected) ** 2 / expected).sum())
    degrees = (k - 1) * (r - 1)
    phi2 = max(0.0, chi2 / n - degrees / (n - 1))
    least = min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1
    value = min(1.0, math.sqrt(phi2 / least)) if least > 0 else math.nan
    return value, chi2_tail(chi2, degrees)


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Rows in k groups, counted once for all the numbers that are asked about them."""

    codes: NDArray[Any]
    """Shape (n,), from 1 to k; 0 for rows of no group."""
    counts: Floats
    """Shape (k + 1,)."""

    @classmethod
    def of(cls, codes: NDArray[Any], k: int) -> Grouping:
        """Of places from 0 to k - 1, negative where missing."""
        shifted = codes + 1
        return cls(shifted, np.bincount(shifted, minlength=k + 1).astype(np.float64))


def group_means(values: Floats, groups: Grouping, present: NDArray[np.bool_] | None) -> tuple[Floats, Floats]:
    """Mean of the values in each group, and how many there are, shape (k,); NaN for an empty group.

    Values are finite where `present`, else 0.
    """
    k = len(groups.counts)
    counts = groups.counts if present is None else np.bincount(groups.codes, present, minlength=k)
    sums = np.bincount(groups.codes, values, minlength=k)
    means: Floats = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).astype(np.float64, copy=False)
    return means[1:], counts[1:].astype(np.float64, copy=False)


def correlation_ratio(values: Floats, groups: Grouping, present: NDArray[np.bool_] | None) -> tuple[float, float, int]:
    """η, the share of a number's spread that its group explains, as a root; the p of the F test; and n.

    Fisher, "Statistical Methods for Research Workers", 1925. `values` has shape (n,), 0 where not `present`. NaN
    where a single group, or no spread, is left.
    """
    means, counts = group_means(values, groups, present)
    n = int(counts.sum())
    kept = values if n == len(values) else values[groups.codes > 0]
    squares = float(np.einsum("i,i->", kept, kept))  # no np.dot: its threads cost more than they save
    return ratio_of(means, counts, squares)


def ratio_of(means: Floats, counts: Floats, squares: float) -> tuple[float, float, int]:
    """The same from the mean and the number of values in each group, shape (k,), and the sum of all squares."""
    used = counts > 0
    n, k = int(counts.sum()), int(used.sum())
    if k < 2 or n <= k:
        return math.nan, math.nan, n
    means, counts = means[used], counts[used]
    grand = float((means * counts).sum() / n)
    total = squares - n * grand * grand
    between = float((counts * (means - grand) ** 2).sum())
    if not total > 1e-12 * max(squares, 1e-300):
        return math.nan, math.nan, n
    share = min(1.0, between / total)
    if share >= 1 - 1e-12:
        return 1.0, 0.0, n
    return math.sqrt(share), f_tail(share / (k - 1) * (n - k) / (1 - share), k - 1, n - k), n


@np.errstate(all="ignore")
def sums_by_level(
    columns: Sequence[NDArray[Any]],
    present: Sequence[NDArray[np.bool_] | None],
    units: Sequence[tuple[float, float]],
    codes: Sequence[NDArray[Any]],
    sizes: Sequence[int],
) -> tuple[Floats, Floats, Floats]:
    """Sums of p columns, in their units, and how many values there are, at every level of some categories, shape
    (p, levels of all); and the sums of their squares, shape (p,). For few levels: all are one matrix product."""
    which = np.repeat(np.arange(len(sizes)), sizes)
    levels = np.concatenate([np.arange(size, dtype=np.int8) for size in sizes])[:, None]
    narrow = [one.astype(np.int8) for one in codes]
    means, deviations = np.array(units).T[:, :, None]
    gaps = any(mask is not None for mask in present)
    sums, counts, squares = np.zeros((len(columns), len(which))), np.zeros((len(columns), len(which))), np.zeros(1)
    for start in range(0, len(codes[0]), BLOCK):
        rows = slice(start, start + BLOCK)
        x = (np.stack([column[rows] for column in columns]) - means) / deviations
        hot = (np.stack([one[rows] for one in narrow])[which] == levels).astype(np.float64)
        if gaps:
            masks = np.stack([np.ones(x.shape[1]) if m is None else m[rows].astype(np.float64) for m in present])
            x = np.where(masks > 0, x, 0.0)
            counts += masks @ hot.T
        else:
            counts += hot.sum(axis=1)
        sums += x @ hot.T
        squares = squares + np.einsum("ij,ij->i", x, x)
    return sums, counts, squares


def leaf_order(strength: Floats) -> list[int]:
    """Columns in an order that puts those together that belong together.

    Average linkage on 1 - strength (Sokal and Michener 1958); of two branches the one with the stronger leaf at the
    seam stands beside it. `strength` has shape (p, p), from 0 to 1; NaN counts as 0.
    """
    near = np.nan_to_num(np.abs(strength))
    distance = 1 - (near + near.T) / 2
    p = len(distance)
    np.fill_diagonal(distance, np.inf)
    branches = {place: [place] for place in range(p)}
    for _ in range(p - 1):
        i, j = divmod(int(distance.argmin()), p)
        a, b = len(branches[i]), len(branches[j])
        merged = (a * distance[i] + b * distance[j]) / (a + b)
        distance[i], distance[:, i] = merged, merged
        distance[i, i] = np.inf
        distance[j], distance[:, j] = np.inf, np.inf
        branches[i] = _joined(branches[i], branches.pop(j), near)
    return next(iter(branches.values()), [])


def _joined(first: list[int], second: list[int], near: Floats) -> list[int]:
    ways = [(first, second), (first, second[::-1]), (first[::-1], second), (first[::-1], second[::-1])]
    left, right = max(ways, key=lambda way: near[way[0][-1], way[1][0]])
    return left + right
