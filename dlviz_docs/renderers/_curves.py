"""One metric of all runs as one chart: train and validation together, what is worth a mark, and a sentence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.model import Direction, Experiment, FloatArray, Run, Series
from dlviz_docs.stats.bands import quantile_band
from dlviz_docs.view import Band, Chart, Figure, Line, Mark, XAxis

__all__ = ["Curve", "Judgement", "curves_by_metric", "judgement", "metric_chart", "metric_figure", "ranking"]

RUNS_IN_FULL = 12
"""More runs than this are a band and their best."""
BEST_DRAWN = 6
RUNS_IN_CONTEXT = 18
"""Up to here the runs that are not among the best are drawn thin and grey; more would take the page's 10 KB a chart."""
BEST_MARKED = 3
"""Of so few runs each has its best step marked; of more, only the best run."""
BAND = (0.1, 0.5, 0.9)
LOG_DECADES = 2.5
"""A range from which only the first steps could be read on a linear axis."""

_LOGARITHMIC = {"Loss", "Learning rate", "Gradients and weights"}
_JUDGED_ORDER = ("val", "test", "", "train")
_DRAWN_ORDER = ("train", "", "test", "val")
_BAND_COLOR = 9


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
        if series.times is not None and self.run.started is not None and np.isfinite(series.times).all():
            x["time"] = series.times[live] - self.run.started
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


def curves_by_metric(experiment: Experiment) -> dict[str, list[Curve]]:
    """Every metric's curves, train before validation within a run, so that what is judged is drawn on top."""
    found: dict[str, list[Curve]] = defaultdict(list)
    for run in experiment.runs:
        for series in sorted(run.series, key=lambda one: _DRAWN_ORDER.index(one.split)):
            if len(series):
                found[series.metric].append(Curve(run, series))
    return found


def metric_chart(experiment: Experiment, metric: str) -> Figure | None:
    """The chart of one metric; None where no run has two points of it."""
    found = [
        Curve(run, series)
        for run in experiment.runs
        for series in sorted(run.series, key=lambda one: _DRAWN_ORDER.index(one.split))
        if series.name.endswith(metric) and series.metric == metric and len(series)
    ]
    return metric_figure(experiment, metric, found, ranking(experiment))


def metric_figure(
    experiment: Experiment, metric: str, curves: Sequence[Curve], order: Mapping[str, int]
) -> Figure | None:
    """The chart of one metric's curves; `order` ranks runs by slug, for when not all can be drawn."""
    if not any(len(curve.y) > 1 for curve in curves):
        return None
    judged = judgement(experiment, metric, curves)
    runs = list(dict.fromkeys(curve.run.slug for curve in curves))
    best = sorted(runs, key=lambda slug: order.get(slug, len(order)))[:BEST_DRAWN]
    few = len(runs) <= RUNS_IN_FULL
    shown = list(curves) if few else list(_selection(curves, judged, set(best), context=len(runs) <= RUNS_IN_CONTEXT))
    first_axis, axes = _axes(shown)
    bands = () if few else _bands([c for c in curves if c.series.split == judged.split], first_axis)
    chart = Chart(
        lines=tuple(_lines(shown, faint=set() if few else set(runs).difference(best))),
        bands=bands,
        marks=tuple(_marks(curves, judged) if few else _best_marks(curves, judged)),
        x_axes=axes,
        x_label=_axis_words(shown, first_axis),
        log_y=names.group(metric) in _LOGARITHMIC and _spans_decades(shown),
    )
    caption = _course(curves, judged) + ("" if few else _choice(experiment, len(runs), len(best), bool(bands), shown))
    return Figure(names.figure_id(metric), metric, caption, chart, names.group(metric))


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
    """Place of every run by its best value of the objective; runs without one come last, in their own order."""
    objective = experiment.objective
    if objective is None:
        return {run.slug: place for place, run in enumerate(experiment.runs)}
    sign = 1 if objective.direction == "min" else -1

    def key(run: Run) -> tuple[bool, float]:
        series = run.get(objective.metric)
        best = Curve(run, series).best(objective.direction) if series else None
        return best is None, sign * (best or 0.0)

    return {run.slug: place for place, run in enumerate(sorted(experiment.runs, key=key))}


