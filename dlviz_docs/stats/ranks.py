"""Who comes first how often: ranks of algorithms, task by task, which need no common scale.

Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7, 2006: average ranks over tasks, ties
share theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.aggregate import Scores
from dlviz_docs.stats.bootstrap import DRAWS, spread

__all__ = ["mean_ranks", "ranked"]

Floats: TypeAlias = NDArray[np.float64]


def ranked(means: Floats) -> Floats:
    """Ranks over the last axis, 1 for the highest; equal ones share the mean of theirs."""
    higher = (means[..., None, :] > means[..., :, None]).sum(axis=-1)
    equal = (means[..., None, :] == means[..., :, None]).sum(axis=-1)
    ranks: Floats = higher + (equal + 1) / 2
    return ranks


def mean_ranks(tasks: Sequence[Scores], *, seed: int = 0) -> tuple[Floats, Floats, Floats]:
    """Mean rank of each algorithm over tasks, by its mean score in each, and its 95 % interval from runs drawn again.

    `tasks` has for each task the scores of every algorithm, in the same order. Shape (algorithms,) each.
    """
    rng = np.random.default_rng(seed)
    points = np.array([[runs.mean() for runs in task] for task in tasks])
    drawn = np.zeros((DRAWS, points.shape[1]))
    for task in tasks:
        drawn += ranked(np.stack([_redrawn_means(rng, runs) for runs in task], axis=1))
    low, high = spread(drawn / len(tasks))
    return ranked(points).mean(axis=0), low, high


def _redrawn_means(rng: np.random.Generator, runs: Floats) -> Floats:
    n = len(runs)
    means: Floats = rng.multinomial(n, np.full(n, 1 / n), DRAWS) @ runs / n
    return means
