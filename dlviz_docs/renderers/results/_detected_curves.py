"""Curves and bars of detection: AP by class, size and IoU, precision over recall, everything over confidence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights.estimates import decimal, estimate
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.results._detected import Detected
from dlviz_docs.stats.average_precision import RECALLS
from dlviz_docs.stats.intervals import wilson
from dlviz_docs.stats.matching import IOUS
from dlviz_docs.stats.operating import curves, precision_at
from dlviz_docs.view import Figure, Layer, Plot, PlotAxis, Sweep

__all__ = ["figures"]

MOST_BARS = 40
"""Classes in the chart of AP; all are in the table."""
MOST_CURVES = 8
_SIDES = np.array([0, 8, 16, 32, 64, 96, 128, 256, 512, np.inf])
"""Bins of the root of an annotation's area, in px."""


def figures(found: Detected) -> Iterator[Figure]:
    """What can be drawn of annotated classes."""
    yield _by_class(found)
    yield _by_iou(found)
    yield _by_size(found)
    yield _precision_recall(found)
    if found.scored and len(found.evaluation.order):
        yield _sweep(found)
    yield _recall_by_size(found)


def _by_class(found: Detected) -> Figure:
    known = [k for k in range(len(found.names)) if found.annotated[k]]
    value = {k: found.ap(category=k) for k in known}
    order = sorted(known, key=lambda k: (value[k][0], found.names[k]))
    shown = order if len(order) <= MOST_BARS else order[:MOST_BARS]
    ends = order[-1], order[0]
    best, worst = (f"{found.names[k]} {decimal(value[k][0])}" for k in ends)
    caption = f"AP with 95 % intervals, from {worst} to {best}." if len(order) > 1 else f"AP of {best}."
    if len(shown) < len(order):
        caption += f" The {len(shown)} lowest of {len(order):,} classes; all are in the table."
    numbers = np.array([value[k] for k in shown])
    return Figure(
        found.place.id("ap-by-class"),
        "AP by class",
        caption,
        _forest(numbers, tuple(found.names[k] for k in shown), [int(found.annotated[k]) for k in shown]),
        found.place.group("Scores"),
    )


def _forest(numbers: FloatArray, names: tuple[str, ...], counts: list[int]) -> Plot:
    """Values with intervals, one row a name; rows of `numbers` are value, low and high."""
    notes = tuple(
        f"{name}: {estimate(*row)} (n = {n:,})" for name, row, n in zip(names, numbers.tolist(), counts, strict=True)
    )
    rows = np.arange(len(names), dtype=float)
    ends = np.where(np.isfinite(numbers[:, 1:]), numbers[:, 1:], numbers[:, :1])
    layer = Layer("interval", numbers[:, 0], rows, low=ends[:, 0], high=ends[:, 1], notes=notes, horizontal=True)
    return Plot(
        (layer,),
        _ap_axis(ends),
        PlotAxis(scale="category", categories=names),
        height=max(120, 60 + 22 * len(names)),
    )


def _ap_axis(values: FloatArray) -> PlotAxis:
    """From 0 to 1, or to the data's own end where that would leave half of the picture empty."""
    return PlotAxis("AP", low=0.0, high=1.0 if np.nan_to_num(values).max(initial=0) > 0.5 else None)


def _by_iou(found: Detected) -> Figure:
    values = np.array([found.ap(iou=t) for t in range(len(IOUS))])
    layers = [Layer("line", IOUS, values[:, 0], label="AP")]
    if np.isfinite(values).all():
        layers.insert(0, Layer("area", IOUS, values[:, 0], low=values[:, 1], high=values[:, 2], label="95 % interval"))
    return Figure(
        found.place.id("ap-by-iou"),
        "AP by overlap",
        f"AP falls from {decimal(values[0, 0])} where an IoU of 0.5 is enough to {decimal(values[-1, 0])} at 0.95.",
        Plot(tuple(layers), PlotAxis("IoU that counts as found"), _ap_axis(values)),
        found.place.group("Scores"),
    )


def _by_size(found: Detected) -> Figure:
    names = ("small", "medium", "large")
    counts = [int((~found.evaluation.unasked[area]).sum()) for area in (1, 2, 3)]
    values = np.array([found.ap(area=area) for area in (1, 2, 3)])
    known = [row for row in range(3) if counts[row] and np.isfinite(values[row, 0])]
    said = ", ".join(
        f"{name} {decimal(values[row, 0])} (n = {counts[row]:,})" if row in known else f"{name} not in this split"
        for row, name in enumerate(names)
    )
    return Figure(
        found.place.id("ap-by-size"),
        "AP by size",
        f"AP of boxes under 32² px, up to 96² px, and larger: {said}.",
        _forest(values[known], tuple(names[row] for row in known), [counts[row] for row in known]),
        found.place.group("Scores"),
    )


