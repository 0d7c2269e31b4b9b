"""The curves of a task's agents, seeds thin and together, as layers of a plot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.rl_words import FEWEST_SEEDS
from dlviz_docs.model import Axis, FloatArray
from dlviz_docs.renderers.rl._trials import Cell, Task, Trial
from dlviz_docs.stats.align import aligned
from dlviz_docs.stats.trimmed import band_draws, iqm, iqm_band
from dlviz_docs.view import Dash, Layer, Plot, PlotAxis

__all__ = [
    "COUNTED",
    "Bundle",
    "Clock",
    "bundle",
    "by_episodes",
    "by_seconds",
    "by_steps",
    "curve_layers",
    "curve_plot",
]

PLACES = 100
"""Of a curve in a plot."""
UNEVEN = 3.0
"""Times the shortest curve that the longest has, from which on short ones are hard to see."""
THIN_LINES = 60
"""Seeds drawn one by one; more are a mass."""
COUNTED: dict[Axis, str] = {
    "step": "steps",
    "frame": "frames",
    "episode": "episodes",
    "epoch": "evaluations or epochs",
    "iteration": "iterations",
}

Points = tuple[FloatArray, FloatArray, FloatArray]
Clock = Callable[[Trial, str], Points | None]
"""Places, values and weights of one trial's curve by something that runs on; None where the trial does not tell it."""


def by_steps(trial: Trial, name: str) -> Points | None:
    """By what the log counts."""
    points = trial.points(name)
    return points if len(points[0]) else None


def by_episodes(trial: Trial, name: str) -> Points | None:
    """By episodes that had ended."""
    return _read(trial.points(name), trial.episodes)


def by_seconds(trial: Trial, name: str) -> Points | None:
    """By seconds since the run began."""
    return _read(trial.points(name), trial.seconds(name))


def _read(points: Points, clock: tuple[FloatArray, FloatArray] | None) -> Points | None:
    x, y, weights = points
    if clock is None or not len(x):
        return None
    inside = (x >= clock[0][0]) & (x <= clock[0][-1])
    return (np.interp(x[inside], *clock), y[inside], weights[inside]) if inside.sum() > 1 else None


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """The seeds of one algorithm: each by itself, and together over what all of them have. Shape (g,) each."""

    cell: Cell
    seeds: tuple[tuple[FloatArray, FloatArray], ...]
    x: FloatArray
    middle: FloatArray
    """Interquartile mean; of fewer than four seeds, their mean."""
    low: FloatArray
    high: FloatArray
    """Ends of its pointwise 95 % interval; NaN of fewer than `FEWEST_SEEDS`."""
    draws: int
    table: FloatArray
    """The seeds at x, shape (seeds, g)."""


def bundle(cell: Cell, name: str, clock: Clock = by_steps, *, size: int = PLACES) -> Bundle | None:
    """One algorithm's curves of that name; None where no seed has two points of it."""
    curves = [points for trial in cell.trials if (points := clock(trial, name)) and len(points[0]) > 1]
    own = [aligned([curve], size=size) for curve in curves]
    seeds = tuple((grid, table[0]) for grid, table in own if len(grid))
    x, table = aligned(curves, size=size)
    if not len(x):
        return None
    if len(curves) < FEWEST_SEEDS:
        nothing = np.full(len(x), np.nan)
        return Bundle(cell, seeds, x, iqm(table), nothing, nothing, 0, table)
    return Bundle(cell, seeds, x, *iqm_band(table), band_draws(*table.shape), table)


def curve_layers(bundles: Sequence[Bundle], *, thin: bool = True, dash: Dash = "solid") -> Iterator[Layer]:
    """Seeds below bands below what they come to."""
    if thin and sum(len(one.seeds) for one in bundles) <= THIN_LINES:
        for one in bundles:
            if len(one.seeds) > 1:
                yield from (Layer("line", x, y, color=one.cell.color, thin=True) for x, y in one.seeds)
    for one in bundles:
        if np.isfinite(one.low).any():
            yield Layer("area", one.x, one.middle, low=one.low, high=one.high, color=one.cell.color)
    for one in bundles:
        yield Layer("line", one.x, one.middle, label=_label(one), color=one.cell.color, dash=dash)


def _label(one: Bundle) -> str:
    return f"{one.cell.algorithm} ({words.count(len(one.table), 'seed')})"


def curve_plot(task: Task, layers: Sequence[Layer], along: str = "", up: str = "", *, height: int = 280) -> Plot:
    """On the axes of the task; a button makes the lower one logarithmic where some curves are far longer."""
    ends = [float(layer.x[-1]) for layer in layers if layer.mark == "line" and not layer.thin]
    uneven = bool(ends) and max(ends) > UNEVEN * min(ends) > 0
    x = PlotAxis(along or COUNTED[task.axis], logarithmic=uneven)
    return Plot(tuple(layers), x, PlotAxis(up or task.measure), height=height)
