"""Cells that are missing: in which columns together, and for which rows more often."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.association import correlations
from dlviz_docs.stats.tails import chi2_tail

__all__ = ["Dependence", "dependence", "patterns_of", "together"]

Floats: TypeAlias = NDArray[np.float64]
Masks: TypeAlias = Sequence[NDArray[np.bool_]]

_MOST = 62
"""Columns whose gaps fit into one whole number."""


@dataclass(frozen=True, slots=True)
class Dependence:
    """Whether cells are missing more often in some groups of rows."""

    p: float
    """Of the χ² test."""
    most: int
    """Group with the greatest share of gaps ..."""
    share: float
    others: float
    """... and the share in all other groups together."""
    n: int
    """Rows of that group."""


def together(masks: Masks) -> Floats:
    """How far gaps of two columns meet: φ, Pearson's r of the indicators, shape (p, p); NaN for a mask of one value."""
    found, _ = correlations([mask.astype(np.float32) for mask in masks], [None] * len(masks))
    return found


def patterns_of(masks: Masks) -> list[tuple[tuple[int, ...], int]]:
    """Sets of columns that are missing in the same rows, and how many rows those are, the most frequent first.

    Rows without a gap are the empty set. Of more than 62 columns, the first.
    """
    if not masks:
        return []
    bits = np.zeros(len(masks[0]), np.int64)
    for place, mask in enumerate(masks[:_MOST]):
        bits |= mask.astype(np.int64) << place
    values, counts = np.unique(bits, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return [
        (tuple(place for place in range(len(masks[:_MOST])) if int(values[at]) >> place & 1), int(counts[at]))
        for at in order
    ]


def dependence(missing: NDArray[Any], sizes: NDArray[Any]) -> Dependence | None:
    """Of gaps counted by group, and rows by group; None where there is nothing to compare."""
    used = np.flatnonzero(sizes > 0)
    total, gaps = int(sizes.sum()), int(missing.sum())
    if len(used) < 2 or not 0 < gaps < total:
        return None
    expected = sizes[used] * (gaps / total)
    chi2 = float(((missing[used] - expected) ** 2 / expected).sum())
    chi2 += float(((missing[used] - expected) ** 2 / (sizes[used] - expected)).sum())
    shares = missing[used] / sizes[used]
    most = int(used[shares.argmax()])
    rest = total - int(sizes[most])
    others = (gaps - int(missing[most])) / rest if rest else math.nan
    return Dependence(
        chi2_tail(chi2, len(used) - 1), most, float(missing[most] / sizes[most]), others, int(sizes[most])
    )
