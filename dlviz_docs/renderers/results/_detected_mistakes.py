"""What goes wrong in detection: confused classes, kinds of mistakes and their cost, counts, overlaps, shifts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.detection import COSTS
from dlviz_docs.insights.estimates import decimal, signed
from dlviz_docs.model import FloatArray
from dlviz_docs.renderers.results._detected import Detected
from dlviz_docs.stats.tide import KINDS
from dlviz_docs.view import Figure, Layer, Matrix, Plot, PlotAxis

__all__ = ["count_errors", "figures", "shifts"]

MOST_CLASSES = 40
"""Rows of the matrix; of more classes those with the most mistakes are shown."""
NOTHING, MISSED = "nothing there (false alarm)", "missed"


def figures(found: Detected, *, picks: bool = False) -> Iterator[Figure]:
    """Each where there is something to count. `picks`: a click in the matrix shows pictures of the page's gallery."""
    yield _matrix(found, picks)
    yield _costs(found)
    yield _counts(found)
    if int(found.point.right.sum()):
        yield _overlaps(found)
        yield _shifts(found)


def _matrix(found: Detected, picks: bool) -> Figure:
    confusion, k = found.point.confusion, len(found.names)
    wrong = confusion.sum(0)[:k] + confusion.sum(1)[:k] - 2 * np.diag(confusion)[:k]
    shown = np.sort(np.argsort(-wrong, kind="stable")[:MOST_CLASSES])
    places = np.append(shown, k)
    values = confusion[np.ix_(places, places)].astype(float)
    values[-1, -1] = np.nan
    totals = np.append(confusion[shown].sum(1), np.nan)[:, None]
    with np.errstate(all="ignore"):
        shares = np.where(totals > 0, values / totals, np.nan)
    names = tuple(found.names[place] for place in shown)
    threshold = decimal(found.point.threshold)
    caption = (
        f"Predictions of a confidence of at least {threshold} that overlap an annotation with an IoU of at least 0.5: "
        f"down what is annotated, across what is predicted. The column “{MISSED}” counts annotated boxes that no "
        f"prediction lies on; the row “{NOTHING}” counts predictions that lie on no annotated box. Pictures without "
        "boxes add nothing, so its last cell is empty."
    )
    if picks:
        caption += " Click a cell to see its pictures."
    if len(shown) < k:
        caption += f" The {len(shown)} classes with the most mistakes of {k:,}."
    return Figure(
        found.place.id("detection-confusion"),
        "Which classes are confused, missed and made up",
        caption,
        Matrix(
            (*names, NOTHING),
            (*names, MISSED),
            values,
            _texts(values, lambda value: f"{value:,.0f}"),
            (("share of annotated", shares, _texts(shares, lambda value: f"{100 * value:.0f} %")),),
            "count",
            "annotated",
            "predicted",
            off_diagonal=True,
            picks=picks,
        ),
        found.place.group("Mistakes"),
    )


