"""How soon agents learn: steps until parts of the way are done, and the area under the curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs.insights.rl_words import four, percent, three
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.rl._curves import COUNTED, Bundle
from dlviz_docs.renderers.rl._trials import Task
from dlviz_docs.stats.learning import average_height, reached
from dlviz_docs.view import Cell, Column, Figure, Table

__all__ = ["LEVELS", "Way", "efficiency", "way"]

LEVELS = (0.5, 0.75, 0.9)
"""Of the way from where agents begin to what the best algorithm comes to."""
MOST_ROWS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """What there was to be learned on one task."""

    start: float
    """Mean of the first values of all seeds."""
    goal: float
    """The best algorithm's interquartile mean at the end."""
    steps: tuple[FloatArray, ...]
    """For each bundle, where each seed reached each level, shape (levels, seeds); NaN where it never did."""

    @property
    def levels(self) -> list[float]:
        return [self.start + share * (self.goal - self.start) for share in LEVELS]


def way(bundles: Sequence[Bundle]) -> Way | None:
    """None where no algorithm ends above where agents begin."""
    start = float(np.mean([y[0] for one in bundles for _, y in one.seeds]))
    goal = max(float(one.middle[-max(1, len(one.middle) // 10) :].mean()) for one in bundles)
    if not goal > start:
        return None
    levels = [start + share * (goal - start) for share in LEVELS]
    found = tuple(np.array([[reached(x, y, level) for x, y in one.seeds] for level in levels]) for one in bundles)
    return Way(start, goal, found)


def efficiency(tasks: Sequence[tuple[Task, Sequence[Bundle]]]) -> Figure | None:
    """A row for each algorithm on each task: steps to each level, and the mean height of the curve."""
    rows = [row for task, bundles in tasks for row in _rows(task, bundles, several=len(tasks) > 1)]
    if not rows:
        return None
    axes = {task.axis for task, _ in tasks}
    unit = COUNTED[axes.pop()] if len(axes) == 1 else "steps"
    columns = (
        *([Column("Task")] if len(tasks) > 1 else []),
        Column("Algorithm"),
        Column("Seeds", True),
        *(Column(f"{unit} to {100 * share:.0f} %", True, "Median over the seeds that got there") for share in LEVELS),
        Column("Mean over all training", True, "Area under the curve over its length: high for learning early"),
    )
    caption = _first(tasks) + (
        "Median step at which a seed first reached so much of the way from where agents begin to what the best "
        "algorithm of the task comes to. In brackets the first and the last seed, and how many got there where not "
        "all did."
    )
    if len(rows) > MOST_ROWS:
        caption += f" The first {MOST_ROWS} of {len(rows):,} rows."
    table = Table(columns, tuple(rows[:MOST_ROWS]), searchable=len(rows) > 10)
    return Figure("sample-efficiency", "Steps to learn", caption, table, "Sample efficiency")


def _first(tasks: Sequence[tuple[Task, Sequence[Bundle]]]) -> str:
    """Who goes most of the way first, on the only task."""
    if len(tasks) > 1 or (found := way(tasks[0][1])) is None:
        return ""
    task, bundles = tasks[0]
    medians = [
        (float(np.median(known)), one.cell.algorithm)
        for one, steps in zip(bundles, found.steps, strict=True)
        if len(known := steps[-1][np.isfinite(steps[-1])])
    ]
    if not medians:
        return ""
    step, who = min(medians)
    first = " as the first" if len(bundles) > 1 else ""
    level = f"{four(found.levels[-1])}, {percent(LEVELS[-1])} of the way,"
    return f"{who} reaches {level}{first} after {three(step)} {COUNTED[task.axis]}. "


def _rows(task: Task, bundles: Sequence[Bundle], *, several: bool) -> Iterator[tuple[Cell, ...]]:
    found = way(bundles)
    if found is None:
        return
    for one, steps in zip(bundles, found.steps, strict=True):
        height = float(np.mean([average_height(x, y) for x, y in one.seeds]))
        yield (
            *([Cell(task.name or "unnamed")] if several else []),
            Cell(one.cell.algorithm, color=one.cell.color),
            Cell(f"{len(one.seeds):,}", float(len(one.seeds))),
            *(_steps(row) for row in steps),
            Cell(four(height), height),
        )


def _steps(found: FloatArray) -> Cell:
    known = found[np.isfinite(found)]
    if not len(known):
        return Cell("never", np.inf)
    middle = float(np.median(known))
    text = three(middle)
    if len(known) > 1:
        text += f" [{three(known.min())}, {three(known.max())}]"
    if len(known) < len(found):
        text += f" ({len(known):,} of {len(found):,})"
    return Cell(text, middle)
