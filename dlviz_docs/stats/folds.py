"""How far the folds of a cross-validation differ, and whether by more than chance."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.tails import chi2_tail

__all__ = ["across", "unlike"]

Floats: TypeAlias = NDArray[np.float64]

_LEAST_EXPECTED = 5.0
"""Of each kind in each fold, for χ² to hold (Cochran, 1954)."""


def across(values: Floats) -> tuple[float, float]:
    """Mean and sample standard deviation of finite values; NaN for none, and for the deviation of one."""
    known = values[np.isfinite(values)]
    mean = float(known.mean()) if len(known) else float("nan")
    return mean, float(known.std(ddof=1)) if len(known) > 1 else float("nan")


def unlike(hits: Floats, sizes: Floats) -> float:
    """p-value of the folds having one share of hits: Pearson's χ² of hits and misses; NaN where rows are too few."""
    share = hits.sum() / max(sizes.sum(), 1)
    expected = sizes * share, sizes * (1 - share)
    if len(sizes) < 2 or min(one.min() for one in expected) < _LEAST_EXPECTED:
        return float("nan")
    chi2 = float((((hits - expected[0]) ** 2) * (1 / expected[0] + 1 / expected[1])).sum())
    return chi2_tail(chi2, len(sizes) - 1)