# --- lines, bands, axes -----------------------------------------------------------------------------------------------


def _selection(curves: Iterable[Curve], judged: Judgement, best: set[str], *, context: bool) -> Iterator[Curve]:
    """Of many runs: the best with all their splits, and the others' judged split where there is room for context."""
    for curve in curves:
        if curve.run.slug in best or (context and curve.series.split == judged.split):
            yield curve


def _lines(shown: Sequence[Curve], faint: set[str]) -> Iterator[Line]:
    """Runs are told apart by colour, splits by dash; a lone split needs no dash, a lone run no name."""
    several = _are_several(shown)
    held_out = any(curve.series.split in ("val", "test") for curve in shown)
    for curve in shown:
        split = curve.series.split
        label = f"{curve.run.name} {split}".strip() if several else split
        yield Line(
            label=label or curve.series.name,
            run=curve.run.slug,
            series=curve.series.name,
            color=curve.run.color,
            x=curve.x,
            y=curve.y,
            dash="dashed" if split == "train" and held_out else "solid",
            faint=curve.run.slug in faint,
        )


def _are_several(curves: Iterable[Curve]) -> bool:
    """Whether there is more than one run among them."""
    return len({curve.run.slug for curve in curves}) > 1


def _bands(curves: Sequence[Curve], axis: XAxis) -> tuple[Band, ...]:
    known = [(curve.x[axis], curve.y) for curve in curves if axis in curve.x and len(curve.finite) > 1]
    x, (low, middle, high) = quantile_band(known, BAND)
    if not len(x):
        return ()
    return (Band(f"median and middle 80 % of {len(known):,} runs", _BAND_COLOR, x, low, middle, high),)


def _axes(curves: Sequence[Curve]) -> tuple[XAxis, tuple[XAxis, ...]]:
    """The axis that is drawn, and all that every line knows: steps first, unless some count epochs instead."""
    counted = {curve.series.axis for curve in curves}
    known: list[XAxis] = [axis for axis in ("step", "epoch", "time") if all(axis in curve.x for curve in curves)]
    if "epoch" in counted and "epoch" in known:
        known.remove("step")
    return known[0], tuple(known)


def _axis_words(curves: Iterable[Curve], axis: XAxis) -> str:
    """What the axis counts; rarely, curves that count differently share it."""
    return "epoch" if axis == "epoch" else " or ".join(dict.fromkeys(curve.series.axis for curve in curves))


