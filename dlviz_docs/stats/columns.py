"""All that is asked of one column by itself, read off one sorting of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.model import MISSING, BoolArray, Feature, FloatArray
from dlviz_docs.stats.drift import Drift, level_drift, number_drift
from dlviz_docs.stats.histogram import Bins, bins_of, log_bins_of
from dlviz_docs.stats.outliers import Outliers, outliers_of
from dlviz_docs.stats.summary import Levels, Numbers, centred_ranks, describe, describe_levels, order_of, running

__all__ = ["ColumnStats", "Partition", "examine"]


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Rows in groups."""

    codes: NDArray[Any]
    """Shape (n,), from 0 to `count` - 1, negative for no group."""
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class ColumnStats:
    """One column: of a number or a time `numbers` and what follows, of a category or a boolean `levels`."""

    feature: Feature
    missing: int
    """Empty cells, and those that hold something that is no number."""
    distinct: int
    present: BoolArray | None = None
    """Rows with a finite value; None for all."""
    missing_by_split: NDArray[np.int64] | None = None
    """Shape (splits,); None for one split."""
    drifts: tuple[Drift, ...] = ()
    numbers: Numbers | None = None
    ranks: NDArray[np.int32] | None = None
    """As `summary.centred_ranks` gives them."""
    bins: Bins | None = None
    """By the groups a figure tells apart."""
    log_bins: Bins | None = None
    outliers: Outliers | None = None
    levels: Levels | None = None
    table: NDArray[np.int64] | None = None
    """Rows by group, as in `bins`, and level."""

    @property
    def name(self) -> str:
        """As the file has it."""
        return self.feature.name

    @property
    def n(self) -> int:
        """Rows."""
        return len(self.feature)

    @property
    def top_share(self) -> float:
        """Of the most frequent value among all rows that have one; NaN where none has."""
        for found in (self.numbers, self.levels):
            if found is not None and found.count:
                return found.top_count / found.count
        return math.nan


@np.errstate(all="ignore")  # values of strangers may be near the ends of what a number can be
def examine(feature: Feature, splits: Partition | None, groups: Partition | None) -> ColumnStats:
    """`splits` are compared with the first of them; `groups` are what histograms tell apart, often the same."""
    if feature.kind in ("number", "time"):
        return _numeric(feature, splits, groups)
    if feature.kind in ("category", "boolean"):
        return _leveled(feature, splits, groups)
    values = feature.values
    absent = values == MISSING
    distinct = int((values == np.arange(len(values))).sum())
    return ColumnStats(feature, int(absent.sum()), distinct, missing_by_split=_missing(absent, splits))


def _numeric(feature: Feature, splits: Partition | None, groups: Partition | None) -> ColumnStats:
    values: FloatArray = feature.values.astype(np.float64, copy=False)
    ordered = order_of(values)
    numbers = describe(ordered, values)
    of_splits = running(ordered, splits.codes, splits.count) if splits else None
    told_apart = of_splits if groups is splits else running(ordered, groups.codes, groups.count) if groups else None
    by_split = None
    if numbers.missing and splits:
        by_split = _missing(np.isnan(values), splits)
    elif splits:
        by_split = np.zeros(splits.count, np.int64)
    skewed = not math.isnan(numbers.skew) and abs(numbers.skew) > 1
    return ColumnStats(
        feature,
        numbers.missing,
        numbers.distinct,
        present=np.isfinite(values) if numbers.count < numbers.n else None,
        missing_by_split=by_split,
        drifts=tuple(number_drift(ordered, of_splits)) if of_splits else (),
        numbers=numbers,
        ranks=centred_ranks(ordered) if numbers.distinct > 1 else None,
        bins=bins_of(ordered, told_apart, whole=feature.whole),
        log_bins=log_bins_of(ordered, told_apart) if skewed else None,
        outliers=outliers_of(ordered),
    )


def _leveled(feature: Feature, splits: Partition | None, groups: Partition | None) -> ColumnStats:
    codes, k = feature.values, len(feature.levels)
    levels = describe_levels(codes, k)
    by_split = _crossed(codes, k, splits) if splits else None
    by_group = by_split if groups is splits else _crossed(codes, k, groups) if groups else None
    return ColumnStats(
        feature,
        levels.missing,
        levels.distinct,
        present=codes >= 0 if levels.missing else None,
        missing_by_split=by_split[:, -1] if by_split is not None else None,
        drifts=tuple(level_drift(by_split[:, :-1])) if by_split is not None else (),
        levels=levels,
        table=by_group[:, :-1] if by_group is not None else levels.counts[None],
    )


def _crossed(codes: NDArray[Any], k: int, groups: Partition) -> NDArray[np.int64]:
    """Rows by group and level, missing cells in the last column."""
    met = np.bincount((groups.codes + 1) * (k + 1) + (codes + 1), minlength=(groups.count + 1) * (k + 1))
    table = met.reshape(groups.count + 1, k + 1)[1:].astype(np.int64)
    return np.concatenate([table[:, 1:], table[:, :1]], axis=1)


def _missing(absent: BoolArray, splits: Partition | None) -> NDArray[np.int64] | None:
    if splits is None:
        return None
    return np.bincount(splits.codes + 1, absent, minlength=splits.count + 1)[1:].astype(np.int64)
