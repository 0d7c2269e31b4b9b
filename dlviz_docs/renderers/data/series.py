"""Data in time: columns that are ordered by one, and rows that are time series themselves.

| generator | yields |
|---|---|
| `series(dataset, place, samples)` | columns over time, autocorrelation; the middle of series and examples |
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import data_series as said
from dlviz_docs.insights.data_series import Course, Timeline
from dlviz_docs.insights.data_words import less_than_one, percent
from dlviz_docs.model import Dataset, Feature, FloatArray
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data._rows import Groups, by_class, drawn, spread, title
from dlviz_docs.view import Figure, Layer, Plot, PlotAxis, Shown

__all__ = ["series"]

COLUMNS = 12
"""Columns drawn over time."""
POINTS = 800
"""Points of a line: the least and the greatest value of each of half as many stretches."""
EXAMPLES = 6
CHANNELS = 3
CLASSES = 6
SUMMARISED = 2000
"""Series of each class that its middle is taken from."""


def series(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    """Columns over time where one orders the rows, and series where each row is one; nothing without either."""
    yield from _over_time(dataset, place, samples)
    if dataset.series is not None and dataset.series.ndim in (2, 3) and dataset.series.size:
        yield from _rows(dataset, dataset.series, place, samples)


# --- columns over time ------------------------------------------------------------------------------------------------


def _over_time(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    """All columns of numbers are judged; those with something to say are drawn first, in the order of the file."""
    time = dataset.get(dataset.time) if dataset.time else None
    if time is None or time.kind not in ("time", "number"):
        return
    times = time.values.astype(np.float64, copy=False)
    timeline = said.timeline_of(times, time.kind == "time")
    if timeline is None:
        return
    columns = [f for f in dataset.features if f.kind == "number" and f.name != time.name]
    judged = ((f, said.course_of(timeline, f.values.astype(np.float64, copy=False))) for f in columns)
    found = [(feature, course) for feature, course in judged if course]
    order = sorted(range(len(found)), key=lambda at: not found[at][1].remarkable)[:COLUMNS] if samples else []
    ids = {at: place.id(f"time-{number}") for number, at in enumerate(sorted(order))}
    group, first = place.group("Over time"), next(iter(ids.values()), "")
    correlated = [(f.name, course) for f, course in found if len(course.correlations) > 2]
    correlations = place.id("autocorrelation") if correlated else ""
    if gap := said.gap_sentence(timeline, first or correlations):
        yield gap
    told = [(f.name, course, ids.get(at, correlations)) for at, (f, course) in enumerate(found)]
    yield from said.course_sentences(timeline, told)
    for at, figure in ids.items():
        feature, course = found[at]
        yield _course(timeline, feature, course, figure, group, len(found) - len(ids) if figure == first else 0)
    if correlated:
        yield _correlations(timeline, correlated, correlations, group)


def _course(timeline: Timeline, feature: Feature, course: Course, id: str, group: str, left: int) -> Figure:  # noqa: A002
    known = np.isfinite(course.values)
    whole = bool(known.all())
    x, y = _thinned(*((part if whole else part[known]) for part in (timeline.times, course.values)))
    layers = [Layer("line", x, y, label=feature.name)]
    ends = [timeline.times[0], *course.shifts, timeline.times[-1]]
    for one, level in enumerate(course.levels):
        label = "level between shifts" if one == 0 else ""
        layers.append(Layer("line", np.array(ends[one : one + 2]), np.full(2, level), label=label, color=1))
    axis = PlotAxis("" if timeline.dated else "time", "time" if timeline.dated else "linear")
    told = [
        f"{words.count(int(known.sum()), 'time')} from {words.number(float(y.min()))} to {words.number(float(y.max()))}"
    ]
    if len(timeline.order) > len(timeline.times):
        told.append("the mean of the rows of each time")
    if course.period:
        told.append(f"a {said.season_name(timeline, course.period)} season of strength {less_than_one(course.season)}")
    if course.keeps_level is not None:
        told.append(f"{'keeps its' if course.keeps_level else 'does not keep its'} level (KPSS at 5 %)")
    more = (
        f" {words.count(left, 'further column')} of numbers {'is' if left == 1 else 'are'} not drawn."
        if left > 0
        else ""
    )
    return Figure(id, feature.name, f"{'; '.join(told)}.{more}", Plot(tuple(layers), axis, height=160), group)


def _thinned(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The least and the greatest point of each stretch, in order: a peak of one point stays."""
    if len(x) <= POINTS:
        return x, y
    starts = np.linspace(0, len(x), POINTS // 2, endpoint=False).astype(np.intp)
    ends = np.append(starts[1:], len(x))
    kept = np.unique(
        [place for a, b in zip(starts, ends, strict=True) for place in (a + y[a:b].argmin(), a + y[a:b].argmax())]
    )
    return x[kept], y[kept]


def _correlations(timeline: Timeline, found: list[tuple[str, Course]], id: str, group: str) -> Figure:  # noqa: A002
    layers = tuple(
        Layer("line", np.arange(1, len(c.correlations), dtype=np.float64), c.correlations[1:], label=name, color=color)
        for color, (name, c) in enumerate(found[:CLASSES])
    )
    bound = 1.96 / len(timeline.times) ** 0.5
    caption = (
        f"How much each value resembles the one so many steps before; a step is {timeline.length(timeline.step)}. "
        f"Chance alone stays within ±{bound:.2g} in 95 % of the lags."
    )
    if len(found) > CLASSES:
        caption += f" The first {CLASSES} of {len(found)} columns."
    plot = Plot(layers, PlotAxis("lag, steps"), PlotAxis("autocorrelation", low=-1.0, high=1.0))
    return Figure(id, "Autocorrelation", caption, plot, group)


# --- rows that are series ---------------------------------------------------------------------------------------------


def _rows(dataset: Dataset, found: FloatArray, place: Place, samples: bool) -> Iterator[Figure]:
    """The middle of every class, and some series as they are."""
    group, classes = place.group("Series"), by_class(dataset)
    cube = found[:, :, None] if found.ndim == 2 else found
    yield from _middles(cube, classes, place, group)
    if not samples:
        return
    if classes:
        rows = spread(classes.codes, len(classes.names), EXAMPLES)[:EXAMPLES]
    else:
        rows = drawn(np.arange(len(cube)), EXAMPLES)
    for number, row in enumerate(rows.tolist()):
        one = np.asarray(cube[row], np.float64)
        known = np.isfinite(one).any(axis=1)
        if not known.any():
            continue
        layers = tuple(
            Layer(
                "line", *_known(one[:, channel]), label=f"channel {channel}" if one.shape[1] > 1 else "", color=channel
            )
            for channel in range(min(one.shape[1], CHANNELS))
        )
        label = f": {classes.name(row)}" if classes and classes.name(row) else ""
        caption = f"{words.count(int(known.sum()), 'step')}, chosen at random (seed 0) from {len(cube):,} series."
        if one.shape[1] > CHANNELS:
            caption += f" The first {CHANNELS} of {one.shape[1]:,} channels."
        plot = Plot(layers, PlotAxis("step"), height=130)
        yield Figure(place.id(f"series-{number}"), f"{title(dataset, row)}{label}", caption, plot, group)


def _known(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    known = np.flatnonzero(np.isfinite(values))
    return _thinned(known.astype(np.float64), values[known])


def _middles(cube: FloatArray, classes: Groups | None, place: Place, group: str) -> Iterator[Figure]:
    """Median and middle 80 % of the series at each step, class by class; one figure a channel."""
    parts: list[tuple[str, NDArray[np.intp]]] = [("all", np.arange(len(cube)))]
    if classes:
        counts = np.bincount(classes.codes[classes.codes >= 0], minlength=len(classes.names))
        largest = np.sort(np.argsort(-counts, kind="stable")[:CLASSES])
        parts = [(classes.names[one], np.flatnonzero(classes.codes == one)) for one in largest.tolist() if counts[one]]
    steps = np.unique(np.linspace(0, cube.shape[1] - 1, min(cube.shape[1], POINTS // 2)).astype(np.intp))
    for channel in range(min(cube.shape[2], CHANNELS)):
        layers: list[Layer] = []
        for color, (name, rows) in enumerate(parts):
            some = np.asarray(cube[drawn(rows, SUMMARISED)][:, steps, channel], np.float64)
            quantiles = _quantiles(some)
            known = np.isfinite(quantiles[1])
            if known.any():
                x, (low, middle, high) = steps[known].astype(np.float64), quantiles[:, known]
                layers.append(Layer("area", x, middle, low=low, high=high, color=color, faint=len(parts) > 1))
                layers.append(Layer("line", x, middle, label=name if len(parts) > 1 else "median", color=color))
        if layers:
            missing = percent(int((~np.isfinite(cube[:, :, channel])).sum()), cube[:, :, channel].size)
            caption = (
                f"Median and middle 80 % of {len(cube):,} series of {words.count(cube.shape[1], 'step')} at each step; "
                f"{missing} of the values are missing."
            )
            if classes and len(parts) < len(classes.names):
                caption += f" The {len(parts)} largest of {len(classes.names):,} classes."
            if any(len(rows) > SUMMARISED for _, rows in parts):
                caption += f" Of each at most {SUMMARISED:,}, chosen at random (seed 0)."
            name = "Middle of the series" + (f", channel {channel}" if cube.shape[2] > 1 else "")
            plot = Plot(tuple(layers), PlotAxis("step"), height=220)
            yield Figure(place.id(f"series-middle-{channel}"), name, caption, plot, group)


def _quantiles(values: FloatArray) -> FloatArray:
    """0.1, 0.5 and 0.9 of each column's finite values, NaN where there are none; shape (3, columns)."""
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=0)
    counts = np.isfinite(ordered).sum(axis=0)
    found = np.full((3, values.shape[1]), np.nan)
    some = np.flatnonzero(counts > 0)
    for place, share in enumerate((0.1, 0.5, 0.9)):
        found[place, some] = ordered[np.round(share * (counts[some] - 1)).astype(np.intp), some]
    return found
