"""How likely a run of one algorithm beats a run of another on the same task.

The mean over tasks of the Mann-Whitney statistic U / (n m), with ties as half (Agarwal et al., NeurIPS 2021): only the
order of scores within a task counts, so that tasks need no common scale.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.aggregate import Estimate, Scores
from dlviz_docs.stats.bootstrap import draws_for, spread

__all__ = ["improvement"]

Floats: TypeAlias = NDArray[np.float64]


def improvement(ours: Scores, theirs: Scores, *, seed: int = 0) -> Estimate:
    """P(ours > theirs) over the same tasks in the same order, with its 95 % interval from runs drawn again.

    The interval is NaN where no task has two runs of both: resamples would repeat one comparison.
    """
    pairs = list(zip(ours, theirs, strict=True))
    wins = [(a[:, None] > b) + 0.5 * (a[:, None] == b) for a, b in pairs]
    point = float(np.mean([table.mean() for table in wins]))
    if not any(min(table.shape) > 1 for table in wins):
        return point, np.nan, np.nan
    rng = np.random.default_rng(seed)
    draws = draws_for(sum(len(a) + len(b) for a, b in pairs))
    drawn = np.zeros(draws)
    for table in wins:
        rows, columns = (rng.multinomial(n, np.full(n, 1 / n), draws) for n in table.shape)
        drawn += ((rows @ table) * columns).sum(axis=1) / table.size
    low, high = spread(drawn / len(wins))
    return point, float(low), float(high)
