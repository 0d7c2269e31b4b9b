"""One metric of all runs as one chart: train and validation together, what is worth a mark, and a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

import numpy as np

from dlviz_docs import names, words
from dlviz_docs.model import Experiment
from dlviz_docs.renderers._captions import choice, course
from dlviz_docs.renderers._judged import (
    Curve,
    Judgement,
    are_several,
    best_curve,
    in_drawing_order,
    judgement,
    ranking,
)
from dlviz_docs.stats.bands import quantile_band
from dlviz_docs.view import Band, Chart, Dash, Figure, Line, Mark, XAxis

__all__ = ["metric_chart", "metric_figure"]

RUNS_IN_FULL = 12
"""More runs than this are a band and their best."""
BEST_DRAWN = 6
RUNS_IN_CONTEXT = 18
"""Up to here the runs that are not among the best are drawn thin and grey; more would take the page's 10 KB a chart."""
BEST_MARKED = 3
"""Of so few runs each has its best step marked; of more, only the best run."""
BAND = (0.1, 0.5, 0.9)
FOCUS_TIMES = 3
LOG_DECADES = 2.5
"""A range from which only the first steps could be read on a linear axis."""

_LOGARITHMIC = {"Loss", "Learning rate", "Gradients and weights"}
_BAND_COLOR = 9
_LOST = frozenset({"divergence", "nonfinite"})
_ONSETS = {"overfitting": "overfits", "divergence": "diverges"}


def metric_chart(experiment: Experiment, metric: str) -> Figure | None:
    """The chart of one metric; None where no run has two points of it."""
    found = [
        Curve(run, series)
        for run in experiment.runs
        for series in in_drawing_order(one for one in run.series if one.name.endswith(metric) and one.metric == metric)
        if len(series)
    ]
    return metric_figure(experiment, metric, found, ranking(experiment))


@np.errstate(over="ignore", invalid="ignore")  # logs may hold 1e308
def metric_figure(
    experiment: Experiment, metric: str, curves: Sequence[Curve], order: Mapping[str, int]
) -> Figure | None:
    """The chart of one metric's curves; `order` ranks runs by slug, for when not all can be drawn."""
    runs = list(dict.fromkeys(curve.run.slug for curve in curves if len(curve.y) > 1))
    if not runs:
        return None
    lone = len({curve.run.slug for curve in curves}) - len(runs)
    drawn = set(runs)
    curves = [curve for curve in curves if curve.run.slug in drawn] if lone else curves
    judged = judgement(experiment, metric, curves)
    best = sorted(runs, key=lambda slug: order.get(slug, len(order)))[:BEST_DRAWN]
    few = len(runs) <= RUNS_IN_FULL
    shown = list(curves) if few else list(_selection(curves, judged, set(best), context=len(runs) <= RUNS_IN_CONTEXT))
    first_axis, axes = _axes(shown)
    bands = () if few else _bands([c for c in curves if c.series.split == judged.split], first_axis)
    sound = [curve for curve in shown if not _is_lost(curve)] or shown
    focus = _focus(sound, shown, log=_is_logarithmic(metric, sound))
    chart = Chart(
        lines=tuple(_lines(shown, faint=set() if few else set(runs).difference(best))),
        bands=bands,
        marks=tuple(_marks(curves, judged) if few else _best_marks(curves, judged)),
        x_axes=axes,
        x_label=_axis_words(shown, first_axis),
        log_y=_is_logarithmic(metric, sound if focus else shown),
        focus=focus,
    )
    caption = course(curves, judged) + ("" if few else choice(experiment, len(runs), len(best), bool(bands), shown))
    if lone:
        caption += f" {words.count(lone, 'more run has', 'more runs have')} a single value."
    return Figure(names.figure_id(metric), metric, caption, chart, names.group(metric))


# --- lines, bands, axes -----------------------------------------------------------------------------------------------


def _selection(curves: Iterable[Curve], judged: Judgement, best: set[str], *, context: bool) -> Iterator[Curve]:
    """Of many runs: the best with all their splits, and the others' judged split where there is room for context."""
    for curve in curves:
        if curve.run.slug in best or (context and curve.series.split == judged.split):
            yield curve