def _spans_decades(curves: Iterable[Curve]) -> bool:
    """Whether all is positive, and a tenth of some curve lies that far below the top; a last point does not count."""
    drawn = [values for curve in curves if len(values := curve.y[curve.finite])]
    low, high = min((v.min() for v in drawn), default=0.0), max((v.max() for v in drawn), default=0.0)
    if low <= 0 or high / low <= 10**LOG_DECADES:
        return False
    return bool(high / min(np.partition(v, len(v) // 10)[len(v) // 10] for v in drawn) > 10**LOG_DECADES)


# --- marks ------------------------------------------------------------------------------------------------------------


def _marks(curves: Sequence[Curve], judged: Judgement) -> Iterator[Mark]:
    """Best steps, the first non-finite value and the first resumption of each run."""
    several = _are_several(curves)
    yield from _best_marks(curves, judged)
    odd, resumed = set[str](), set[str]()
    for curve in curves:
        run = curve.run
        label = f" ({run.name})" if several else ""
        if run.slug not in odd and len(curve.finite) < len(curve.y):
            odd.add(run.slug)
            yield _nonfinite_mark(curve, label)
        if run.slug not in resumed and curve.series.superseded is not None:
            resumed.add(run.slug)
            yield from (Mark("resume", curve.at(place), None, f"resumed{label}", run.color) for place in _seams(curve))


def _best_marks(curves: Sequence[Curve], judged: Judgement) -> Iterator[Mark]:
    several = _are_several(curves)
    chosen = [curve for curve in curves if curve.series.split == judged.split]
    if judged.direction is None:
        return
    if len(chosen) > BEST_MARKED:
        chosen = [_best_curve(chosen, judged.direction)]
    for curve in chosen:
        if len(curve.y) > 1 and (place := curve.best_place(judged.direction)) is not None:
            label = f"best {words.number(float(curve.y[place]))}" + (f" ({curve.run.name})" if several else "")
            yield Mark("best", curve.at(place), float(curve.y[place]), label, curve.run.color)


def _nonfinite_mark(curve: Curve, label: str) -> Mark:
    place = int(np.flatnonzero(~np.isfinite(curve.y))[0])
    what = "NaN" if np.isnan(curve.y[place]) else "infinite"
    return Mark("nonfinite", curve.at(place), None, f"{what} from here{label}", curve.run.color)


def _seams(curve: Curve) -> Iterator[int]:
    """Places, among the points left, of the first point of each later session."""
    superseded = curve.series.superseded
    if superseded is None:
        return
    starts = np.flatnonzero(superseded[:-1] & ~superseded[1:]) + 1
    yield from (int(place) for place in starts - np.cumsum(superseded)[starts])


def _best_curve(curves: Sequence[Curve], direction: Direction) -> Curve:
    """The curve with the best value; the first of equals."""
    sign = 1 if direction == "min" else -1
    return min(curves, key=lambda c: np.inf if (best := c.best(direction)) is None else sign * best)


# --- words ------------------------------------------------------------------------------------------------------------


def _course(curves: Sequence[Curve], judged: Judgement) -> str:
    """How the best curve runs, in one sentence, and how many runs there are."""
    subject = [curve for curve in curves if curve.series.split == judged.split and len(curve.finite)]
    runs = len({curve.run.slug for curve in curves})
    among = f"; {runs:,} runs" if runs > 1 else ""
    name = (subject or curves)[0].series.name
    if not subject:
        return f"{name} has no finite value{among}."
    if judged.direction is None:
        return f"{_neutral(name, subject)}{among}."
    return f"{_to_best(name, _best_curve(subject, judged.direction), judged.direction, runs > 1)}{among}."


def _to_best(name: str, curve: Curve, direction: Direction, several: bool) -> str:
    place, start = curve.best_place(direction), int(curve.finite[0])
    if place is None:
        return f"{name} has no finite value"
    best, first = words.number(float(curve.y[place])), words.number(float(curve.y[start]))
    whose = f", {curve.run.name}" if several else ""
    where = f"{curve.series.axis} {words.number(float(curve.x['step'][place]))}"
    if best == first:
        return f"{name} never betters its first value, {first}{whose and ' (' + whose[2:] + ')'}"
    return f"{name} {'falls' if direction == 'min' else 'rises'} from {first} to {best} (best{whose}) at {where}"


def _neutral(name: str, curves: Sequence[Curve]) -> str:
    """Ends and range, without a judgement."""
    ends = [(float(c.y[c.finite[0]]), float(c.y[c.finite[-1]])) for c in curves]
    if len(ends) == 1:
        first, last = (words.number(value) for value in ends[0])
        values = curves[0].y[curves[0].finite]
        if values.min() == values.max():
            return f"{name} stays at {first}"
        low, high = words.number(float(values.min())), words.number(float(values.max()))
        between = "" if {first, last} == {low, high} else f", between {low} and {high}"
        return f"{name} goes from {first} to {last}{between}"
    low, high = words.number(min(last for _, last in ends)), words.number(max(last for _, last in ends))
    return f"{name} ends at {low} in all runs" if low == high else f"{name} ends between {low} and {high}"


def _choice(experiment: Experiment, runs: int, best: int, band: bool, shown: Sequence[Curve]) -> str:
    """Which of many runs are drawn, and how."""
    by = f" by {experiment.objective.metric}" if experiment.objective else ""
    which = f"the best {best}{by}" if by else f"the first {best}"
    others = ", the others thin" if len({curve.run.slug for curve in shown}) == runs else ""
    around = ", over the median and the middle 80 % of all" if band else ""
    return f" Drawn of {runs:,} runs: {which}{others}{around}."
