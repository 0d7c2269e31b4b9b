"""Several segmentations of the same pictures: which agrees more, on which classes, and where they differ."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dlviz_docs import words
from dlviz_docs.insights import results_compare as say
from dlviz_docs.insights.estimates import decimal
from dlviz_docs.insights.results_words import brief, interval
from dlviz_docs.model import FloatArray, Insight, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.results._aligned import aligned_masks
from dlviz_docs.renderers.results._versus import Gap, against_best, corrected, differences, score_cell
from dlviz_docs.renderers.results.compare import called
from dlviz_docs.renderers.results.segmentation import legend_of, thumbs_of
from dlviz_docs.stats.paired import by_draws
from dlviz_docs.stats.segments import Overlap, of_pictures, overlap
from dlviz_docs.view import Cell, Column, Fact, Figure, Gallery, Item, Layer, Plot, PlotAxis, Shown, Table

__all__ = ["regions_compared"]

MOST_LAYERS = 4
"""Models in one chart, the best ones."""
MOST_CLASSES = 25
MOST_PICTURES = 24
FIRST = 6


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    given: Predictions
    one: Predictions
    """With the pictures that all have."""
    overlap: Overlap
    means: FloatArray
    """Mean IoU of each picture, shape (n,)."""
    color: int
    """Its place among those given: runs have their colours in that order."""


def regions_compared(
    group: Sequence[Predictions], place: Place, samples: bool, detailed: int
) -> Generator[Shown, None, Sequence[Predictions]]:
    """Figures of the comparison; gives the models, the best first."""
    same, left = aligned_masks(group)
    judged = []
    for color, (given, one) in enumerate(zip(group, same, strict=True)):
        if one.confusions is None or not len(one.confusions) or not one.confusions.sum():
            return group
        judged.append(_Judged(given, one, overlap(one.confusions), of_pictures(one.confusions)[1], color))
    order = sorted(judged, key=lambda each: -np.nan_to_num(each.overlap.mean_iou[0], nan=-1.0))
    yield from _shown(order, place, samples, left, detailed)
    return [each.given for each in order]


def _shown(order: Sequence[_Judged], place: Place, samples: bool, left: int, detailed: int) -> Iterator[Shown]:
    names, n = called([each.given for each in order]), len(order[0].means)
    gaps = against_best([each.overlap.mean_iou[0] for each in order], [each.overlap.drawn for each in order], n)
    yield Fact("Best mean IoU", f"{interval(*order[0].overlap.mean_iou)} (n = {n:,} pictures): {brief(names[0])}")
    figures = [
        _table(names, order, n, place, left, detailed),
        differences(names, {"Mean IoU": gaps}, "pictures", n, place),
        *_by_class(names, order, place),
        *(_differ(names, order, place) if samples else ()),
    ]
    there = {figure.id for figure in figures}
    for one in _sentences(names, order, gaps, n):
        figure = place.id(one.figure)
        yield replace(one, figure=figure if figure in there else place.id("models"))
    yield from figures


def _sentences(names: Sequence[str], order: Sequence[_Judged], gaps: Sequence[Gap], n: int) -> Iterator[Insight]:
    if len(order) > 2 and n >= say.LEAST_ITEMS:
        level = sum(not gap.p < say.SIGNIFICANT for gap in gaps)
        yield replace(say.best_of(names[0], len(order), level, "mean IoU"), figure="model-differences")
    if tell := say.better(names[0], names[1], gaps[0].span, gaps[0].p, n, "mean IoU", "pictures"):
        yield tell
    if n < say.LEAST_ITEMS:
        return
    first, second = (each.overlap for each in order[:2])
    many = min(len(first.drawn_iou), len(second.drawn_iou))
    drawn, values = first.drawn_iou[:many] - second.drawn_iou[:many], first.iou - second.iou
    of_classes = corrected([(gap, *by_draws(gap, drawn[:, k], n)) for k, gap in enumerate(values.tolist())])
    confusions = order[0].one.confusions
    counts = [] if confusions is None else (confusions.sum(2) > 0).sum(0).tolist()
    tell = say.class_gains(
        names[0],
        names[1],
        _classes(order[0].one, len(values)),
        list(zip(first.iou.tolist(), second.iou.tolist(), strict=True)),
        [(gap.value, gap.low, gap.high, gap.p) for gap in of_classes],
        counts,
        "IoU",
        "models-by-class",
    )
    if tell:
        yield tell


def _classes(one: Predictions, k: int) -> tuple[str, ...]:
    return (*one.classes[:k], *(f"class {place}" for place in range(len(one.classes), k)))


def _table(names: Sequence[str], order: Sequence[_Judged], n: int, place: Place, left: int, detailed: int) -> Figure:
    columns = (
        Column("Model"),
        Column("Mean IoU", True, "Pixels of both over pixels of either, mean over annotated classes"),
        Column("Mean Dice", True, "F1 of pixels, mean over annotated classes"),
        Column("Pixel accuracy", True, "Share of all pixels whose class is right; large classes decide it"),
        Column("Median picture", True, "Median over pictures of the mean IoU of a picture's classes"),
    )
    rows = []
    for name, each in zip(names, order, strict=True):
        known = each.means[np.isfinite(each.means)]
        middle = float(np.median(known)) if len(known) else float("nan")
        found = each.overlap
        rows.append(
            (
                Cell(brief(name), color=each.color),
                score_cell(found.mean_iou, bar=True),
                score_cell(found.mean_dice),
                score_cell(found.accuracy),
                Cell(decimal(middle), middle) if np.isfinite(middle) else Cell("–"),
            )
        )
    caption = (
        f"{words.count(len(order), 'model')} on the same {words.count(n, 'picture')}, the best first, with 95 % "
        "intervals over pictures."
    )
    if detailed < len(order):
        caption += f" The best {detailed} have pages of their own."
    if left:
        caption += f" {words.count(left, 'picture')} left out: not in all of them, or annotated differently."
    table = Table(columns, tuple(rows), searchable=len(order) > 10)
    return Figure(place.id("models"), "Models compared", caption, table, place.group("Comparison"))


def _by_class(names: Sequence[str], order: Sequence[_Judged], place: Place) -> Iterator[Figure]:
    """IoU of each class, a colour a model."""
    first, second = order[0].overlap, order[1].overlap
    known = np.flatnonzero(first.present)
    if len(known) < 2:
        return
    gain = first.iou - second.iou
    shown = known[np.argsort(-np.abs(gain[known]), kind="stable")[:MOST_CLASSES]]
    shown = shown[np.argsort(-gain[shown], kind="stable")]
    classes = _classes(order[0].one, len(gain))
    layers = []
    for turn, each in enumerate(order[:MOST_LAYERS]):
        values, (low, high) = each.overlap.iou[shown], each.overlap.iou_ends[:, shown]
        spans = np.stack([values, low, high], axis=1).tolist()
        notes = tuple(
            f"{classes[k]}, {brief(names[turn])}: IoU {interval(*span)}"
            for k, span in zip(shown.tolist(), spans, strict=True)
        )
        low, high = np.where(np.isfinite(low), low, values), np.where(np.isfinite(high), high, values)
        rows, label = np.arange(len(shown), dtype=np.float64), brief(names[turn])
        layers.append(
            Layer(
                "interval",
                values,
                rows,
                low=low,
                high=high,
                label=label,
                color=each.color,
                notes=notes,
                horizontal=True,
            )
        )
    ahead = int((gain[known] > 0).sum())
    caption = (
        f"{brief(names[0])} has the higher IoU on {ahead:,} of {words.count(len(known), 'class', 'classes')} than "
        f"{brief(names[1])}, with 95 % intervals; its largest gain is at the top."
    )
    if len(shown) < len(known):
        caption += f" The {len(shown)} classes on which they differ most."
    if len(order) > MOST_LAYERS:
        caption += f" The best {MOST_LAYERS} of {len(order):,} models."
    yield Figure(
        place.id("models-by-class"),
        "IoU by class and model",
        caption,
        Plot(
            tuple(layers),
            PlotAxis("IoU", low=0.0, high=1.0),
            PlotAxis(scale="category", categories=tuple(classes[k] for k in shown)),
            height=max(140, 60 + (12 + 9 * len(layers)) * len(shown)),
        ),
        place.group("Comparison"),
    )


def _differ(names: Sequence[str], order: Sequence[_Judged], place: Place) -> Iterator[Figure]:
    """Pictures whose mean IoU differs most between the best two."""
    first, second = order[:2]
    gap = first.means - second.means
    rows = np.argsort(-np.nan_to_num(np.abs(gap), nan=-1.0), kind="stable")
    shown = [row for row in rows.tolist() if np.isfinite(gap[row]) and gap[row]][:MOST_PICTURES]
    if not shown:
        return
    items = tuple(_item(names, first, second, row) for row in shown)
    known = gap[np.isfinite(gap)]
    caption = (
        f"Mean IoU over the classes of a picture: {brief(names[0])} has the higher one in {int((known > 0).sum()):,}, "
        f"{brief(names[1])} in {int((known < 0).sum()):,} of {words.count(len(known), 'picture')}."
    )
    at, group = place.id("models-differ"), place.group("Pictures")
    if any(item.pictures for item in items):
        gallery = Gallery(
            items,
            int((known != 0).sum()),
            "the largest difference first",
            first=FIRST,
            sorts=("difference",),
            legend=_legend(first.given, second.given),
        )
        yield Figure(at, "Where they differ most", caption, gallery, group)
        return
    columns = (Column("Picture"), *(Column(name, True) for name, _ in items[0].facts))
    told = tuple((Cell(item.title), *(Cell(value) for _, value in item.facts)) for item in items)
    yield Figure(at, "Where they differ most", caption, Table(columns, told), group)


def _legend(first: Predictions, second: Predictions) -> tuple[tuple[str, int], ...]:
    """None where the colours of two models mean different classes."""
    known = first.masks is not None and second.masks is not None and first.masks.values == second.masks.values
    return legend_of(first.classes, first) if known and first.classes == second.classes else ()


def _item(names: Sequence[str], first: _Judged, second: _Judged, row: int) -> Item:
    pair = tuple(zip(names[:2], (first, second), strict=True))
    facts = [(f"mean IoU, {brief(name, 24)}", decimal(float(each.means[row]))) for name, each in pair]
    facts.append(("difference", decimal(abs(float(first.means[row] - second.means[row])))))
    title, thumbs = thumbs_of(first.one, row, ((first.one, brief(names[0], 24)), (second.one, brief(names[1], 24))))
    return Item(title, thumbs, facts=tuple(facts))
