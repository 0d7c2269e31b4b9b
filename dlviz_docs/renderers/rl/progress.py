"""How scores of several tasks together grow over training: the sample-efficiency curve of Agarwal et al. (2021)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dlviz_docs.insights.estimates import decimal
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.rl._curves import COUNTED, Bundle
from dlviz_docs.renderers.rl._suites import Standing, Suite, scale_of
from dlviz_docs.renderers.rl._trials import Task
from dlviz_docs.stats.aggregate import normalised
from dlviz_docs.stats.trimmed import band_draws, iqm_band
from dlviz_docs.view import Figure, Layer, Plot, PlotAxis

__all__ = ["together"]

PLACES = 41
DRAWN = 10
"""Algorithms in one plot."""
SAME_LENGTH = 0.05
"""Tasks whose trainings differ in length by no more are drawn by steps, others by the share of their training."""

Curves = Mapping[str, Sequence[Bundle]]


def together(suite: Suite, bundles: Curves, scores: Mapping[str, tuple[float, float]]) -> Figure | None:
    """Interquartile means over all runs of all tasks, by steps or by the share of training; None for a single task."""
    if len(suite.tasks) < 2:
        return None
    ends = [task.end for task in suite.tasks]
    if min(ends) <= 0:
        return None  # a task whose runs have their first value in common, and no more
    by_steps = max(ends) - min(ends) <= SAME_LENGTH * max(ends) and len({task.axis for task in suite.tasks}) == 1
    begin = max((float(one.x[0]) / task.end for task in suite.tasks for one in bundles.get(task.name, ())), default=1.0)
    if begin >= 0.5:
        return None  # on some task half the training had gone before the first evaluation of all
    at = np.linspace(begin, 1.0, PLACES)
    layers: list[Layer] = []
    draws = 0
    for one in suite.standings[:DRAWN]:
        rows, strata = _rows(one, suite, bundles, scores, at)
        if not len(rows):
            continue
        x = at * min(ends) if by_steps else 100 * at
        middle, low, high = iqm_band(rows, strata)
        if one.reliable and np.isfinite(low).all():
            layers.append(Layer("area", x, middle, low=low, high=high, color=one.color))
            draws = band_draws(*rows.shape)
        label = f"{one.algorithm} ({len(one.tasks):,} tasks)" if not suite.shared else one.algorithm
        layers.append(Layer("line", x, middle, label=label, color=one.color))
    if not layers:
        return None
    along = COUNTED[suite.tasks[0].axis] if by_steps else "share of the training that all have, %"
    plot = Plot(tuple(layers), PlotAxis(along), PlotAxis(f"IQM of {suite.scale}"), height=300)
    caption = _caption(suite, layers, draws, by_steps)
    return Figure("progress", "Sample efficiency over all tasks", caption, plot, "Sample efficiency")


def _rows(
    one: Standing, suite: Suite, bundles: Curves, scores: Mapping[str, tuple[float, float]], at: FloatArray
) -> tuple[FloatArray, np.ndarray]:
    """Every run's curve on the suite's scale, shape (runs, places), and the place of its task."""
    rows, strata = [np.empty((0, len(at)))], [np.empty(0, np.intp)]
    for place, task in enumerate(suite.tasks):
        found = next((b for b in bundles.get(task.name, ()) if b.cell.algorithm == one.algorithm), None)
        if found is not None:
            rows.append(_scaled(found, task, scores, at))
            strata.append(np.full(len(found.table), place, np.intp))
    return np.concatenate(rows), np.concatenate(strata)


def _scaled(found: Bundle, task: Task, scores: Mapping[str, tuple[float, float]], at: FloatArray) -> FloatArray:
    curves = np.stack([np.interp(at * task.end, found.x, row) for row in found.table])
    scale = scale_of(task, scores)
    return normalised(curves, *scale) if scale else curves


def _caption(suite: Suite, layers: Sequence[Layer], draws: int, by_steps: bool) -> str:
    lines = [layer for layer in layers if layer.mark == "line"]
    best = max(lines, key=lambda layer: float(layer.y[-1]))
    runs = sum(one.found.runs for one in suite.standings)
    half = float(np.interp(0.5, np.linspace(0, 1, len(best.y)), best.y))
    told = (
        f"Interquartile mean over all {runs:,} runs of {len(suite.tasks):,} tasks. {best.label} ends at "
        f"{decimal(float(best.y[-1]))}, and was at {decimal(half)} half-way."
    )
    why = "" if by_steps else " Trainings of different tasks differ in length, so each counts by its own."
    band = f" Bands are pointwise 95 % intervals, from {draws:,} resamples of the seeds of each task." if draws else ""
    return told + why + band
