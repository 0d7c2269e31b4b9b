"""Performance profiles: the share of runs whose score is above each of many thresholds.

Dolan and Moré, "Benchmarking optimization software with performance profiles", 2002; for runs on tasks, as run-score
distributions, Agarwal et al., NeurIPS 2021.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.aggregate import Scores, strata_of
from dlviz_docs.stats.bootstrap import redrawn, spread

__all__ = ["profile", "thresholds"]

Floats: TypeAlias = NDArray[np.float64]


def profile(scores: Scores, at: Floats, *, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Share of runs with a score above each threshold, shape (t,), and the ends of its pointwise 95 % interval.

    Runs are drawn again within each task; NaN ends where every task has a single run.
    """
    values = np.concatenate(scores)
    above = (values[:, None] > at).astype(np.float64)
    if max(len(one) for one in scores) < 2:
        nothing = np.full(len(at), np.nan)
        return above.mean(axis=0), nothing, nothing
    counts = redrawn(np.ones(len(values), np.intp), strata_of(scores), seed=seed)
    low, high = spread(counts @ above / len(values))
    return above.mean(axis=0), low, high


def thresholds(scores: Scores, size: int = 101) -> Floats:
    """Even thresholds over the scores, without the highest and the lowest hundredth, which would stretch the axis."""
    values = np.concatenate(scores)
    low, high = np.quantile(values, (0.01, 0.99)) if len(values) >= 100 else (values.min(), values.max())
    return np.linspace(low, high, size) if high > low else np.array([low])
