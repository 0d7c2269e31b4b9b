"""How far seeds agree, and what they lose again: one row a training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dlviz_docs.insights.rl_words import four, percent, three
from dlviz_docs.renderers.rl._curves import COUNTED, Bundle
from dlviz_docs.renderers.rl._trials import Task, own_end
from dlviz_docs.renderers.rl.returns import least_loss
from dlviz_docs.stats.learning import COLLAPSE_LASTS, COLLAPSE_LOSS, collapses, drop
from dlviz_docs.view import Cell, Column, Figure, Layer, Plot, PlotAxis, Table

__all__ = ["each_training", "spread"]

MOST_ROWS = 100
"""Trainings in a table; of more, the algorithms are told."""
MOST_DOTS = 400
_GROUP = "Stability"
_NONE = Cell("–")


def spread(tasks: Sequence[Task]) -> Figure | None:
    """The score of every seed as a dot, algorithm by algorithm; of one task, since others have other scales."""
    task = tasks[0] if len(tasks) == 1 else None
    if task is None or task.runs == len(task.cells) or task.runs > MOST_DOTS:
        return None
    layers = []
    for place, cell in enumerate(task.cells):
        notes = tuple(f"{trial.run.name}: {four(score)}" for trial, score in zip(cell.trials, cell.scores, strict=True))
        at = np.full(len(cell), float(place))
        layers.append(Layer("dot", cell.scores, at, color=cell.color, notes=notes, horizontal=True))
    axis = PlotAxis("", "category", tuple(cell.algorithm for cell in task.cells))
    plot = Plot(tuple(layers), PlotAxis(task.measure), axis, height=max(110, 30 * len(task.cells) + 50))
    widest = max(task.cells, key=lambda cell: float(np.ptp(cell.scores)))
    low, high = (four(end) for end in (widest.scores.min(), widest.scores.max()))
    caption = f"The score of every seed. They differ most for {widest.algorithm}: from {low} to {high}."
    return Figure("seeds", "Scores of the seeds", caption, plot, _GROUP)


def each_training(tasks: Sequence[tuple[Task, Sequence[Bundle]]]) -> Figure | None:
    """What every single training came to; None where there are too many for a table."""
    several = len(tasks) > 1
    cut = any(task.is_cut for task, _ in tasks)
    rows = [row for task, bundles in tasks for row in _rows(task, bundles, several=several, cut=cut)]
    if not rows or len(rows) > MOST_ROWS:
        return None
    axes = {task.axis for task, _ in tasks}
    unit = COUNTED[axes.pop()] if len(axes) == 1 else "steps"
    columns = (
        *([Column("Task")] if several else []),
        Column("Algorithm"),
        Column("Run"),
        Column("Score", True, "Mean over the last 10 % of what all compared runs have"),
        *([Column("At its end", True, "Mean over the last 10 % of its own training")] if cut else []),
        Column("Highest", True, "Of the curve as it is drawn"),
        Column("at", True, unit),
        Column("Lost since", True, "From the highest value to the end, as a share of the curve's range"),
        Column(
            "Collapses",
            False,
            f"More than {percent(COLLAPSE_LOSS)} of the range lost for over {percent(COLLAPSE_LASTS)} of the training",
        ),
    )
    caption = "Every training by itself: its score, its highest value, and what it lost again."
    return Figure("trainings", "Each training", caption, Table(columns, tuple(rows), searchable=len(rows) > 10), _GROUP)


def _rows(task: Task, bundles: Sequence[Bundle], *, several: bool, cut: bool) -> Iterator[tuple[Cell, ...]]:
    least = least_loss(bundles)
    for one in bundles:
        if len(one.seeds) != len(one.cell):
            continue  # a seed with a single value has no course
        for trial, score, (x, y) in zip(one.cell.trials, one.cell.scores.tolist(), one.seeds, strict=True):
            lost, peak = drop(y)
            share = lost / float(np.ptp(y)) if np.ptp(y) > 0 else 0.0
            found = collapses(x, y, least=least)
            told = "; ".join(
                f"from {three(fall.start)} {'to the end' if fall.lasting else f'to {three(fall.end)}'}"
                for fall in found
            )
            yield (
                *([Cell(task.name or "unnamed")] if several else []),
                Cell(one.cell.algorithm, color=one.cell.color),
                Cell(trial.run.name),
                Cell(four(score), score),
                *([Cell(four(own_end(trial, task.measure)[1]), own_end(trial, task.measure)[1])] if cut else []),
                Cell(four(y[peak]), float(y[peak])),
                Cell(three(x[peak]), float(x[peak])),
                Cell(percent(share), share),
                Cell(told, float(len(found))) if found else _NONE,
            )