def _recall_by_size(found: Detected) -> Figure:
    point = found.point
    side = np.sqrt(np.maximum(np.nan_to_num(found.evaluation.truth.area[point.asked]), 0))
    place = np.searchsorted(_SIDES, side, "right") - 1
    total = np.bincount(place, minlength=len(_SIDES))[: len(_SIDES) - 1]
    hits = np.bincount(place, point.found[point.asked], len(_SIDES))[: len(_SIDES) - 1]
    bins = np.flatnonzero(total)
    names = tuple(_range(_SIDES[k], _SIDES[k + 1]) for k in bins)
    low, high = wilson(hits[bins], total[bins])
    recall = hits[bins] / total[bins]
    layer = Layer(
        "interval",
        np.arange(len(bins), dtype=float),
        recall,
        low=low,
        high=high,
        notes=tuple(
            f"{name} px: {estimate(r, a, b)} (n = {n:,})"
            for name, r, a, b, n in zip(names, recall.tolist(), low.tolist(), high.tolist(), total[bins], strict=True)
        ),
    )
    first, last = (f"{decimal(recall[end], 2)} of {names[end]} px (n = {total[bins][end]:,})" for end in (0, -1))
    return Figure(
        found.place.id("recall-by-size"),
        "Recall by size of the box",
        f"At confidence {decimal(point.threshold)}, found are {first}"
        + (f", and {last}" if len(bins) > 1 else "")
        + "; sides are roots of areas, intervals Wilson's.",
        Plot(
            (layer,),
            PlotAxis("side of the annotated box in px", "category", categories=names),
            PlotAxis("recall", low=0.0, high=1.0),
        ),
        found.place.group("Where it fails"),
    )


def _range(low: float, high: float) -> str:
    return f"≥ {low:.0f}" if np.isinf(high) else f"{low:.0f}–{high:.0f}"


def _precision_recall(found: Detected) -> Figure:
    order = np.argsort(-found.annotated, kind="stable")
    shown = sorted(int(k) for k in order[:MOST_CURVES] if found.annotated[k])
    layers = []
    for k in shown:
        precision = precision_at(found.evaluation, k)
        reached = np.append(np.flatnonzero(precision > 0), [])[-1:]
        end = int(reached[0]) + 1 if len(reached) else 1
        label = f"{found.names[k]} (AP50 {decimal(found.evaluation.ap[0, k, 0], 2)})"
        layers.append(Layer("line", RECALLS[:end], precision[:end], label=label, color=k))
    total = int((found.annotated > 0).sum())
    caption = "Precision over recall at IoU 0.5, made monotone as COCO reads it; each curve ends at its highest recall."
    if len(shown) < total:
        caption += f" The {len(shown)} most annotated of {total:,} classes."
    axis = (PlotAxis("recall", low=0.0, high=1.0), PlotAxis("precision", low=0.0, high=1.0))
    group = found.place.group("Scores")
    return Figure(
        found.place.id("detection-pr"), "Precision and recall", caption, Plot(tuple(layers), *axis, True), group
    )


def _sweep(found: Detected) -> Figure:
    scores = found.evaluation.scores[np.isfinite(found.evaluation.scores)]
    point = found.point
    low, high = (0.0, 1.0) if not len(scores) or (scores.min() >= 0 and scores.max() <= 1) else _ends(scores)
    best = point.threshold
    thresholds = np.unique(np.append(np.linspace(low, high, 101), best))
    right, counted, asked = curves(found.evaluation, thresholds)
    with np.errstate(all="ignore"):
        shares = {
            "precision": np.where(counted > 0, right / counted, np.nan),
            "recall": right / asked,
            "F1": 2 * right / (counted + asked),
        }
    start = int(np.searchsorted(thresholds, best))
    return Figure(
        found.place.id("detection-threshold"),
        "Which confidence to ask for",
        f"All classes together at IoU 0.5: F1 is highest, {decimal(point.f1)}, at confidence {decimal(best)}, with "
        f"{words.count(int(right[start]), 'box', 'boxes')} found, {int(asked - right[start]):,} missed and "
        f"{words.count(int(counted[start] - right[start]), 'false alarm')}.",
        Sweep(
            "confidence",
            thresholds,
            shares,
            {
                "found": right.astype(float),
                "false alarms": (counted - right).astype(float),
                "missed": (asked - right).astype(float),
            },
            start,
            (("best F1", start),),
        ),
        found.place.group("Which confidence"),
    )


def _ends(scores: FloatArray) -> tuple[float, float]:
    return float(scores.min()), float(scores.max())
