"""The curves of an experiment as they are drawn and judged: one series of one run, and what counts in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dlviz_docs import names
from dlviz_docs.model import Direction, Experiment, FloatArray, Run, Series, best_first
from dlviz_docs.view import XAxis

__all__ = [
    "Curve",
    "Judgement",
    "are_several",
    "best_curve",
    "curves_by_metric",
    "in_drawing_order",
    "judgement",
    "ranking",
]

_JUDGED_ORDER = ("val", "test", "", "train")
_DRAWN_ORDER = ("train", "", "test", "val")


@dataclass(frozen=True)
class Curve:
    """One series of one run, without what a resumed session wrote again."""

    run: Run
    series: Series

    @cached_property
    def live(self) -> slice | np.ndarray:
        return slice(None) if self.series.superseded is None else ~self.series.superseded

    @cached_property
    def y(self) -> FloatArray:
        return self.series.values[self.live]

    @cached_property
    def finite(self) -> np.ndarray:
        """Places of finite values."""
        return np.flatnonzero(np.isfinite(self.y))

    @cached_property
    def x(self) -> Mapping[XAxis, FloatArray]:
        series, live = self.series, self.live
        x: dict[XAxis, FloatArray] = {"step": series.steps[live]}
        if series.axis == "epoch":
            x["epoch"] = x["step"]
        elif series.epochs is not None and np.isfinite(series.epochs).all():
            x["epoch"] = series.epochs[live]
        if series.times is not None and self.run.started is not None:
            seconds = series.times[live] - self.run.started
            if np.isfinite(seconds).all():
                x["time"] = seconds
        return x

    def at(self, place: int) -> dict[XAxis, float]:
        """One point's place on every axis."""
        return {axis: float(values[place]) for axis, values in self.x.items()}

    def best(self, direction: Direction) -> float | None:
        """The best finite value: exact as recorded, or of the points left after splicing."""
        recorded = self.series.recorded
        if recorded is not None and not recorded.superseded:
            return recorded.best(direction)[0]
        place = self.best_place(direction)
        return None if place is None else float(self.y[place])

    def best_place(self, direction: Direction) -> int | None:
        if not len(self.finite):
            return None
        values = self.y[self.finite]
        return int(self.finite[values.argmin() if direction == "min" else values.argmax()])


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a metric is judged by: the split that counts, and which way is better, None where nobody knows."""

    split: str
    direction: Direction | None


def in_drawing_order(series: Iterable[Series]) -> list[Series]:
    """Train before validation, so that what is judged is drawn on top."""
    return sorted(series, key=lambda one: _DRAWN_ORDER.index(one.split))


def curves_by_metric(experiment: Experiment) -> dict[str, list[Curve]]:
    """Every metric's curves, run by run, in the order in which they are drawn."""
    found: dict[str, list[Curve]] = defaultdict(list)
    for run in experiment.runs:
        for series in in_drawing_order(run.series):
            if len(series):
                found[series.metric].append(Curve(run, series))
    return found


def judgement(experiment: Experiment, metric: str, curves: Iterable[Curve]) -> Judgement:
    """The experiment's own word on its objective; elsewhere validation before test before training, and the name."""
    splits = {curve.series.split for curve in curves}
    split = next((name for name in _JUDGED_ORDER if name in splits), "")
    objective = experiment.objective
    if objective is not None and objective.metric in {f"{name}/{metric}" if name else metric for name in splits}:
        return Judgement(objective.metric.removesuffix(metric).rstrip("/"), objective.direction)
    if objective is not None and names.group(objective.metric) == "Reward" and names.group(metric) == "Loss":
        return Judgement(split, None)  # an agent's losses follow the returns it finds, not how well it does
    return Judgement(split, names.direction(metric))


def ranking(experiment: Experiment) -> dict[str, int]:
    """Place of every run by its best value of the objective, by slug."""
    return {run.slug: place for place, run in enumerate(best_first(experiment.runs, experiment.objective))}


def are_several(curves: Iterable[Curve]) -> bool:
    """Whether there is more than one run among them."""
    return len({curve.run.slug for curve in curves}) > 1


def best_curve(curves: Sequence[Curve], direction: Direction) -> Curve:
    """The curve with the best value; the first of equals."""
    sign = 1 if direction == "min" else -1
    return min(curves, key=lambda c: np.inf if (best := c.best(direction)) is None else sign * best)
