"""How training went: what the numbers say, a chart for every metric, and a table of all of them."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, TypeAlias

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.insights.merging import merge
from dlviz_docs.model import Direction, Experiment, Insight
from dlviz_docs.renderers._curves import metric_figure
from dlviz_docs.renderers._judged import Curve, curves_by_metric, judgement, ranking
from dlviz_docs.view import Cell, Column, Figure, Shown, Table

__all__ = ["Training"]

Metrics: TypeAlias = Mapping[str, Sequence[Curve]]
Better: TypeAlias = Mapping[str, Direction | None]

ROWS_BY_RUN = 150
"""Up to here the table of values has one row per series and run; beyond, one per series over all runs."""
_EMPTY = Cell("–")
_ARROWS: Mapping[Direction, str] = {"min": "↓", "max": "↑"}
_FIRST_GROUPS = ("Loss", "Quality", "Reward")
_LAST_GROUPS = ("Learning rate", "Gradients and weights", "Speed and system", "Progress")


@dataclass(frozen=True, slots=True)
class Training:
    """Every metric, train and validation together, in groups; insights first."""

    title: ClassVar[str] = "Training"

    charts: int = 60
    """How many charts the page has at most; further metrics are in the table of values."""

    def __call__(self, experiment: Experiment) -> Iterator[Shown]:
        """Insights, then charts group by group, then what was recorded once, then all values."""
        found = curves_by_metric(experiment)
        metrics = {metric: found[metric] for metric in _in_order(experiment, found)}
        once = {m: c for m, c in metrics.items() if all(len(curve.y) <= 1 for curve in c)}
        counters = [m for m, c in metrics.items() if m not in once and _is_counter(m, c)]
        curved = [m for m in metrics if m not in once and m not in counters]
        places = _places(curved[: self.charts])
        table = "values" if len(once) < len(metrics) else "once"
        yield from _linked(merge(experiment.runs), metrics, places, table)
        order = ranking(experiment)
        for metric, place in places.items():
            # Curves of its own: what they keep of their points goes with the figure, and does not add up.
            curves = [replace(curve) for curve in metrics[metric]]
            if figure := metric_figure(experiment, metric, curves, order):
                yield replace(figure, id=place)
        better = {metric: judgement(experiment, metric, curves).direction for metric, curves in metrics.items()}
        if once:
            yield _values(once, better, "once", "Recorded once", f"One value a run, so no curve: {_listed(once)}.")
        if len(once) < len(metrics):
            caption = "Best and last value of every metric."
            if uncharted := curved[self.charts :]:
                caption += f" Beyond the {self.charts} charts of this page: {_listed(uncharted)}."
            if counters:
                caption += f" Without a chart, since they only count: {_listed(counters)}."
            yield _values(metrics, better, "values", "All values", caption)


# --- order and places -------------------------------------------------------------------------------------------------


def _places(charted: Iterable[str]) -> dict[str, str]:
    """A metric's place on the page: the usual one, unless another metric of nearly the same name has it ("Loss")."""
    places: dict[str, str] = {}
    for metric in charted:
        place = names.figure_id(metric)
        places[metric] = f"metric-{names.exact_slug(metric, 'chart')}" if place in places.values() else place
    return places


def _linked(insights: Iterable[Insight], metrics: Metrics, places: Mapping[str, str], table: str) -> Iterator[Insight]:
    """Insights with the place on this page where their numbers are: a chart, or else the table."""
    of_series = {curve.series.name: metric for metric, curves in metrics.items() for curve in curves}
    for insight in insights:
        yield replace(insight, figure=places.get(of_series.get(insight.metric, ""), table))


def _in_order(experiment: Experiment, metrics: Metrics) -> list[str]:
    """The objective's group first, then losses and results, then anything else, and what is only bookkeeping last."""
    objective = experiment.objective.metric if experiment.objective else ""
    main = next((m for m, curves in metrics.items() if any(c.series.name == objective for c in curves)), "")
    groups = [names.group(main)] if main else []
    groups += [group for group in _FIRST_GROUPS if group not in groups]

    def key(metric: str) -> tuple[object, ...]:
        group, curves = names.group(metric), metrics[metric]
        if group in groups:
            place = groups.index(group)
        else:
            place = len(groups) + (1 + _LAST_GROUPS.index(group) if group in _LAST_GROUPS else 0)
        unjudged = all(curve.series.split in ("", "train") for curve in curves)
        return place, group, metric != main, unjudged, names.natural(metric)

    return sorted(metrics, key=key)


