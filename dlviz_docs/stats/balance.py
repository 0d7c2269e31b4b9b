"""How evenly rows are spread over classes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.intervals import wilson
from dlviz_docs.stats.summary import entropy

__all__ = ["Balance", "balance"]

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Balance:
    """Classes in splits."""

    counts: NDArray[np.int64]
    """Shape (splits, classes)."""
    shares: Floats
    """Of the split; NaN for a split without rows."""
    low: Floats
    """Wilson's 95 % interval of the share."""
    high: Floats
    ratio: float
    """Rows of the largest class over those of the smallest that has any; NaN for fewer than two."""
    effective: float
    """Number of equally large classes with the same entropy: Hill, "Diversity and Evenness", Ecology 54, 1973."""


def balance(counts: NDArray[Any]) -> Balance:
    """Of a table of counts, shape (splits, classes)."""
    table = counts.astype(np.int64)
    sizes = table.sum(axis=1, keepdims=True)
    shares = np.where(sizes > 0, table / np.maximum(sizes, 1), np.nan)
    low, high = wilson(table, np.broadcast_to(sizes, table.shape))
    total = table.sum(axis=0)
    present = total[total > 0]
    ratio = float(present.max() / present.min()) if len(present) > 1 else math.nan
    return Balance(table, shares, low, high, ratio, math.exp(entropy(total)) if len(present) else math.nan)
