"""Annotations of pictures: boxes by class, by picture, by size and place, and those that cannot be right.

| generator | yields |
|---|---|
| `boxes(dataset, place, samples)` | annotated pictures, classes, boxes a picture, sizes, aspects, places, faults |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import data_boxes as said
from dlviz_docs.insights.data_boxes import Faults
from dlviz_docs.insights.data_words import does, percent
from dlviz_docs.model import Boxes, Dataset, FloatArray, Insight, Pictures
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data._rows import (
    Groups,
    by_split,
    facts,
    histogram,
    main_groups,
    shown_of,
    spread,
    thumb,
    title,
)
from dlviz_docs.stats.boxes import centre_grid, size_classes
from dlviz_docs.view import Cell, Column, Figure, Gallery, Item, Layer, Plot, PlotAxis, Region, Shown, Table

__all__ = ["boxes"]

EXAMPLES, FAULTY = 30, 12
"""Pictures with all their boxes, and pictures of each kind of fault."""
REGIONS = 60
"""Boxes of one picture that are drawn."""
POINTS = 120
"""Points of an outline up to which it is drawn; beyond, its box."""
SIDE = 320
"""Of these pictures in px: boxes need room."""
BARS = 40
CELLS = 20
LEAST_FOR_PLACES = 100
"""Boxes, below which a map of their centres is noise."""
_HEADING = "Annotations"


def boxes(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    """Figures of the annotations, and what they lack; nothing without any."""
    found, pictures = dataset.boxes, dataset.pictures
    if found is None or pictures is None or not len(found) or not len(pictures):
        return
    group = place.group(_HEADING)
    if samples:
        yield from _examples(dataset, found, pictures, place.id("boxes-sample"), group)
    yield from _classes(dataset, found, place, group)
    yield from _per_picture(dataset, found, pictures, place.id("boxes-per-picture"), group)
    yield from _sizes(dataset, found, place, group)
    yield from _places(found, pictures, place.id("box-places"), group)
    faults = said.faults(found, pictures)
    shown = list(_faulty(dataset, found, pictures, faults, place.id("box-faults"), group)) if samples else []
    yield from said.fault_sentences(faults, len(found), shown[0].id if shown else "")
    yield from shown


# --- pictures with boxes ----------------------------------------------------------------------------------------------


def _examples(dataset: Dataset, found: Boxes, pictures: Pictures, id: str, group: str) -> Iterator[Figure]:  # noqa: A002
    """Pictures that together have boxes of every class, as far as there is room."""
    picked = spread(found.category, len(dataset.classes), EXAMPLES)
    rows = list(dict.fromkeys(found.picture[picked].tolist()))[:EXAMPLES]
    items = tuple(item for row in rows if (item := _item(dataset, found, pictures, row)))
    if items:
        with_boxes = len(np.unique(found.picture))
        caption, chosen = f"{shown_of(len(items), with_boxes, 'picture')} with annotations.", ""
        if len(items) < with_boxes:
            caption = f"{caption[:-1]}, boxes of every class as far as there is room, at random (seed 0)."
            chosen = "boxes of every class, at random"
        spec = Gallery(items, with_boxes, chosen, first=12)
        yield Figure(id, "Annotated pictures", caption, spec, group)


def _item(
    dataset: Dataset,
    found: Boxes,
    pictures: Pictures,
    row: int,
    marked: Sequence[int] | None = None,
    also: tuple[tuple[str, str], ...] = (),
) -> Item | None:
    """A picture with all its boxes, or with the marked ones only."""
    if not (picture := thumb(pictures, row, SIDE)):
        return None
    members = np.flatnonzero(found.picture == row)
    shown = members[:REGIONS].tolist() if marked is None else list(marked)[:REGIONS]
    regions = tuple(_region(dataset, found, one) for one in shown if np.isfinite(found.xywh[one]).all())
    told = ("boxes", f"{len(members):,}" + (f", {REGIONS} drawn" if len(members) > REGIONS else ""))
    return Item(title(dataset, row), (picture,), regions, facts=(*facts(row, by_split(dataset)), told, *also))


def _region(dataset: Dataset, found: Boxes, one: int) -> Region:
    left, top, width, height = (float(length) for length in found.xywh[one])
    category = int(found.category[one])
    outline = found.outlines[one] if len(found.outlines) == len(found) else ()
    if sum(map(len, outline)) > 2 * POINTS:
        outline = ()
    return Region(
        (left, top, width, height), "truth", _class(dataset, category), color=max(category, 0), outline=outline
    )


def _class(dataset: Dataset, category: int) -> str:
    return dataset.classes[category] if 0 <= category < len(dataset.classes) else "?"


# --- classes ----------------------------------------------------------------------------------------------------------


def _classes(dataset: Dataset, found: Boxes, place: Place, group: str) -> Iterator[Shown]:
    """Boxes by class and split: sentences, bars of few classes, a table."""
    k = len(dataset.classes)
    known = np.flatnonzero((found.category >= 0) & (found.category < k))
    if not len(known):
        return
    splits = by_split(dataset) or Groups(np.zeros(dataset.length, np.int32), ("",), "split")
    category, split = found.category[known], splits.codes[found.picture[known]]
    table = np.zeros((k, len(splits.names)), np.int64)
    np.add.at(table, (category[split >= 0], split[split >= 0]), 1)
    figure = place.id("box-classes")
    yield from said.class_sentences(table, dataset.classes, splits.names, figure)
    order = np.argsort(-np.bincount(category, minlength=k), kind="stable")
    caption = f"{words.count(len(found), 'box', 'boxes')} of {words.count(k, 'class', 'classes')}"
    if k > 1:
        yield _bars(dataset, table, splits.names, order, place.id("box-counts"), group, caption)
    members = np.split(known[np.argsort(category, kind="stable")], np.cumsum(np.bincount(category, minlength=k))[:-1])
    area = said.area_of(found)
    rows = tuple(_class_row(dataset, found, area, members[one], table[one], one) for one in order.tolist())
    several = splits.names if len(splits.names) > 1 else ()
    columns = (
        Column("Class"),
        Column("Boxes", numeric=True),
        *(Column(f"in {name}", numeric=True) for name in several),
        Column("Pictures", numeric=True, help="Pictures with a box of the class"),
        Column("Median side", numeric=True, help="Square root of the median area, px"),
        *(Column(size, numeric=True, help=told) for size, told in _SIZES),
    )
    yield Figure(figure, "Classes", f"{caption}.", Table(columns, rows, searchable=len(rows) > 10), group)


_SIZES = (
    ("Small", "Share of areas below 32² px, as COCO counts"),
    ("Medium", "Share of areas from 32² to 96² px"),
    ("Large", "Share of areas from 96² px"),
)


def _class_row(
    dataset: Dataset,
    found: Boxes,
    area: FloatArray,
    members: NDArray[np.intp],
    of_splits: NDArray[np.int64],
    one: int,
) -> tuple[Cell, ...]:
    area = area[members]
    sizes = size_classes(area)
    sized = int((sizes >= 0).sum())
    side = float(np.median(area[sizes >= 0]) ** 0.5) if sized else None
    splits = [Cell(f"{count:,}" if count else "–", count) for count in of_splits.tolist()] if len(of_splits) > 1 else []
    pictures = len(np.unique(found.picture[members]))
    return (
        Cell(dataset.classes[one]),
        Cell(f"{len(members):,}", len(members)),
        *splits,
        Cell(f"{pictures:,}", pictures),
        Cell(words.number(side and round(side)), side),
        *(Cell(percent(int((sizes == size).sum()), sized), int((sizes == size).sum())) for size in range(3)),
    )


def _bars(
    dataset: Dataset,
    table: NDArray[np.int64],
    splits: Sequence[str],
    order: NDArray[np.intp],
    id: str,  # noqa: A002  (the figure's word)
    group: str,
    caption: str,
) -> Figure:
    shown = order[:BARS]
    names = tuple(dataset.classes[one] for one in shown)
    y = np.arange(len(shown), dtype=np.float64)
    shares = 100 * table / np.maximum(table.sum(axis=0), 1)
    layers = tuple(
        Layer(
            "bar" if len(splits) == 1 else "dot",
            shares[shown, split],
            y,
            label=name,
            color=split,
            notes=tuple(f"{names[one]}: {table[row, split]:,} boxes" for one, row in enumerate(shown)),
            horizontal=True,
        )
        for split, name in enumerate(splits)
        if table[:, split].any()
    )
    if len(shown) < len(order):
        caption += f"; the {len(shown)} most frequent"
    unit = "share of the split's boxes, %" if len(splits) > 1 else "share of boxes, %"
    plot = Plot(layers, PlotAxis(unit, low=0.0), PlotAxis("", "category", names), height=max(120, 40 + 22 * len(shown)))
    return Figure(id, "Boxes by class", f"{caption}.", plot, group)


# --- numbers, sizes, places -------------------------------------------------------------------------------------------


def _per_picture(dataset: Dataset, found: Boxes, pictures: Pictures, id: str, group: str) -> Iterator[Shown]:  # noqa: A002
    counts = np.bincount(found.picture, minlength=len(pictures)).astype(np.float64)
    without = int((counts == 0).sum())
    if without:
        text = (
            f"{words.count(without, 'picture')} of {len(pictures):,} ({percent(without, len(pictures))}) "
            f"{does(without, 'have')} no box."
        )
        yield Insight(kind="without-boxes", severity="info", text=text, figure=id, values={"count": float(without)})
    if plot := histogram(counts, main_groups(dataset), "boxes", whole=True):
        caption = (
            f"From {counts.min():,.0f} to {counts.max():,.0f} boxes a picture, "
            f"{words.number(float(np.median(counts)))} in the middle; n = {words.count(len(pictures), 'picture')}."
        )
        yield Figure(id, "Boxes a picture", caption, plot, group)


def _sizes(dataset: Dataset, found: Boxes, place: Place, group: str) -> Iterator[Shown]:
    area = said.area_of(found)
    if insight := said.size_sentence(area, place.id("box-sizes")):
        yield insight
    with np.errstate(invalid="ignore", divide="ignore"):
        side = np.where(size_classes(area) >= 0, 0.5 * np.log2(area), np.nan)
        aspect = np.log2(found.xywh[:, 2] / found.xywh[:, 3])
    aspect[~np.isfinite(aspect)] = np.nan
    groups = by_split(dataset)
    of_boxes = groups and groups.of(found.picture.astype(np.intp))
    if plot := histogram(side, of_boxes, "log2 of the side (square root of the area), px"):
        top = max(float(layer.y.max()) for layer in plot.layers)
        rules = tuple(
            Layer("rule", np.full(2, np.log2(limit)), np.array([0.0, top]), label=f"{limit:.0f}² px")
            for limit in (32.0, 96.0)
        )
        sizes = size_classes(area)
        n = int((sizes >= 0).sum())
        shares = [percent(int((sizes == one).sum()), n) for one in range(3)]
        caption = (
            f"{shares[0]} are small (below 32² px), {shares[1]} medium, {shares[2]} large (from 96² px); n = {n:,}."
        )
        figure = Plot((*plot.layers, *rules), plot.x, plot.y, height=plot.height)
        yield Figure(place.id("box-sizes"), "Sizes of boxes", caption, figure, group)
    if plot := histogram(aspect, of_boxes, "log2 of width / height: 0 is a square, 1 twice as wide as tall"):
        known = aspect[np.isfinite(aspect)]
        caption = f"{percent(int((known > 0).sum()), len(known))} are wider than tall; n = {len(known):,}."
        yield Figure(place.id("box-aspects"), "Aspect ratios of boxes", caption, plot, group)


def _places(found: Boxes, pictures: Pictures, id: str, group: str) -> Iterator[Figure]:  # noqa: A002
    grid = centre_grid(found.xywh, said.sizes_of(found, pictures), CELLS)
    total = int(grid.sum())
    if total < LEAST_FOR_PLACES:
        return
    third = grid.reshape(CELLS, CELLS)[CELLS // 3 : -(CELLS // 3), CELLS // 3 : -(CELLS // 3)]
    part = third.size / grid.size
    caption = (
        f"Centres of {total:,} boxes, in shares of width and height: the middle {percent(part, 1)} of the picture's "
        f"area holds {percent(int(third.sum()), total)} of them."
    )
    rows, columns = np.nonzero(grid)
    left, top = columns.astype(np.float64) / CELLS, 1 - rows.astype(np.float64) / CELLS  # axes count from the bottom
    layer = Layer(
        "cell",
        left,
        top - 1 / CELLS,
        x2=left + 1 / CELLS,
        y2=top,
        weights=grid[rows, columns] / grid.max(),
        notes=tuple(f"{count:,} boxes" for count in grid[rows, columns].tolist()),
    )
    axes = PlotAxis("from the left", low=0.0, high=1.0), PlotAxis("from the bottom", low=0.0, high=1.0)
    yield Figure(id, "Where boxes lie", caption, Plot((layer,), axes[0], axes[1], square=True), group)


# --- faults -----------------------------------------------------------------------------------------------------------


def _faulty(
    dataset: Dataset,
    found: Boxes,
    pictures: Pictures,
    faults: Faults,
    id: str,  # noqa: A002  (the figure's word)
    group: str,
) -> Iterator[Figure]:
    items, told = [], []
    for name, rows in (
        ("twice", faults.twice),
        ("beyond the edge", faults.beyond),
        ("no size", faults.empty),
        ("no class", faults.nameless),
    ):
        if len(rows):
            told.append(f"{len(rows):,} {name}")
        for picture in list(dict.fromkeys(found.picture[rows].tolist()))[:FAULTY]:
            marked = rows[found.picture[rows] == picture].tolist()
            if item := _item(dataset, found, pictures, picture, marked, ((name, _numbers(found.xywh[marked[0]])),)):
                items.append(item)
    if items:
        rows = np.concatenate([faults.empty, faults.beyond, faults.nameless, faults.twice])
        spec = Gallery(tuple(items), len(np.unique(found.picture[rows])), "some of every fault", first=12)
        yield Figure(id, "Boxes that cannot be right", f"Boxes: {', '.join(told)}.", spec, group)


def _numbers(xywh: FloatArray) -> str:
    left, top, width, height = (words.number(round(float(length), 1)) for length in xywh)
    return f"left {left}, top {top}, {width} × {height}"
