"""What runs on several tasks come to in one number: four aggregates of scores, with stratified-bootstrap intervals.

Agarwal et al., "Deep Reinforcement Learning at the Edge of the Statistical Precipice", NeurIPS 2021. Scores of several
tasks have to be on one scale, such as human-normalised returns; nothing here makes them so. The strata are the tasks:
a resample has as many runs of each task as there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.stats.bootstrap import redrawn, spread
from dlviz_docs.stats.trimmed import iqm, redrawn_iqm

__all__ = ["Aggregates", "Estimate", "Scores", "aggregates", "normalised", "strata_of"]

Floats: TypeAlias = NDArray[np.float64]
Scores: TypeAlias = Sequence[Floats]
"""For each task, one finite score a run, shape (runs,); at least one run each."""
Estimate: TypeAlias = tuple[float, float, float]
"""A number and the ends of its 95 % interval; NaN ends where there is none."""


@dataclass(frozen=True, slots=True)
class Aggregates:
    """Of one algorithm. Intervals are NaN where every task has a single run: nothing can be drawn again."""

    iqm: Estimate
    """Interquartile mean over all runs of all tasks."""
    median: Estimate
    """Median over tasks of the mean over runs; of a single task, over its runs."""
    mean: Estimate
    """Mean over tasks of the mean over runs."""
    gap: Estimate
    """Optimality gap: how far runs fall short of the target on average, where those beyond it count as on it."""
    runs: int
    tasks: int
    draws: int
    """Resamples."""


def aggregates(scores: Scores, *, target: float = 1.0, seed: int = 0) -> Aggregates:
    """All four of one algorithm's scores."""
    values, strata = np.concatenate(scores), strata_of(scores)
    once = np.ones((1, len(values)))
    counts = redrawn(np.ones(len(values), np.intp), strata, seed=seed)
    sizes = np.array([len(one) for one in scores], np.float64)
    told = max(len(one) for one in scores) > 1

    def estimate(point: float, draws: Floats) -> Estimate:
        low, high = spread(draws) if told else (np.nan, np.nan)
        return point, float(low), float(high)

    means, drawn = _task_means(values, sizes, once), _task_means(values, sizes, counts)
    lone = len(scores) == 1
    middle = float(np.median(values if lone else means))
    middles = _redrawn_median(values, counts) if lone else np.median(drawn, axis=1)
    capped = np.minimum(values, target)
    return Aggregates(
        estimate(float(iqm(values)), redrawn_iqm(values, counts)),
        estimate(middle, middles),
        estimate(float(means.mean()), drawn.mean(axis=1)),
        estimate(target - float(capped.mean()), target - counts @ capped / len(values)),
        runs=len(values),
        tasks=len(scores),
        draws=len(counts),
    )


def _task_means(values: Floats, sizes: Floats, counts: Floats) -> Floats:
    """Mean of each task in each resample, shape (draws, tasks)."""
    starts = np.concatenate([[0], np.cumsum(sizes[:-1])]).astype(np.intp)
    means: Floats = np.add.reduceat(counts * values, starts, axis=1) / sizes
    return means


def _redrawn_median(values: Floats, counts: Floats) -> Floats:
    """Median of each resample: the mean of the two middle ones of an even number."""
    order, n = np.argsort(values, kind="stable"), len(values)
    ends = np.cumsum(counts[:, order], axis=1)
    low, high = (values[order][(ends > place).argmax(axis=1)] for place in ((n - 1) // 2, n // 2))
    middle: Floats = (low + high) / 2
    return middle


def strata_of(scores: Scores) -> NDArray[np.intp]:
    """The place of each run's task, shape (runs,), ascending."""
    return np.repeat(np.arange(len(scores)), [len(one) for one in scores])


def normalised(scores: Floats, random: float, reference: float) -> Floats:
    """Scores on the scale on which a random agent has 0 and the reference, such as a human, has 1.

    Mnih et al., "Human-level control through deep reinforcement learning", Nature 518, 2015.
    """
    scaled: Floats = (scores - random) / (reference - random)
    return scaled