def _lines(shown: Sequence[Curve], faint: set[str]) -> Iterator[Line]:
    """Runs are told apart by colour, splits by dash; a lone split needs neither dash nor word, a lone run no name."""
    several = are_several(shown)
    splits = {curve.series.split for curve in shown}
    for curve in shown:
        split = curve.series.split
        told = split if len(splits) > 1 or not several else ""
        label = f"{curve.run.name} {told}".strip() if several else told
        yield Line(
            label=label or curve.series.name,
            run=curve.run.slug,
            series=curve.series.name,
            color=curve.run.color,
            x=curve.x,
            y=curve.y,
            dash=_dash(split, splits),
            faint=curve.run.slug in faint,
            name=curve.run.name,
            split=split,
        )


def _dash(split: str, beside: Set[str]) -> Dash:
    if split == "train" and beside & {"val", "test"}:
        return "dashed"
    return "dotted" if split == "test" and "val" in beside else "solid"


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


def _is_logarithmic(metric: str, curves: Sequence[Curve]) -> bool:
    """Whether all is positive, and a tenth of some curve lies that far below the top; a last point does not count."""
    low, high = _range(curves)
    if names.group(metric) not in _LOGARITHMIC or low <= 0 or high / low <= 10**LOG_DECADES:
        return False
    drawn = [values for curve in curves if len(values := curve.y[curve.finite])]
    return bool(high / min(np.partition(v, len(v) // 10)[len(v) // 10] for v in drawn) > 10**LOG_DECADES)


def _is_lost(curve: Curve) -> bool:
    """Whether the run is said to diverge, or to end in NaN, in this metric; of its splits, one is named."""
    said = {insight.metric for insight in curve.run.insights if insight.kind in _LOST}
    return any(series.name in said and series.metric == curve.series.metric for series in curve.run.series)


def _focus(sound: Sequence[Curve], shown: Sequence[Curve], *, log: bool) -> tuple[float, float] | None:
    """The range of the curves that are sound, where all together would leave them less than a third of the height."""
    low, high = _range(sound)
    lowest, highest = _range(shown)
    if log and lowest > 0:
        part, whole = np.log10(high / low), np.log10(highest / lowest)
    else:
        part, whole = high - low, highest - lowest
    return (low, high) if 0 < part < whole / FOCUS_TIMES else None


def _range(curves: Iterable[Curve]) -> tuple[float, float]:
    """Of all finite values; empty, from 0 to 0, where there are none."""
    drawn = [values for curve in curves if len(values := curve.y[curve.finite])]
    return min((float(v.min()) for v in drawn), default=0.0), max((float(v.max()) for v in drawn), default=0.0)


# --- marks ------------------------------------------------------------------------------------------------------------


def _marks(curves: Sequence[Curve], judged: Judgement) -> Iterator[Mark]:
    """Best steps, and of each run: its first non-finite value, its resumptions, and where its insights begin."""
    several = are_several(curves)
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
        yield from _onsets(curve, label)


def _best_marks(curves: Sequence[Curve], judged: Judgement) -> Iterator[Mark]:
    several = are_several(curves)
    chosen = [curve for curve in curves if curve.series.split == judged.split]
    if judged.direction is None:
        return
    if len(chosen) > BEST_MARKED:
        chosen = [best_curve(chosen, judged.direction)]
    for curve in chosen:
        if len(curve.y) > 1 and (place := curve.best_place(judged.direction)) is not None:
            label = f"best {words.number(float(curve.y[place]))}" + (f" ({curve.run.name})" if several else "")
            yield Mark("best", curve.at(place), float(curve.y[place]), label, curve.run.color)


def _onsets(curve: Curve, label: str) -> Iterator[Mark]:
    """Where overfitting or divergence of this very curve begins."""
    for insight in curve.run.insights:
        if (
            insight.metric == curve.series.name
            and insight.step is not None
            and insight.kind in _ONSETS
            and len(curve.y)
        ):
            place = int(np.abs(curve.x["step"] - insight.step).argmin())
            yield Mark("onset", curve.at(place), None, f"{_ONSETS[insight.kind]}{label}", curve.run.color)


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
