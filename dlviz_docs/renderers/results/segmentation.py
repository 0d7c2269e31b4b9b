"""Segmentations: how well regions agree, class by class and picture by picture, and the worst pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import segmentation as said
from dlviz_docs.insights.estimates import decimal, estimate
from dlviz_docs.insights.results_words import brief, interval
from dlviz_docs.model import FloatArray, Predictions
from dlviz_docs.renderers._place import Place
from dlviz_docs.stats.regress import in_bins
from dlviz_docs.stats.segments import Overlap, of_pictures, overlap
from dlviz_docs.view import (
    Cell,
    Column,
    Fact,
    Figure,
    Gallery,
    Item,
    Layer,
    Matrix,
    Plot,
    PlotAxis,
    Shown,
    Table,
    Thumb,
)

__all__ = ["legend_of", "segmentation", "thumbs_of"]

MOST_CLASSES = 40
MOST_PICTURES = 48
MOST_COLOURS = 30
"""Classes in a legend: of more, colours tell nothing."""
SIDE = 320
SMALL = 0.01
"""Share of a picture under which a region is called small."""
MASK = "mask:"
"""What keys of masks begin with, before the path of their file."""
_EMPTY = Cell("–")


@dataclass(frozen=True, eq=False)  # no slots: what is asked for is computed once
class _Segmented:
    predictions: Predictions
    place: Place
    confusions: NDArray[np.int64]

    @cached_property
    def names(self) -> tuple[str, ...]:
        given, k = self.predictions.classes[: self.confusions.shape[1]], self.confusions.shape[1]
        return (*given, *(f"class {place}" for place in range(len(given), k)))

    @cached_property
    def pixels(self) -> NDArray[np.int64]:
        summed: NDArray[np.int64] = self.confusions.sum(0)
        return summed

    @cached_property
    def overlap(self) -> Overlap:
        return overlap(self.confusions)

    @cached_property
    def of_pictures(self) -> tuple[FloatArray, FloatArray]:
        return of_pictures(self.confusions)

    @cached_property
    def pictures_of(self) -> NDArray[np.int64]:
        """Pictures in which each class is annotated."""
        counts: NDArray[np.int64] = (self.confusions.sum(2) > 0).sum(0)
        return counts

    @cached_property
    def boundary(self) -> FloatArray | None:
        """Boundary IoU of each class (Cheng et al., 2021); NaN where it is not annotated."""
        told = self.predictions.boundaries
        if told is None or told.shape[1:] != (len(self.names), 3):
            return None
        true, predicted, both = told.sum(0).astype(np.float64).T
        with np.errstate(all="ignore"):
            return np.where(true > 0, both / (true + predicted - both), np.nan)


def segmentation(predictions: Predictions, place: Place, samples: bool) -> Iterator[Shown]:
    """Sentences, then scores, classes, confusions, pictures; nothing where no pixels were compared."""
    told = predictions.confusions
    if told is None or told.ndim != 3 or not len(told) or not told.sum():
        return
    one = _Segmented(predictions, place, told)
    at = place.id
    means = one.of_pictures[1]
    judged = (
        said.headline(one.overlap, len(told), at("segmentation-scores")),
        said.weakest_class(one.overlap, one.names, one.pictures_of, at("iou-by-class")),
        said.confusion(one.pixels, one.names, at("pixel-confusion")),
        said.failures(means, at("iou-of-pictures")),
        _edges(one),
    )
    value = interval(*one.overlap.mean_iou)
    yield Fact("Mean IoU", f"{value} (n = {words.count(len(told), 'picture')})")
    yield from (insight for insight in judged if insight)
    yield _scores(one)
    yield _classes(one)
    yield _forest(one)
    yield _confusion(one)
    if np.isfinite(means).any():
        yield _of_pictures(one, means)
    yield from _by_size(one)
    if samples and (shown := _worst(one, means)):
        yield shown


def _edges(one: _Segmented) -> Shown | None:
    if one.boundary is None or not np.isfinite(one.boundary).any():
        return None
    return said.edges(one.overlap.mean_iou[0], float(np.nanmean(one.boundary)), one.place.id("segmentation-classes"))


def _scores(one: _Segmented) -> Figure:
    found, n = one.overlap, len(one.confusions)
    rows = [
        ("Mean IoU", found.mean_iou, "pixels of both over pixels of either, mean over annotated classes"),
        ("Mean Dice", found.mean_dice, "F1 of pixels, mean over annotated classes"),
        ("Pixel accuracy", found.accuracy, "share of all pixels whose class is right; large classes decide it"),
    ]
    if one.boundary is not None and np.isfinite(one.boundary).any():
        value = float(np.nanmean(one.boundary))
        rows.append(("Mean boundary IoU", (value, np.nan, np.nan), "the same within 2 % of the diagonal of an edge"))
    cells = tuple(
        (
            Cell(name),
            Cell(decimal(value[0]), value[0]),
            Cell(f"{decimal(value[1])} to {decimal(value[2])}" if np.isfinite(value[1]) else "–", bar=_bar(*value)),
            Cell(meaning),
        )
        for name, value, meaning in rows
    )
    of = f"; 95 % intervals from {found.draws:,} draws of the pictures" if found.draws else ""
    return Figure(
        one.place.id("segmentation-scores"),
        "Scores",
        f"Mean IoU {estimate(*found.mean_iou)} on {words.count(n, 'picture')} and {int(one.pixels.sum()):,} "
        f"pixels{of}.",
        Table((Column("Score"), Column("Value", True), Column("95 % interval"), Column("What")), cells),
        one.place.group("Scores"),
    )


def _bar(value: float, low: float, high: float) -> tuple[float, float, float] | None:
    return (min(low, value), value, max(high, value)) if np.isfinite(low) and np.isfinite(value) else None


def _classes(one: _Segmented) -> Figure:
    found, (iou, _) = one.overlap, one.of_pictures
    total = int(one.pixels.sum())
    rows: list[tuple[Cell, ...]] = []
    for k, name in enumerate(one.names):
        count = int(one.pixels[k].sum())
        share = Cell(f"{100 * count / total:.2f}", count / total)
        if not found.present[k]:
            rows.append((Cell(name), Cell("not in this split"), *(_EMPTY,) * 4, share, Cell("0", 0)))
            continue
        low, high = (float(end) for end in found.iou_ends[:, k])
        value, middle = float(found.iou[k]), float(np.nanmedian(iou[:, k]))
        along = float(one.boundary[k]) if one.boundary is not None else float("nan")
        between = f"{decimal(low)} to {decimal(high)}" if np.isfinite(low) else "–"
        numbers = (float(found.dice[k]), middle, along)
        rows.append(
            (
                Cell(name),
                Cell(decimal(value), value),
                Cell(between, bar=_bar(value, low, high)),
                *(Cell(decimal(x), x) if np.isfinite(x) else _EMPTY for x in numbers),
                share,
                Cell(f"{one.pictures_of[k]:,}", int(one.pictures_of[k])),
            )
        )
    columns = (
        Column("Class"),
        Column("IoU", True),
        Column("95 % interval"),
        Column("Dice", True),
        Column("Median of pictures", True, "IoU of single pictures in which the class is annotated or predicted"),
        Column("Boundary IoU", True),
        Column("% of pixels", True, "Annotated"),
        Column("Pictures", True, "In which it is annotated"),
    )
    absent = int((~found.present).sum())
    gone = f" {words.count(absent, 'class is', 'classes are')} not annotated in this split." if absent else ""
    return Figure(
        one.place.id("segmentation-classes"),
        "Every class",
        f"IoU and Dice of all pixels of each class, intervals over pictures.{gone}",
        Table(columns, tuple(rows), searchable=len(rows) > 10),
        one.place.group("Scores"),
    )


def _forest(one: _Segmented) -> Figure:
    found = one.overlap
    order = sorted(np.flatnonzero(found.present).tolist(), key=lambda k: (float(found.iou[k]), one.names[k]))
    shown = order[:MOST_CLASSES]
    values = found.iou[shown]
    low, high = (np.where(np.isfinite(ends), ends, values) for ends in found.iou_ends[:, shown])
    names = tuple(one.names[k] for k in shown)
    notes = tuple(
        f"{one.names[k]}: IoU {estimate(float(found.iou[k]), *found.iou_ends[:, k].tolist())} "
        f"in {words.count(int(one.pictures_of[k]), 'picture')}"
        for k in shown
    )
    rows = np.arange(len(shown), dtype=np.float64)
    ends = f"from {one.names[order[0]]} {decimal(float(found.iou[order[0]]))} to "
    best = f"{one.names[order[-1]]} {decimal(float(found.iou[order[-1]]))}"
    few = f" The {len(shown)} lowest of {len(order):,} classes." if len(shown) < len(order) else ""
    return Figure(
        one.place.id("iou-by-class"),
        "IoU by class",
        f"IoU with 95 % intervals, {ends if len(order) > 1 else ''}{best}.{few}",
        Plot(
            (Layer("interval", values, rows, low=low, high=high, notes=notes, horizontal=True),),
            PlotAxis("IoU", low=0.0, high=1.0),
            PlotAxis(scale="category", categories=names),
            height=max(120, 60 + 22 * len(names)),
        ),
        one.place.group("Scores"),
    )


def _confusion(one: _Segmented) -> Figure:
    wrong = one.pixels.sum(0) + one.pixels.sum(1) - 2 * np.diag(one.pixels)
    shown = np.sort(np.argsort(-wrong, kind="stable")[:MOST_CLASSES])
    counts = one.pixels[np.ix_(shown, shown)].astype(np.float64)
    totals = one.pixels.sum(1)[shown][:, None].astype(np.float64)
    shares = np.where(totals > 0, counts / np.maximum(totals, 1), np.nan)
    names = tuple(one.names[k] for k in shown)
    few = (
        f" The {len(shown)} classes with the most wrong pixels of {len(one.names):,}."
        if len(shown) < len(one.names)
        else ""
    )

    def texts(values: FloatArray, *, share: bool) -> tuple[tuple[str, ...], ...]:
        return tuple(
            tuple("" if np.isnan(v) else f"{100 * v:.1f} %" if share else f"{v:,.0f}" for v in row)
            for row in values.tolist()
        )

    return Figure(
        one.place.id("pixel-confusion"),
        "Which classes are confused",
        f"Where the pixels of each annotated class (down) went (across), as a share of its pixels.{few}",
        Matrix(
            names,
            names,
            shares,
            texts(shares, share=True),
            (("pixels", counts, texts(counts, share=False)),),
            "share of annotated",
            "annotated",
            "predicted",
            low=0.0,
            off_diagonal=True,
        ),
        one.place.group("Mistakes"),
    )


def _of_pictures(one: _Segmented, means: FloatArray) -> Figure:
    known = means[np.isfinite(means)]
    counts, edges = np.histogram(known, 20, (0.0, 1.0))
    low, middle = (float(value) for value in np.quantile(known, (0.1, 0.5)))
    return Figure(
        one.place.id("iou-of-pictures"),
        "Pictures by how well they agree",
        f"Mean IoU over the classes of a picture: median {decimal(middle)}, one in ten under {decimal(low)} "
        f"(n = {words.count(len(known), 'picture')}).",
        Plot(
            (Layer("bar", edges[:-1], counts.astype(np.float64), x2=edges[1:]),),
            PlotAxis("mean IoU of a picture", low=0.0, high=1.0),
            PlotAxis("pictures"),
        ),
        one.place.group("Where it fails"),
    )


def _by_size(one: _Segmented) -> Iterator[Shown]:
    """IoU of every class in every picture over the share of the picture that it covers."""
    true = one.confusions.sum(2).astype(np.float64)
    share = true / np.maximum(true.sum(1, keepdims=True), 1)
    iou = one.of_pictures[0]
    known = (true > 0) & np.isfinite(iou)
    x, y = share[known], iou[known]
    bins = in_bins(x, y, most=12)
    if len(bins.x) < 3:
        return
    at = one.place.id("iou-by-size")
    small = x < SMALL
    if small.any() and not small.all():
        counts = int(small.sum()), int((~small).sum())
        if insight := said.sizes(float(y[small].mean()), float(y[~small].mean()), counts, SMALL, at):
            yield insight
    notes = tuple(
        f"{100 * a:.2g} to {100 * b:.2g} % of the picture: mean IoU {estimate(m, max(l, 0.0), min(h, 1.0))} (n = {n:,})"
        for a, b, m, l, h, n in zip(  # noqa: E741
            bins.low.tolist(),
            bins.high.tolist(),
            bins.mean.tolist(),
            bins.mean_low.tolist(),
            bins.mean_high.tolist(),
            bins.count.tolist(),
            strict=True,
        )
    )
    layer = Layer(
        "interval",
        100 * bins.x,
        bins.mean,
        low=np.maximum(bins.mean_low, 0),
        high=np.minimum(bins.mean_high, 1),
        notes=notes,
    )
    yield Figure(
        at,
        "IoU by size of the region",
        f"{words.count(len(x), 'class of a picture', 'classes of pictures')}: mean IoU "
        f"{decimal(float(bins.mean[0]), 2)} of the "
        f"smallest and {decimal(float(bins.mean[-1]), 2)} of the largest, with 95 % intervals.",
        Plot((layer,), PlotAxis("% of the picture, annotated", "log"), PlotAxis("IoU", low=0.0, high=1.0)),
        one.place.group("Where it fails"),
    )


# --- pictures ---------------------------------------------------------------------------------------------------------


def _worst(one: _Segmented, means: FloatArray) -> Figure | None:
    """Pictures with the lowest mean IoU: themselves, what is annotated, and what was predicted."""
    order = np.argsort(means, kind="stable")  # NaN last
    order = order[np.isfinite(means[order])][:MOST_PICTURES]
    if not len(order):
        return None
    caption = f"Lowest mean IoU first, {len(order):,} of {words.count(len(means), 'picture')}"
    at, group = one.place.id("worst-pictures"), one.place.group("Pictures")
    items = tuple(_item(one, row, float(means[row])) for row in order.tolist())
    if not any(item.pictures for item in items):
        columns = (Column("Picture"), Column("Mean IoU", True), Column("Worst class"), Column("Pixels right", True))
        rows = tuple((Cell(item.title), *(Cell(value) for _, value in item.facts)) for item in items)
        return Figure(at, "Worst pictures", f"{caption}.", Table(columns, rows), group)
    legend = legend_of(one.names, one.predictions) if one.predictions.masks else ()
    gallery = Gallery(items, len(means), "lowest mean IoU first", sorts=("mean IoU",), legend=legend)
    shown = ": the picture, what is annotated, and what was predicted." if one.predictions.masks else "."
    return Figure(at, "Worst pictures", f"{caption}{shown}", gallery, group)


def legend_of(classes: Sequence[str], one: Predictions) -> tuple[tuple[str, int], ...]:
    """Classes, each with its place among the numbers that masks hold; none of very many."""
    masks = one.masks or one.true_masks
    if masks is None or len(masks.values) > MOST_COLOURS:
        return ()
    return tuple((brief(name), place) for place, name in enumerate(classes[: len(masks.values)]))


def _item(one: _Segmented, row: int, mean: float) -> Item:
    iou = one.of_pictures[0][row]
    worst = int(np.nanargmin(iou))
    right = float(np.trace(one.confusions[row]) / max(one.confusions[row].sum(), 1))
    title, thumbs = thumbs_of(one.predictions, row, ((one.predictions, "predicted"),))
    facts = (
        ("mean IoU", decimal(mean)),
        ("worst class", f"{one.names[worst]} ({decimal(float(iou[worst]), 2)})"),
        ("pixels right", f"{100 * right:.1f} %"),
    )
    return Item(title, thumbs, facts=facts)


def thumbs_of(
    one: Predictions, row: int, predicted: Iterable[tuple[Predictions, str]]
) -> tuple[str, tuple[Thumb, ...]]:
    """What a picture is called, and itself, its annotated mask, and the mask of each model with what that is called."""
    pictures = one.pictures
    named = one.ids[row] if row < len(one.ids) and one.ids[row] else f"picture {row}"
    title = pictures.keys[row] if pictures is not None and row < len(pictures) else named
    if pictures is None or row >= len(pictures.sizes) or not pictures.sizes[row].all():
        return title, ()
    width, height = (int(side) for side in pictures.sizes[row])
    thumbs = []
    if not pictures.sources or pictures.sources[row]:
        thumbs.append(Thumb(title, width, height, title, SIDE))
    for masks, what in ((one.true_masks, "annotated"), *((each.masks, name) for each, name in predicted)):
        if masks is not None and row < len(masks.sources) and masks.sources[row]:
            thumbs.append(Thumb(MASK + masks.sources[row], width, height, f"{what}: {title}", SIDE))
    return title, tuple(thumbs)