def _is_counter(metric: str, curves: Iterable[Curve]) -> bool:
    """An epoch or step number that only rises: its curve says nothing."""
    if names.group(metric) != "Progress":
        return False
    return all(bool((curve.y[1:] >= curve.y[:-1]).all()) for curve in curves)


def _listed(metrics: Iterable[str]) -> str:
    found = list(metrics)
    shown = ", ".join(found[:8])
    return f"{shown} and {len(found) - 8:,} more" if len(found) > 8 else shown


# --- values -----------------------------------------------------------------------------------------------------------


def _values(metrics: Metrics, better: Better, id: str, title: str, caption: str) -> Figure:  # noqa: A002  (the figure's word)
    """A table of the exact recorded values, over all runs together where one row a run would be too many."""
    curves = [curve for found in metrics.values() for curve in found]
    table = _by_run(curves, better) if len(curves) <= ROWS_BY_RUN else _over_runs(curves, better)
    return Figure(id, title, caption, table, "Values")


def _by_run(curves: Sequence[Curve], better: Better) -> Table:
    several = len({curve.run.slug for curve in curves}) > 1
    columns = [
        Column("Series"),
        *([Column("Run")] if several else []),
        Column("Best", True, "↓ lower is better, ↑ higher is better; empty where the name does not tell"),
        Column("at", True, "Step, epoch or episode of the best value"),
        Column("Last", True),
        Column("Lowest", True),
        Column("Highest", True),
        Column("Points", True),
        Column("Not finite", True, "NaN and infinite values"),
    ]
    order = {metric: place for place, metric in enumerate(better)}
    rows = []
    for curve in sorted(curves, key=lambda c: (order[c.series.metric], c.series.name)):  # stable: runs stay in order
        run = [Cell(curve.run.name, color=curve.run.color)] if several else []
        rows.append((Cell(curve.series.name), *run, *_cells(curve, better[curve.series.metric])))
    return Table(tuple(columns), tuple(rows), searchable=len(rows) > 10)


def _cells(curve: Curve, direction: Direction | None) -> tuple[Cell, ...]:
    recorded = curve.series.recorded
    if recorded is None:
        return (_EMPTY,) * 7
    best, step = _EMPTY, None
    if direction and (value := curve.best(direction)) is not None:
        best = Cell(f"{words.number(value)} {_ARROWS[direction]}", value)
        step = _best_step(curve, direction)
    extremes = (recorded.last, recorded.min, recorded.max, recorded.count, recorded.nonfinite or None)
    return (best, _number(step), *(_number(value) for value in extremes))


def _best_step(curve: Curve, direction: Direction) -> float | None:
    place = curve.best_place(direction)
    return None if place is None else float(curve.x["step"][place])


def _over_runs(curves: Iterable[Curve], better: Better) -> Table:
    """One row per series: the best of all runs, and where the runs end."""
    by_series: dict[str, list[Curve]] = defaultdict(list)
    for curve in curves:
        by_series[curve.series.name].append(curve)
    columns = (
        Column("Series"),
        Column("Runs", True),
        Column("Best", True, "↓ lower is better, ↑ higher is better; empty where the name does not tell"),
        Column("Best run"),
        Column("Median of last", True, "Median over runs of the last value"),
        Column("Lowest last", True),
        Column("Highest last", True),
        Column("Points", True, "Over all runs"),
    )
    return Table(
        columns,
        tuple(_row_over_runs(found, better[found[0].series.metric]) for found in by_series.values()),
        searchable=True,
    )


def _row_over_runs(curves: Sequence[Curve], direction: Direction | None) -> tuple[Cell, ...]:
    best, run = _EMPTY, _EMPTY
    known = [(value, curve.run) for curve in curves if direction and (value := curve.best(direction)) is not None]
    if direction and known:
        value, winner = (min if direction == "min" else max)(known, key=lambda pair: pair[0])
        best, run = Cell(f"{words.number(value)} {_ARROWS[direction]}", value), Cell(winner.name, color=winner.color)
    recorded = [curve.series.recorded for curve in curves if curve.series.recorded]
    last = [one.last for one in recorded if one.last is not None and np.isfinite(one.last)]
    ends = (statistics.median(last), min(last), max(last)) if last else (None,) * 3
    return (
        Cell(curves[0].series.name),
        _number(len(curves)),
        best,
        run,
        *(_number(value) for value in ends),
        _number(sum(one.count for one in recorded)),
    )


def _number(value: float | None) -> Cell:
    return _EMPTY if value is None else Cell(words.number(value), float(value))
