"""Several detectors on the same pictures: which is better, on which classes, and where they differ."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import results_compare as say
from dlviz_docs.insights.detection import COSTS
from dlviz_docs.insights.estimates import decimal
from dlviz_docs.insights.results_words import brief, interval
from dlviz_docs.model import FloatArray, Insight, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._aligned import aligned_boxes
from dlviz_docs.renderers.results._detected import Detected, Estimate
from dlviz_docs.renderers.results._detected_gallery import can_be_shown, counts_of, regions_of, thumb, title_of
from dlviz_docs.renderers.results._versus import Gap, against_best, corrected, differences, score_cell
from dlviz_docs.renderers.results.compare import called
from dlviz_docs.stats.average_precision import mean, resampled
from dlviz_docs.stats.operating import f1_interval
from dlviz_docs.stats.paired import by_draws
from dlviz_docs.stats.tide import KINDS, Kind
from dlviz_docs.view import Cell, Column, Fact, Figure, Gallery, Item, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["boxes_compared"]

MOST_LAYERS = 4
"""Models in one chart, the best ones."""
MOST_CLASSES = 25
"""Classes in the chart, those on which the best two differ most."""
MOST_PICTURES = 24
FIRST = 6
_SCORES = ("AP", "AP50", "AP75", "AR@100", "F1")


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """What is kept of one model: its boxes may be many."""

    predictions: Predictions
    """As they were given."""
    scores: Mapping[str, Estimate]
    drawn: Mapping[str, FloatArray]
    """AP and AP50 of pictures drawn anew, shape (draws,)."""
    drawn_classes: FloatArray
    """AP of each class, shape (draws, classes)."""
    classes: FloatArray
    """AP, shape (classes,)."""
    costs: Mapping[Kind, float]
    counts: NDArray[np.int64]
    """Found, missed and false boxes of each picture at the best threshold, shape (pictures, 3)."""
    unfound: NDArray[np.bool_]
    """Annotations to be found that are not, shape (g,)."""
    threshold: float
    color: int
    """Its place among those given: runs have their colours in that order."""


def boxes_compared(
    group: Sequence[Predictions], place: Place, own: Mapping[int, Place], samples: bool, detailed: int
) -> Generator[Shown, None, list[tuple[Predictions, Detected | None]]]:
    """Figures of the comparison; gives the models, the best first, and what the best are matched with already.

    `own` is each model's place, by its identity, `detailed` how many of them have a page of their own.
    """
    same, left = aligned_boxes(group)
    draws = 1000 if len(group) <= detailed else max(200, 3000 // len(group))
    judged: list[_Judged] = []
    kept: list[tuple[_Judged, Detected]] = []
    for color, (given, one) in enumerate(zip(group, same, strict=True)):
        found = Detected(one, own[id(given)])
        judged.append(_judge(given, found, draws, color, whole=len(group) <= detailed))
        kept.append((judged[-1], found))
        kept = sorted(kept, key=lambda pair: -_ap(pair[0]))[:detailed]
    order = sorted(judged, key=lambda one: -_ap(one))
    by_model = {id(one): found for one, found in kept}
    best = [(one, by_model[id(one)]) for one in order if id(one) in by_model]
    yield from _shown(order, best, place, samples, left, detailed)
    return [
        (one.predictions, found if found and found.predictions is one.predictions else None)
        for one in order
        for found in [by_model.get(id(one))]
    ]


def _ap(one: _Judged) -> float:
    value = one.scores["AP"][0]
    return value if np.isfinite(value) else -1.0


def _judge(given: Predictions, found: Detected, most: int, color: int, *, whole: bool) -> _Judged:
    """Matched once; of many models fewer pictures are drawn, and only what is compared."""
    drawn = found.draws if whole else resampled(found.evaluation, max(found.pictures, 1), most, areas=1)
    if not whole:
        vars(found)["draws"] = drawn
    counts = counts_of(found)
    f1 = (found.point.f1, *f1_interval(counts))
    values = (found.ap(), found.ap(iou=0), found.ap(iou=5), found.recall(2), f1)
    ap = drawn.ap[..., 0].astype(np.float64)
    if not whole:
        del vars(found)["draws"]  # its own page draws more
    return _Judged(
        given,
        dict(zip(_SCORES, values, strict=True)),
        {"AP": _means(ap), "AP50": _means(ap[:, :1])},
        _means(ap.swapaxes(1, 2), axis=2),
        np.array([mean(found.evaluation.ap[:, k, 0]) for k in range(len(found.names))]),
        found.errors.costs,
        counts,
        found.point.asked & ~found.point.found,
        found.point.threshold,
        color,
    )


def _means(values: FloatArray, axis: int | tuple[int, ...] = (1, 2)) -> FloatArray:
    """Of what is defined; NaN where nothing is."""
    known = np.isfinite(values)
    count = known.sum(axis)
    sums = np.where(known, values, 0).sum(axis)
    means: FloatArray = np.where(count > 0, sums / np.maximum(count, 1), np.nan)
    return means


def _shown(
    order: Sequence[_Judged],
    best: Sequence[tuple[_Judged, Detected]],
    place: Place,
    samples: bool,
    left: int,
    detailed: int,
) -> Iterator[Shown]:
    names = called([one.predictions for one in order])
    n = best[0][1].pictures
    gaps = {
        score: against_best([one.scores[score][0] for one in order], [one.drawn[score] for one in order], n)
        for score in ("AP", "AP50")
    }
    yield Fact("Best AP", f"{interval(*order[0].scores['AP'])} (n = {n:,} pictures): {brief(names[0])}")
    pictures = [*_differ(names, best, place), *_all_miss(order, best[0][1], place)] if samples else []
    figures = [
        _table(names, order, n, place, left, detailed),
        differences(names, gaps, "pictures", n, place),
        *_by_class(names, order, best[0][1], place),
        _costs(names, order, place),
        *pictures,
    ]
    there = {figure.id for figure in figures}
    for one in _sentences(names, order, best[0][1], gaps, n):
        figure = place.id(one.figure)
        yield replace(one, figure=figure if figure in there else place.id("models"))
    yield from figures


def _sentences(
    names: Sequence[str], order: Sequence[_Judged], found: Detected, gaps: Mapping[str, Sequence[Gap]], n: int
) -> Iterator[Insight]:
    first, second = order[:2]
    if len(order) > 2 and n >= say.LEAST_ITEMS:
        level = sum(not gap.p < say.SIGNIFICANT for gap in gaps["AP"])
        yield replace(say.best_of(names[0], len(order), level, "AP"), figure="model-differences")
    for score in ("AP", "AP50"):
        gap = gaps[score][0]
        if tell := say.better(names[0], names[1], gap.span, gap.p, n, score, "pictures"):
            yield tell
            break
    if n >= say.LEAST_ITEMS:
        of_classes = _class_gaps(first, second, n)
        told = say.class_gains(
            names[0],
            names[1],
            found.names,
            list(zip(first.classes.tolist(), second.classes.tolist(), strict=True)),
            [(gap.value, gap.low, gap.high, gap.p) for gap in of_classes],
            found.annotated.tolist(),
            "AP",
            "models-by-class",
        )
        if told:
            yield told
    kind = max(KINDS, key=lambda one: abs(_known(first.costs[one]) - _known(second.costs[one])))
    costs = _known(first.costs[kind]), _known(second.costs[kind])
    if tell := say.cost_gap(names[0], names[1], COSTS[kind][0], costs, "model-mistakes"):
        yield tell
    missed = np.logical_and.reduce([one.unfound for one in order])
    if tell := say.all_missed(int(missed.sum()), int(found.point.asked.sum()), len(order), "missed-by-all"):
        yield tell


def _known(value: float) -> float:
    return value if np.isfinite(value) else 0.0


def _class_gaps(first: _Judged, second: _Judged, n: int) -> list[Gap]:
    """Best less second, class by class, corrected for their number."""
    many = min(len(first.drawn_classes), len(second.drawn_classes))
    drawn = first.drawn_classes[:many] - second.drawn_classes[:many]
    gaps = first.classes - second.classes
    return corrected([(gap, *by_draws(gap, drawn[:, k], n)) for k, gap in enumerate(gaps.tolist())])


# --- figures ----------------------------------------------------------------------------------------------------------


def _table(names: Sequence[str], order: Sequence[_Judged], n: int, place: Place, left: int, detailed: int) -> Figure:
    columns = (
        Column("Model"),
        Column("AP", True, "Mean over classes and IoU 0.5 to 0.95"),
        Column("AP50", True, "IoU at least 0.5"),
        Column("AP75", True, "IoU at least 0.75"),
        Column("AR@100", True, "Recall with at most 100 predictions of a class in a picture, over IoU 0.5 to 0.95"),
        Column("Best F1", True, "All classes together at IoU 0.5; the confidence is chosen on the same pictures"),
        Column("at", True, "Confidence with the best F1"),
    )
    rows = []
    for name, one in zip(names, order, strict=True):
        cells = [score_cell(one.scores[score]) for score in _SCORES]
        at = Cell(decimal(one.threshold, 2), one.threshold) if np.isfinite(one.threshold) else Cell("–")
        rows.append((Cell(brief(name), color=one.color), *cells, at))
    caption = (
        f"{words.count(len(order), 'model')} on the same {words.count(n, 'picture')} with "
        f"{words.count(int(order[0].counts[:, :2].sum()), 'annotated box', 'annotated boxes')}, the best first, with "
        "95 % intervals over pictures."
    )
    if detailed < len(order):
        caption += f" The best {detailed} have pages of their own."
    if left:
        caption += f" {words.count(left, 'picture')} left out: not in all of them, or annotated differently."
    table = Table(columns, tuple(rows), searchable=len(order) > 10)
    return Figure(place.id("models"), "Models compared", caption, table, place.group("Comparison"))


def _by_class(names: Sequence[str], order: Sequence[_Judged], found: Detected, place: Place) -> Iterator[Figure]:
    """AP of each class, a colour a model."""
    known = np.flatnonzero(found.annotated)
    if len(known) < 2:
        return
    gain = order[0].classes - order[1].classes
    shown = known[np.argsort(-np.abs(gain[known]), kind="stable")[:MOST_CLASSES]]
    shown = shown[np.argsort(-gain[shown], kind="stable")]
    layers = []
    for turn, one in enumerate(order[:MOST_LAYERS]):
        values = one.classes[shown]
        notes = tuple(
            f"{found.names[k]}, {brief(names[turn])}: AP {decimal(float(one.classes[k]))} (n = {found.annotated[k]:,})"
            for k in shown.tolist()
        )
        rows = np.arange(len(shown), dtype=np.float64)
        layers.append(
            Layer("bar", values, rows, label=brief(names[turn]), color=one.color, notes=notes, horizontal=True)
        )
    better = int((gain[known] > 0).sum())
    caption = f"{brief(names[0])} has the higher AP on {better:,} of {words.count(len(known), 'class', 'classes')}"
    caption += f" than {brief(names[1])}; the largest gain is at the top."
    if len(shown) < len(known):
        caption += f" The {len(shown)} on which they differ most."
    if len(order) > MOST_LAYERS:
        caption += f" The best {MOST_LAYERS} of {len(order):,} models."
    high = float(np.nanmax([one.classes[shown] for one in order[:MOST_LAYERS]], initial=0.0))
    yield Figure(
        place.id("models-by-class"),
        "AP by class and model",
        caption,
        Plot(
            tuple(layers),
            PlotAxis("AP", low=0.0, high=1.0 if high > 0.5 else None),
            PlotAxis(scale="category", categories=tuple(found.names[k] for k in shown)),
            height=max(140, 60 + (12 + 9 * len(layers)) * len(shown)),
        ),
        place.group("Comparison"),
    )


def _costs(names: Sequence[str], order: Sequence[_Judged], place: Place) -> Figure:
    layers = []
    for turn, one in enumerate(order[:MOST_LAYERS]):
        points = np.array([100 * one.costs[kind] for kind in KINDS])
        notes = tuple(
            f"{COSTS[kind][0]}, {brief(names[turn])}: {decimal(100 * one.costs[kind], 1)} points" for kind in KINDS
        )
        rows = np.arange(len(KINDS), dtype=np.float64)
        layers.append(
            Layer("bar", points, rows, label=brief(names[turn]), color=one.color, notes=notes, horizontal=True)
        )
    few = f" The best {MOST_LAYERS} of {len(order):,} models." if len(order) > MOST_LAYERS else ""
    return Figure(
        place.id("model-mistakes"),
        "What each kind of mistake costs each model",
        "Points of AP50 that a model would gain if one kind of mistake were mended and all else stayed (TIDE, Bolya et "
        f"al. 2020).{few}",
        Plot(
            tuple(layers),
            PlotAxis("points of AP50"),
            PlotAxis(scale="category", categories=tuple(COSTS[kind][0] for kind in KINDS)),
            height=60 + (12 + 9 * len(layers)) * len(KINDS),
        ),
        place.group("Comparison"),
    )


# --- pictures ---------------------------------------------------------------------------------------------------------


def _facts(counts: NDArray[np.int64]) -> str:
    found, missed, false = counts.tolist()
    return f"{found:,} found, {missed:,} missed, {false:,} false"


def _differ(names: Sequence[str], best: Sequence[tuple[_Judged, Detected]], place: Place) -> Iterator[Figure]:
    """Pictures that the best two see most differently, with the boxes of the one that is better there."""
    if len(best) < 2:
        return
    (first, found), (second, other) = best[:2]
    wrong = first.counts[:, 1:].sum(1), second.counts[:, 1:].sum(1)
    gap = np.abs(wrong[1] - wrong[0])
    order = np.argsort(-gap, kind="stable")
    shown = [row for row in order.tolist() if gap[row] and can_be_shown(found, row)][:MOST_PICTURES]
    if not shown:
        return
    items = []
    for row in shown:
        ahead = int(wrong[1][row] < wrong[0][row])
        better = (found, other)[ahead]
        facts = [(brief(name), _facts(one.counts[row])) for name, (one, _) in zip(names, best[:2], strict=False)]
        facts += [("boxes shown", brief(names[ahead])), ("difference", f"{int(gap[row]):,}")]
        items.append(Item(title_of(found, row), (thumb(found, row),), regions_of(better, row), facts=tuple(facts)))
    total = int((gap > 0).sum())
    ahead = int((wrong[0] < wrong[1]).sum())
    caption = (
        f"Missed and false boxes of {brief(names[0])} against {brief(names[1])}, each at its best confidence: "
        f"{brief(names[0])} has fewer in {ahead:,}, {brief(names[1])} in {int((wrong[1] < wrong[0]).sum()):,} of "
        f"{words.count(len(gap), 'picture')}. Shown are the boxes of the one that is better in the picture."
    )
    gallery = Gallery(tuple(items), total, "the largest difference first", first=FIRST, sorts=("difference",))
    yield Figure(place.id("models-differ"), "Where they differ most", caption, gallery, place.group("Pictures"))


def _all_miss(order: Sequence[_Judged], found: Detected, place: Place) -> Iterator[Figure]:
    """Annotated boxes that no model finds, the pictures with most of them first."""
    missed = np.logical_and.reduce([one.unfound for one in order])
    picture = found.evaluation.truth.picture
    amount = np.bincount(picture[missed], minlength=found.pictures)
    rows = np.argsort(-amount, kind="stable")
    shown = [row for row in rows.tolist() if amount[row] and can_be_shown(found, row)][:MOST_PICTURES]
    if not shown:
        return
    none = "neither model finds" if len(order) == 2 else f"none of {len(order):,} models finds"
    items = tuple(
        Item(
            title_of(found, row),
            (thumb(found, row),),
            regions_of(found, row, missed),
            facts=(("missed by all", f"{int(amount[row]):,}"), ("annotated", f"{int((picture == row).sum()):,}")),
        )
        for row in shown
    )
    caption = (
        f"{words.count(int(missed.sum()), 'annotated box', 'annotated boxes')} that {none}, each at its best "
        "confidence: too hard for all of them, or annotated wrongly."
    )
    gallery = Gallery(items, int((amount > 0).sum()), "most missed boxes first", first=FIRST)
    yield Figure(place.id("missed-by-all"), "Missed by all models", caption, gallery, place.group("Pictures"))
