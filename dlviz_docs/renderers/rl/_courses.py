"""What is said of the course of learning on one task, algorithm by algorithm."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dlviz_docs.agent_names import RETURN, SUCCESS
from dlviz_docs.insights import rl_course, rl_scores
from dlviz_docs.insights.rl_words import three
from dlviz_docs.model import FloatArray, Insight
from dlviz_docs.renderers.rl._curves import Bundle
from dlviz_docs.renderers.rl._found import some
from dlviz_docs.renderers.rl._trials import LAST, Task
from dlviz_docs.renderers.rl.efficiency import LEVELS, way
from dlviz_docs.renderers.rl.health import entropy_at
from dlviz_docs.renderers.rl.returns import BOTH_SPLITS, falls, least_loss, place_of
from dlviz_docs.stats.align import tail_mean
from dlviz_docs.stats.intervals import bootstrap

__all__ = ["courses"]


def courses(task: Task, bundles: Sequence[Bundle], *, several: bool, whole: bool) -> Iterator[Insight]:
    """In the order of algorithms; `several` and `whole` tell which figures the page has."""
    figure = place_of(task, "returns", several=several)
    on = f" on {task.name}" if several and task.name else ""
    axis = "point" if task.axis == "epoch" else task.axis
    found, least = way(bundles), least_loss(bundles)
    learned = found.goal - found.start if found else 0.0
    for one in bundles:
        who = f"{one.cell.algorithm}{on}"
        yield from _course(task, one, who, axis, figure, least)
        if tell := rl_scores.scattered(one.cell.algorithm, one.cell.scores, learned, on):
            yield replace(tell, figure=figure if several else tell.figure)
        if tell := _gap(task, one, learned, f"{who}, at {axis} {three(task.end)}" if task.is_cut else who):
            both = len(bundles) <= BOTH_SPLITS and whole
            yield replace(tell, figure=place_of(task, "train-and-evaluation", several=several) if both else figure)
    if found and len(bundles) > 1:
        yield from some(_sooner(on, bundles, found.steps, found.levels[-1], axis))


def _course(task: Task, one: Bundle, who: str, axis: str, figure: str, least: float) -> Iterator[Insight]:
    """What one algorithm lost, and when it learned; a collapse is not also called a loss."""
    x, y = one.x, one.middle
    fallen = [(one.cell.trials[place].run.name, fall) for place, fall in falls(one, least)]
    yield from some(rl_course.collapsed(who, fallen, len(one.seeds), axis, figure))
    if not fallen:
        yield from some(rl_course.lost(who, x, y, axis, figure, least))
    yield from some(rl_course.nothing_learned(who, x, one.table, figure))
    yield from some(rl_course.sudden(who, x, y, axis, figure, least))
    if rising := rl_course.still_rising(who, x, y, axis, figure, least):
        yield rising
    elif not task.is_share and (told := rl_course.stalled(who, x, y, axis, figure, least, None)):
        entropy = entropy_at(one.cell, told.step or 0.0)
        yield from some(rl_course.stalled(who, x, y, axis, figure, least, entropy))


def _gap(task: Task, one: Bundle, learned: float, who: str) -> Insight | None:
    """Training against what is judged, seed by seed."""
    split = task.measure.partition("/")[0]
    trained = f"train/{SUCCESS if task.is_share else RETURN}"
    if split not in ("val", "test") or any(trial.series(trained) is None for trial in one.cell.trials):
        return None
    points = [trial.points(trained) for trial in one.cell.trials]
    before = np.array([tail_mean(x, y, task.end, LAST, counts)[0] for x, y, counts in points])
    apart = before - one.cell.scores
    if not np.isfinite(apart).all():
        return None
    low, high = bootstrap(lambda rows: apart[rows].mean(), len(apart)) if len(apart) > 1 else (np.nan, np.nan)
    ends = float(apart.mean()), float(low), float(high)
    return rl_scores.gap(who, split, float(before.mean()), float(one.cell.scores.mean()), learned, len(apart), ends)


def _sooner(on: str, bundles: Sequence[Bundle], steps: Sequence[FloatArray], goal: float, axis: str) -> Insight | None:
    """The first and the second algorithm to go most of the way, where more than half of their seeds do."""
    medians = []
    for one, found in zip(bundles, steps, strict=True):
        known = found[-1][np.isfinite(found[-1])]
        if len(known) * 2 > found.shape[1]:
            medians.append((float(np.median(known)), one.cell.algorithm))
    if len(medians) < 2:
        return None
    (first, fast), (second, slow), *_ = sorted(medians)
    return rl_course.sooner(f"{fast}{on}", slow, (first, second), LEVELS[-1], goal, axis)
