"""Algorithms beside each other: four aggregates with their intervals, and performance profiles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.estimates import decimal, estimate
from dlviz_docs.insights.rl_words import FEWEST_SEEDS, among, four, three
from dlviz_docs.renderers.rl._curves import COUNTED
from dlviz_docs.renderers.rl._suites import SEEDS_ON_MANY, Standing, Suite
from dlviz_docs.stats.aggregate import Estimate
from dlviz_docs.stats.profiles import profile, thresholds
from dlviz_docs.view import Cell, Column, Figure, Layer, Plot, PlotAxis, Table

__all__ = ["aggregate", "said"]

_GROUP = "Statistics"
MOST_ROWS = 60
"""Algorithms in the table."""
DRAWN = 10
"""Algorithms in one plot of profiles."""


def aggregate(suite: Suite) -> Iterator[Figure]:
    """The table, and the profiles where there is something to compare or several seeds."""
    yield _table(suite)
    if len(suite.standings) > 1 or suite.standings[0].found.runs >= 10:
        yield _profiles(suite)


def said(value: Estimate, *, normal: bool) -> str:
    """ "0.914 [0.902, 0.925]" on a common scale, "187 [171, 199]" of returns."""
    if normal:
        return estimate(*value)
    point, low, high = (four(one) if np.isfinite(one) else "" for one in value)
    return f"{point} [{low}, {high}]" if low and high else point


def _table(suite: Suite) -> Figure:
    several = len(suite.tasks) > 1
    columns = (
        Column("Algorithm"),
        *([Column("Tasks", True)] if several else []),
        Column("Seeds", True, "Runs of each task"),
        Column("IQM", True, "Interquartile mean: the mean of the middle half of all runs"),
        Column("Median", True, "Over tasks, of the mean over seeds" if several else "Over seeds"),
        Column("Mean", True),
        *(
            [Column("Optimality gap", True, "How far runs fall short of 1 on average; lower is better")]
            if suite.normal
            else []
        ),
    )
    rows = tuple(_row(one, suite, several) for one in suite.standings[:MOST_ROWS])
    return Figure(
        "aggregates",
        f"What it comes to: {suite.scale}",
        _caption(suite),
        Table(columns, rows, searchable=len(rows) > 10),
        _GROUP,
    )


def _row(one: Standing, suite: Suite, several: bool) -> tuple[Cell, ...]:
    low, high = one.seeds
    found = one.found
    shown = [found.iqm, found.median, found.mean, *([found.gap] if suite.normal else [])]
    axis = [end for other in suite.standings for end in other.found.iqm if np.isfinite(end)]
    return (
        Cell(one.algorithm, color=one.color),
        *([Cell(f"{len(one.tasks):,}", float(len(one.tasks)))] if several else []),
        Cell(f"{low:,}" if low == high else f"{low:,}–{high:,}", float(low)),
        *(
            Cell(
                said(value, normal=suite.normal),
                value[0],
                bar=_bar(value, min(axis, default=0.0), max(axis, default=0.0)) if not i else None,
            )
            for i, value in enumerate(shown)
        ),
    )


def _runs(shown: Sequence[Standing]) -> str:
    """ "25 runs each", "12 to 25 runs each"."""
    low, high = (end(one.found.runs for one in shown) for end in (min, max))
    each = " each" if len(shown) > 1 else ""
    return f"{words.count(high, 'run')}{each}" if low == high else f"{low:,} to {high:,} runs each"


def _rest(suite: Suite) -> str:
    more = len(suite.standings) > MOST_ROWS
    return f" The best {MOST_ROWS} of {len(suite.standings):,} algorithms." if more else ""


def _doubt(suite: Suite) -> str:
    """Which intervals are not to be trusted, and why."""
    doubtful = [one.algorithm for one in suite.standings if not one.reliable and max(one.seeds) > 1]
    if not doubtful:
        return ""
    whose = "" if len(doubtful) == len(suite.standings) else f" of {among(doubtful)}"
    least = f"{FEWEST_SEEDS} seeds" if len(suite.tasks) == 1 else f"{SEEDS_ON_MANY} seeds a task"
    return f" The intervals{whose} are unreliable: fewer than {least}."


def _bar(value: Estimate, low: float, high: float) -> tuple[float, float, float] | None:
    point, left, right = value
    if not (np.isfinite(left) and high > low):
        return None
    first, middle, last = ((one - low) / (high - low) for one in (left, point, right))
    return first, middle, last


def _caption(suite: Suite) -> str:
    draws = max(one.found.draws for one in suite.standings)
    runs = sum(one.found.runs for one in suite.standings)
    told = f"{words.count(runs, 'run')}"
    if len(suite.tasks) == 1:
        end, axis = three(suite.tasks[0].end), COUNTED[suite.tasks[0].axis]
        told += f", each by the last 10 % of the {end} {axis} that all have"
    if len(suite.tasks) > 1:
        told += f" on {len(suite.tasks):,} tasks; 95 % intervals by drawing the seeds of each task again"
    else:
        told += "; 95 % intervals by drawing the seeds again"
    unlike = (
        " Not all were trained on the same tasks: rows with other numbers of tasks are not to be compared."
        if not suite.shared
        else ""
    )
    scale = (
        " Scores are (return − random) / (reference − random), with the numbers of experiment.yml."
        if (suite.scale == "normalised score")
        else ""
    )
    return f"{told} ({draws:,} resamples).{_rest(suite)}{_doubt(suite)}{scale}{unlike}"


def _profiles(suite: Suite) -> Figure:
    shown = suite.standings[:DRAWN]
    at = thresholds([scores for one in shown for scores in one.scores])
    layers: list[Layer] = []
    for one in shown:
        middle, low, high = profile(one.scores, at)
        if one.reliable and np.isfinite(low).all():
            layers.append(Layer("area", at, middle, low=low, high=high, color=one.color))
        layers.append(Layer("line", at, middle, label=one.algorithm, color=one.color))
    plot = Plot(
        tuple(layers), PlotAxis(f"{suite.scale} τ"), PlotAxis("share of runs above τ", low=0, high=1), height=280
    )
    half = [float(np.interp(-0.5, -profile(one.scores, at)[0], at)) for one in shown[:1]]
    told = decimal(half[0]) if suite.normal else four(half[0])
    caption = (
        f"Share of runs whose score is above each threshold: the higher curve is better. Half of the runs of "
        f"{shown[0].algorithm} are above {told}. Of {_runs(shown)}; bands are pointwise 95 % intervals."
    )
    return Figure("profiles", "Performance profiles", caption, plot, _GROUP)
