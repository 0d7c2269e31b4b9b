"""One column in a few numbers. A column of numbers is sorted once; all that follows is read off that order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "BLOCK",
    "Levels",
    "Numbers",
    "Ordered",
    "centred_ranks",
    "describe",
    "describe_levels",
    "entropy",
    "order_of",
    "quantile",
    "running",
]

Floats: TypeAlias = NDArray[np.float64]

BLOCK = 1 << 14
"""Values that stay in the processor's cache through several steps: a long column takes half the time."""


@dataclass(frozen=True, slots=True, eq=False)
class Ordered:
    """The m finite values of a column of n, ascending."""

    n: int
    order: NDArray[np.intp]
    """Rows of the values, shape (m,)."""
    values: Floats
    distinct: int
    starts: NDArray[np.intp] | None
    """Where each run of equal values begins, shape (distinct,); None where all values differ."""

    @property
    def ends(self) -> NDArray[np.intp] | slice:
        """The last of each run of equal values."""
        return slice(None) if self.starts is None else np.append(self.starts[1:], len(self.values)) - 1


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a column of numbers looks like. Not defined: NaN."""

    n: int
    count: int
    """Finite values; all else here is about them."""
    missing: int
    infinite: int
    zeros: int
    distinct: int
    least: float
    q05: float
    q25: float
    median: float
    q75: float
    q95: float
    greatest: float
    mean: float
    sd: float
    """With n - 1."""
    skew: float
    """g1, third central moment over the 1.5th power of the second."""
    kurtosis: float
    """Excess, g2."""
    top: float
    """The most frequent value, the least of them if there are several."""
    top_count: int


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """What a column of categories looks like."""

    n: int
    count: int
    """Cells that are not missing."""
    missing: int
    counts: NDArray[np.int64]
    """Of each level."""
    distinct: int
    """Levels that occur."""
    top: int
    """Place of the most frequent level; -1 where none occurs."""
    top_count: int
    effective: float
    """Number of equally frequent levels with the same entropy (Hill 1973); NaN where none occurs."""


def order_of(values: Floats) -> Ordered:
    """Sorts what is finite."""
    finite = np.isfinite(values)
    if finite.all():
        order = np.argsort(values)
        ascending = values[order]
    else:
        kept = np.flatnonzero(finite)
        part = values[kept]
        within = np.argsort(part)
        order, ascending = kept[within], part[within]
    new = ascending[1:] != ascending[:-1]
    distinct = int(np.count_nonzero(new)) + min(1, len(order))
    starts = None if distinct == len(order) else np.concatenate([[0], np.flatnonzero(new) + 1])
    return Ordered(len(values), order, ascending, distinct, starts)


def quantile(ascending: Floats, share: float) -> float:
    """Of sorted values, by linear interpolation (Hyndman and Fan 1996, type 7); NaN for none."""
    if not len(ascending):
        return math.nan
    place = share * (len(ascending) - 1)
    below = int(place)
    low, high = float(ascending[below]), float(ascending[min(below + 1, len(ascending) - 1)])
    return low + (place - below) * (high - low) if high - low < math.inf else low / 2 + high / 2


def describe(ordered: Ordered, values: Floats) -> Numbers:
    """`values` are the column as it stands."""
    ascending, n = ordered.values, ordered.n
    m = len(ascending)
    missing = int(np.isnan(values).sum()) if m < n else 0
    mean, sd, skew, kurtosis = _moments(ascending)
    top, top_count = _top(ordered)
    zeros = int(np.searchsorted(ascending, 0.0, "right") - np.searchsorted(ascending, 0.0, "left"))
    q05, q25, median, q75, q95 = (quantile(ascending, share) for share in (0.05, 0.25, 0.5, 0.75, 0.95))
    return Numbers(
        n=n,
        count=m,
        missing=missing,
        infinite=n - m - missing,
        zeros=zeros,
        distinct=ordered.distinct,
        least=float(ascending[0]) if m else math.nan,
        q05=q05,
        q25=q25,
        median=median,
        q75=q75,
        q95=q95,
        greatest=float(ascending[-1]) if m else math.nan,
        mean=mean,
        sd=sd,
        skew=skew,
        kurtosis=kurtosis,
        top=top,
        top_count=top_count,
    )


def _top(ordered: Ordered) -> tuple[float, int]:
    """The most frequent value, and how often it occurs."""
    if ordered.starts is None:
        return (float(ordered.values[0]), 1) if ordered.distinct else (math.nan, 0)
    sizes = np.diff(ordered.starts, append=len(ordered.values))
    place = int(sizes.argmax())
    return float(ordered.values[ordered.starts[place]]), int(sizes[place])


@np.errstate(all="ignore")
def _moments(ascending: Floats) -> tuple[float, float, float, float]:
    """Mean, deviation, skew and excess kurtosis; in units of the largest value, so that nothing overflows."""
    m = len(ascending)
    if not m:
        return (math.nan,) * 4
    scale = max(abs(float(ascending[0])), abs(float(ascending[-1])))
    if not scale or ascending[0] == ascending[-1]:
        return float(ascending[0]), 0.0 if m > 1 else math.nan, math.nan, math.nan
    unit = scale if not 1e-60 < scale < 1e60 else 1.0
    shifted = ascending / unit if unit != 1.0 else ascending
    mean = float(shifted.mean())
    second = third = fourth = 0.0
    for start in range(0, m, BLOCK):
        deviations = shifted[start : start + BLOCK] - mean
        squares = deviations * deviations
        second += float(squares.sum()) / m
        third += float(np.einsum("i,i->", squares, deviations)) / m  # no np.dot: its threads cost more than they save
        fourth += float(np.einsum("i,i->", squares, squares)) / m
    if second <= (1e-15 * scale / unit) ** 2:  # nothing but rounding
        return mean * unit, math.sqrt(second) * unit, math.nan, math.nan
    sd = math.sqrt(second * m / (m - 1)) * unit
    return mean * unit, sd, third / second**1.5, fourth / second**2 - 3


def running(ordered: Ordered, codes: NDArray[Any], groups: int) -> list[NDArray[np.int32]]:
    """Of each group, how many there are among the first 1, 2, ... values, shape (m,) each: all that is asked of groups.

    `codes` has shape (n,): places from 0 to `groups` - 1, negative for rows of no group.
    """
    narrow = codes.astype(np.int8) if groups < 127 else codes
    member = narrow[ordered.order]
    found = [np.cumsum(member == group, dtype=np.int32) for group in range(groups - 1)]
    if len(member) and member.min() >= 0:  # what is in no other group is in the last
        last = np.arange(1, len(member) + 1, dtype=np.int32)
        for one in found:
            last -= one
    else:
        last = np.cumsum(member == groups - 1, dtype=np.int32)
    return [*found, last]


def centred_ranks(ordered: Ordered) -> NDArray[np.int32]:
    """Twice the midrank of each row less its mean, so a whole number; 0 for rows that are not finite. Shape (n,)."""
    m = len(ordered.values)
    ranks = np.zeros(ordered.n, np.int32)
    if ordered.starts is None:
        ranks[ordered.order] = np.arange(1 - m, m + 1, 2, dtype=np.int32)
        return ranks
    sizes = np.diff(ordered.starts, append=m)
    of_runs = (2 * ordered.starts + sizes - m).astype(np.int32)
    ranks[ordered.order] = np.repeat(of_runs, sizes)
    return ranks


def describe_levels(codes: NDArray[Any], levels: int) -> Levels:
    """`codes` are places from 0 to `levels` - 1, negative where missing."""
    counted = np.bincount(codes + 1, minlength=levels + 1)[: levels + 1] if len(codes) else np.zeros(levels + 1, int)
    counts = counted[1:].astype(np.int64)
    total = int(counts.sum())
    top = int(counts.argmax()) if total else -1
    return Levels(
        n=len(codes),
        count=total,
        missing=len(codes) - total,
        counts=counts,
        distinct=int((counts > 0).sum()),
        top=top,
        top_count=int(counts[top]) if total else 0,
        effective=math.exp(entropy(counts)) if total else math.nan,
    )


def entropy(counts: NDArray[Any]) -> float:
    """Shannon's, in nats; 0 for nothing."""
    total = counts.sum()
    shares = counts[counts > 0] / total if total else np.zeros(0)
    return float(-(shares * np.log(shares)).sum()) + 0.0
