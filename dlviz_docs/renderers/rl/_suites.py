"""Tasks whose scores are on one scale, and may be taken together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs.insights.rl_words import FEWEST_SEEDS
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.rl._trials import Cell, Task, algorithms
from dlviz_docs.stats.aggregate import Aggregates, aggregates, normalised

__all__ = ["SEEDS_ON_MANY", "Standing", "Suite", "alone", "cell_of", "scale_of", "suites"]

SEEDS_ON_MANY = 3
"""Seeds a task, in the median, from which on an interval over several tasks can be trusted (Agarwal et al., 2021)."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What one algorithm comes to on a suite."""

    algorithm: str
    color: int
    scores: tuple[FloatArray, ...]
    """For each task it was trained on, the score of every run, on the suite's scale."""
    tasks: tuple[str, ...]
    found: Aggregates

    @property
    def seeds(self) -> tuple[int, int]:
        """Fewest and most runs of a task."""
        sizes = [len(one) for one in self.scores]
        return min(sizes), max(sizes)

    @property
    def reliable(self) -> bool:
        """Whether there are enough runs for an interval."""
        sizes = [len(one) for one in self.scores]
        return sizes[0] >= FEWEST_SEEDS if len(sizes) == 1 else float(np.median(sizes)) >= SEEDS_ON_MANY


@dataclass(frozen=True, slots=True, eq=False)
class Suite:
    """Tasks on one scale."""

    scale: str
    """What scores are: a measure of one task, "success rate", or "normalised score"."""
    tasks: tuple[Task, ...]
    standings: tuple[Standing, ...]
    """The highest interquartile mean first."""
    normal: bool
    """Whether 1 is the reference or the best there is, so that a gap to it means something."""

    @property
    def shared(self) -> bool:
        """Whether all algorithms were trained on all of its tasks."""
        return all(len(one.tasks) == len(self.tasks) for one in self.standings)


def scale_of(task: Task, scores: Mapping[str, tuple[float, float]]) -> tuple[float, float] | None:
    """The scores of a random agent and of the reference; success rates need none. None where nobody tells."""
    if task.is_share:
        return 0.0, 1.0
    return scores.get(task.name) or scores.get("*")


def suites(tasks: Sequence[Task], scores: Mapping[str, tuple[float, float]]) -> tuple[list[Suite], list[Task]]:
    """Tasks taken together, and those that cannot be: returns of several tasks, on scales nobody has told."""
    if len(tasks) == 1 and scale_of(tasks[0], scores) is None:
        return [alone(tasks[0])], []
    normal = [task for task in tasks if not task.is_share and scale_of(task, scores)]
    shares = [task for task in tasks if task.is_share]
    found = []
    if normal:
        found.append(_suite([*normal, *shares], "normalised score", scores, normal=True))
    elif shares:
        found.append(_suite(shares, "success rate", scores, normal=True))
    told = {task.name for suite in found for task in suite.tasks}
    return found, [task for task in tasks if task.name not in told]


def alone(task: Task) -> Suite:
    """One task by itself, on its own scale."""
    return _suite([task], task.measure, {}, normal=False)


def _suite(tasks: Sequence[Task], scale: str, scores: Mapping[str, tuple[float, float]], *, normal: bool) -> Suite:
    ends = [scale_of(task, scores) if normal else None for task in tasks]
    standings = []
    for algorithm, color in algorithms(tasks).items():
        own = [
            (task.name, normalised(cell.scores, *end) if end else cell.scores)
            for task, end in zip(tasks, ends, strict=True)
            for cell in task.cells
            if cell.algorithm == algorithm
        ]
        names, found = zip(*own, strict=True)
        standings.append(Standing(algorithm, color, tuple(found), tuple(names), aggregates(found)))
    standings.sort(key=lambda one: -one.found.iqm[0])
    return Suite(scale, tuple(tasks), tuple(standings), normal)


def cell_of(task: Task, algorithm: str) -> Cell | None:
    """The algorithm's trainings on the task."""
    return next((cell for cell in task.cells if cell.algorithm == algorithm), None)