def _texts(values: FloatArray, shown: Callable[[float], str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple("" if np.isnan(value) else shown(value) for value in row) for row in values.tolist())


def _costs(found: Detected) -> Figure:
    errors = found.errors
    points = np.array([100 * errors.costs[kind] for kind in KINDS])
    names = tuple(COSTS[kind][0] for kind in KINDS)
    notes = tuple(
        f"{COSTS[kind][0]}: {COSTS[kind][1]}. {errors.counts[kind]:,} of them; without, AP50 would be "
        f"{signed(100 * errors.costs[kind])} points."
        for kind in KINDS
    )
    explained = "; ".join(f"{COSTS[kind][0]}: {COSTS[kind][1]}" for kind in KINDS)
    return Figure(
        found.place.id("detection-mistakes"),
        "What each kind of mistake costs",
        f"Points of AP50 (now {decimal(100 * errors.ap, 1)}) that would be gained if one kind of mistake were mended "
        f"and all else stayed (TIDE, Bolya et al. 2020). {explained[0].upper()}{explained[1:]}. Without any wrong "
        f"prediction {signed(100 * errors.costs['false'])}, with nothing left unfound "
        f"{signed(100 * errors.costs['unfound'])}.",
        Plot(
            (Layer("bar", points, np.arange(len(names), dtype=float), notes=notes, horizontal=True),),
            PlotAxis("points of AP50"),
            PlotAxis(scale="category", categories=names),
            height=200,
        ),
        found.place.group("Mistakes"),
    )


def count_errors(found: Detected) -> NDArray[np.int64]:
    """Predicted less annotated boxes of each picture at the best threshold, shape (pictures,)."""
    evaluation, point = found.evaluation, found.point
    predicted = np.bincount(evaluation.boxes.picture[point.counted], minlength=found.pictures)
    return predicted - np.bincount(evaluation.truth.picture[point.asked], minlength=found.pictures)


def _counts(found: Detected) -> Figure:
    difference = count_errors(found)
    low, high = int(difference.min(initial=0)), int(difference.max(initial=0))
    width = max(1, (high - low) // 40)
    edges = np.arange(low, high + 1 + width, width, dtype=np.float64) - 0.5
    counts, _ = np.histogram(difference, edges)
    exact = int((difference == 0).sum())
    return Figure(
        found.place.id("count-errors"),
        "Boxes too many or too few",
        f"At confidence {decimal(found.point.threshold)}, {exact:,} of {words.count(len(difference), 'picture')} get "
        f"as many boxes as are annotated; the mean difference is {signed(float(difference.mean()), 2)}, the mean "
        f"absolute one {decimal(float(np.abs(difference).mean()), 2)}.",
        Plot(
            (Layer("bar", edges[:-1], counts.astype(float), x2=edges[1:]),),
            PlotAxis("predicted less annotated boxes of a picture"),
            PlotAxis("pictures"),
        ),
        found.place.group("Mistakes"),
    )


def _matched(found: Detected) -> tuple[FloatArray, FloatArray]:
    """Boxes that find something at the best threshold, and what they find."""
    right, evaluation = found.point.right, found.evaluation
    taken = evaluation.taken[0, 0][right]
    return evaluation.boxes.xywh[right], evaluation.truth.xywh[taken]


def _overlaps(found: Detected) -> Figure:
    right, evaluation = found.point.right, found.evaluation
    pairs = evaluation.pairs
    matched = right[pairs.box] & (evaluation.taken[0, 0][pairs.box] == pairs.truth)
    iou = pairs.iou[matched]
    counts, edges = np.histogram(iou, 25, (0.5, 1.0))
    return Figure(
        found.place.id("iou-of-matches"),
        "How well found boxes fit",
        f"IoU of {words.count(len(iou), 'box', 'boxes')} that find an annotation at confidence "
        f"{decimal(found.point.threshold)}: median {decimal(float(np.median(iou)), 2)}.",
        Plot(
            (Layer("bar", edges[:-1], counts.astype(float), x2=edges[1:]),),
            PlotAxis("IoU", low=0.5, high=1.0),
            PlotAxis("boxes"),
        ),
        found.place.group("Localisation"),
    )


def shifts(found: Detected) -> FloatArray:
    """Of boxes that find something: centre and size less those of the annotation, in its sides; shape (m, 4)."""
    box, truth = _matched(found)
    with np.errstate(all="ignore"):
        centre = box[:, :2] + box[:, 2:] / 2 - truth[:, :2] - truth[:, 2:] / 2
        found_shifts = np.concatenate([centre, box[:, 2:] - truth[:, 2:]], axis=1) / np.tile(truth[:, 2:], 2)
    kept: FloatArray = found_shifts[np.isfinite(found_shifts).all(1)]
    return kept


def _shifts(found: Detected) -> Figure:
    values = shifts(found)
    names = ("centre to the right", "centre down", "width", "height")
    middle, low, high = (np.quantile(values, q, axis=0) if len(values) else np.full(4, np.nan) for q in (0.5, 0.1, 0.9))
    means = values.mean(0) if len(values) else np.full(4, np.nan)
    notes = tuple(
        f"{name}: mean {signed(100 * mean)} %, median {signed(100 * m)} %, middle 80 % {signed(100 * a)} to "
        f"{signed(100 * b)} %"
        for name, mean, m, a, b in zip(names, means, middle, low, high, strict=True)
    )
    layers = (
        Layer("interval", 100 * middle, np.arange(4.0), low=100 * low, high=100 * high, notes=notes, horizontal=True),
        Layer("rule", np.zeros(2), np.array([-0.5, 3.5])),
    )
    return Figure(
        found.place.id("location-bias"),
        "Where found boxes lie off",
        f"Predicted less annotated, in % of the annotated side: on average {signed(100 * means[0])} to the right, "
        f"{signed(100 * means[1])} down, {signed(100 * means[2])} in width and {signed(100 * means[3])} in height "
        f"(n = {len(values):,}); medians with the middle 80 %.",
        Plot(layers, PlotAxis("% of the annotated side"), PlotAxis(scale="category", categories=names), height=160),
        found.place.group("Localisation"),
    )
