"""Algorithms against each other task by task: chances of improvement, ranks, and every task in a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from dlviz_docs.insights.estimates import decimal, estimate
from dlviz_docs.insights.rl_words import FEWEST_SEEDS, among, four
from dlviz_docs.renderers.rl._curves import Bundle
from dlviz_docs.renderers.rl._suites import cell_of
from dlviz_docs.renderers.rl._trials import Cell as Trained
from dlviz_docs.renderers.rl._trials import Task, algorithms, leading
from dlviz_docs.renderers.rl.aggregate import said
from dlviz_docs.stats.aggregate import Estimate, aggregates
from dlviz_docs.stats.improvement import improvement
from dlviz_docs.stats.ranks import mean_ranks
from dlviz_docs.stats.trimmed import iqm
from dlviz_docs.view import Cell, Column, Figure, Matrix, Table

__all__ = ["Chances", "chances", "improvements", "per_task", "ranks"]

MOST = 12
"""Algorithms in a matrix, or side by side in a table: of more, the best."""
FEWEST_TASKS = 3
"""Of fewer, ranks say no more than the table."""
TABLE_ROWS = 400
_GROUP = "Statistics"

Chances = Mapping[tuple[str, str], tuple[Estimate, int]]
"""By two algorithms: how likely a run of the first beats one of the second, and on how many tasks both were trained."""


def chances(tasks: Sequence[Task]) -> Chances:
    """Of every pair with a task in common."""
    found: dict[tuple[str, str], tuple[Estimate, int]] = {}
    for one, other in combinations(leading(tasks, MOST), 2):
        pairs = [(a, b) for task in tasks if (a := cell_of(task, one)) and (b := cell_of(task, other))]
        if pairs:
            point, low, high = improvement([a.scores for a, _ in pairs], [b.scores for _, b in pairs])
            found[one, other] = (point, low, high), len(pairs)
            found[other, one] = (1 - point, 1 - high, 1 - low), len(pairs)
    return found


def improvements(tasks: Sequence[Task], found: Chances) -> Figure | None:
    """The matrix of all pairs."""
    if not found:
        return None
    names = tuple(name for name in leading(tasks, MOST) if any(name in pair for pair in found))
    values = np.full((len(names), len(names)), np.nan)
    texts = [["" for _ in names] for _ in names]
    for (one, other), (value, _) in found.items():
        i, j = names.index(one), names.index(other)
        values[i, j], texts[i][j] = value[0], estimate(*value, 2)
    amounts = {amount for _, amount in found.values()}
    shared = f"{min(amounts):,}" if len(amounts) == 1 else f"{min(amounts):,} to {max(amounts):,}"
    runs = sum(task.runs for task in tasks)
    on = (
        f" From {runs:,} runs."
        if len(tasks) == 1
        else f" From {runs:,} runs; means over the {shared} tasks that both were trained on."
    )
    caption = (
        "How likely a run of the row's algorithm has a higher score than one of the column's, on the same task; 0.5 is "
        f"no difference. In brackets the 95 % interval.{on} Only the order of scores counts: no common scale is needed."
    )
    if len(algorithms(tasks)) > len(names):
        caption += f" The best {len(names)} of {len(algorithms(tasks)):,} algorithms."
    spec = Matrix(
        names, names, values, tuple(map(tuple, texts)), row_label="better", column_label="than", low=0, high=1
    )
    return Figure("improvement", "Probability of improvement", caption, spec, _GROUP)


def ranks(tasks: Sequence[Task]) -> Figure | None:
    """Mean ranks over tasks on which all algorithms that are on most tasks were trained."""
    most = {
        name: color
        for name, color in algorithms(tasks).items()
        if sum(cell_of(task, name) is not None for task in tasks) * 2 > len(tasks)
    }
    rows = [[cell.scores for name in most if (cell := cell_of(task, name))] for task in tasks]
    whole = [row for row in rows if len(row) == len(most)]
    if len(most) < 2 or len(whole) < FEWEST_TASKS:
        return None
    points, low, high = mean_ranks(whole)
    told = float(np.median([len(scores) for row in whole for scores in row])) > 1
    order = np.argsort(points, kind="stable")
    names = list(most)
    cells = tuple(
        (
            Cell(names[i], color=most[names[i]]),
            Cell(_rank(points[i], low[i], high[i], told), float(points[i])),
            _wins(whole, i),
        )
        for i in order.tolist()
    )
    columns = (
        Column("Algorithm"),
        Column("Mean rank", True, "1 is the best; equal scores share their rank"),
        Column("First", True, "Tasks on which its mean score is the highest, alone or with others"),
    )
    left = [name for name in algorithms(tasks) if name not in most]
    without = f" Without {', '.join(left)}, trained on half of the tasks or fewer." if left else ""
    runs = sum(len(scores) for row in whole for scores in row)
    caption = (
        f"Ranks by the mean score of each task, averaged over {len(whole):,} tasks with {runs:,} runs; 95 % intervals "
        f"by drawing the seeds again.{without}"
    )
    return Figure("ranks", "Ranks", caption, Table(columns, cells), _GROUP)


def _rank(point: float, low: float, high: float, told: bool) -> str:
    return estimate(float(point), float(low), float(high), 2) if told else decimal(float(point), 2)


def _wins(whole: Sequence[Sequence[np.ndarray]], place: int) -> Cell:
    won = sum(row[place].mean() >= max(scores.mean() for scores in row) for row in whole)
    return Cell(f"{won:,} of {len(whole):,}", float(won))


def per_task(tasks: Sequence[Task], bundles: Mapping[str, Sequence[Bundle]]) -> Figure | None:
    """A row a task, a column an algorithm: mean score, its deviation, and the course of learning."""
    if len(tasks) < 2:
        return None
    names = leading(tasks, MOST)
    columns = (
        Column("Task"),
        Column("Measure"),
        *(
            Column(name, True, "Interquartile mean with its 95 % interval; of few seeds, mean ± standard deviation")
            for name in names
        ),
        Column("Best"),
    )
    rows = tuple(_task_row(task, names, bundles.get(task.name, ())) for task in tasks[:TABLE_ROWS])
    more = f" The first {TABLE_ROWS} of {len(tasks):,} tasks." if len(tasks) > TABLE_ROWS else ""
    caption = (
        f"The score of every algorithm on every task: of {FEWEST_SEEDS} seeds and more the interquartile mean with its "
        f"95 % interval, else the mean ± the standard deviation over seeds; and its course over training."
    )
    caption += f"{_until(tasks)}{more}"
    return Figure("tasks", "Every task", caption, Table(columns, rows, searchable=len(rows) > 10), "Every task")


def _until(tasks: Sequence[Task]) -> str:
    cut = any(task.is_cut for task in tasks)
    return " Where some trainings go on, scores are those of the steps that all of the task have." if cut else ""


def _task_row(task: Task, names: Sequence[str], bundles: Sequence[Bundle]) -> tuple[Cell, ...]:
    curves = {one.cell.algorithm: one.middle for one in bundles}
    cells = [_score(task, name, curves) for name in names]
    return Cell(task.name or "unnamed"), Cell(task.measure), *cells, _best(task)


def _best(task: Task) -> Cell:
    """By the numbers that the row shows; all that share it."""
    shown = [_middle(cell) for cell in task.cells]
    best = [cell for cell, value in zip(task.cells, shown, strict=True) if value == max(shown)]
    return Cell(among([cell.algorithm for cell in best], 3), color=best[0].color if len(best) == 1 else None)


def _middle(cell: Trained) -> float:
    return float(iqm(cell.scores) if len(cell) >= FEWEST_SEEDS else cell.scores.mean())


def _score(task: Task, name: str, curves: Mapping[str, np.ndarray]) -> Cell:
    cell = cell_of(task, name)
    if cell is None:
        return Cell("–")
    if len(cell) >= FEWEST_SEEDS:
        value = aggregates([cell.scores]).iqm
        return Cell(said(value, normal=False), value[0], spark=curves.get(name))
    mean = float(cell.scores.mean())
    text = four(mean)
    if len(cell) > 1:
        text += f" ± {four(float(f'{cell.scores.std(ddof=1):.2g}'))}"
    return Cell(text, mean, spark=curves.get(name))
