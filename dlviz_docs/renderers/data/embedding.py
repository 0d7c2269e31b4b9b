"""A map of rows that are points in many dimensions, and what their nearest neighbours say.

| generator | yields |
|---|---|
| `embedding(dataset, place, samples)` | map, overlap of classes, labels that look wrong, rows that are alone |
| `compared(dataset, points, place, samples, heading)` | the same of points that were made elsewhere |
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dlviz_docs.insights import data_neighbours as said
from dlviz_docs.insights.data_neighbours import NEIGHBOURS
from dlviz_docs.insights.data_words import percent
from dlviz_docs.model import MISSING, Codes, Dataset, FloatArray
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data._rows import Groups, by_class, by_split, drawn, facts, thumb, title
from dlviz_docs.stats.neighbours import nearest, neighbour_classes, principal, trustworthiness
from dlviz_docs.view import Figure, Gallery, Item, Layer, Matrix, Plot, PlotAxis, Shown

__all__ = ["Points", "compared", "embedding", "points_of"]

ROWS = 3000
"""Rows compared with each other."""
COMPONENTS = 50
DOTS = 2000
COLORED = 10
"""Classes with a colour; the others are grey."""
CLASSES = 30
TRUSTED = 0.85
"""Trustworthiness below which the map's neighbours are not to be believed."""
LEAST = 2 * NEIGHBOURS + 1
SHOWN = 24
_HEADING = "Neighbours"
_FAR = 1e100


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The rows that are compared."""

    rows: NDArray[np.intp]
    """Shape (m,), ascending."""
    coordinates: FloatArray
    """On the principal components, shape (m, c)."""
    variance: FloatArray
    near: NDArray[np.intp]
    """Places in `rows`, shape (m, k)."""
    distances: FloatArray
    of_what: str


def embedding(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    """Map and neighbours of embeddings, else of small pictures; nothing without either or of fewer than 21 rows."""
    if (found := _numbers(dataset)) and (points := points_of(*found)):
        yield from compared(dataset, points, place, samples, _HEADING)


def compared(dataset: Dataset, points: Points, place: Place, samples: bool, heading: str) -> Iterator[Shown]:
    """What is seen when rows are put beside each other."""
    group = place.group(heading)
    classes, splits = by_class(dataset), by_split(dataset)
    if samples:
        yield _map(dataset, points, classes or splits, place.id("map"), group)
    if classes:
        yield from _classes(dataset, points, classes, splits, place, group, samples)
    far = said.alone(points.distances)
    figure = place.id("outlying-rows") if samples and len(far) else ""
    if insight := said.alone_sentence(far, points.distances, figure):
        yield insight
    if samples and len(far):
        mean = points.distances.mean(axis=1)
        items = tuple(
            _item(dataset, int(points.rows[one]), (classes, splits), (("distance", f"{mean[one]:.4g}"),))
            for one in far[:SHOWN]
        )
        caption = f"Mean distance to the {NEIGHBOURS} nearest neighbours, in {points.of_what}; the farthest first."
        spec = Gallery(items, len(far), "the farthest from all others", first=12)
        yield Figure(figure, "Rows far from all others", caption, spec, group)


# --- points -----------------------------------------------------------------------------------------------------------


def points_of(rows: NDArray[np.intp], points: FloatArray, of_what: str) -> Points | None:
    """Rows in principal components, with neighbours; None for too few, or where all are on one spot."""
    finite = np.isfinite(points).all(axis=1)
    rows, points = rows[finite], points[finite]
    if len(rows) < LEAST:
        return None
    largest = float(np.abs(points).max())
    if largest > _FAR or 0 < largest < 1 / _FAR:
        points = points / largest  # squares of distances have to be numbers
    coordinates, variance = principal(points, COMPONENTS)
    if not coordinates.any():
        return None
    near, distances = nearest(coordinates, NEIGHBOURS)
    return Points(rows, coordinates, variance, near, distances, of_what)


def _numbers(dataset: Dataset) -> tuple[NDArray[np.intp], FloatArray, str] | None:
    pictures = dataset.pictures
    if dataset.embeddings is not None and dataset.embeddings.ndim == 2 and dataset.embeddings.shape[1] > 1:
        rows = drawn(np.arange(len(dataset.embeddings)), ROWS)
        return rows, np.asarray(dataset.embeddings[rows], np.float64), "embeddings"
    if pictures is not None and len(pictures.small) == len(pictures.measured) > 0:
        places = drawn(np.arange(len(pictures.measured)), ROWS)
        pixels = pictures.small[places].reshape(len(places), 32 * 32).astype(np.float64) / 255
        return pictures.measured[places], pixels, "32 × 32 grey pictures"
    return None


def _told(dataset: Dataset, points: Points) -> str:
    n = len(points.rows)
    return f"{n:,} of {dataset.length:,} rows, chosen at random (seed 0)" if n < dataset.length else f"{n:,} rows"


# --- map --------------------------------------------------------------------------------------------------------------


def _map(
    dataset: Dataset,
    points: Points,
    groups: Groups | None,
    id: str,  # noqa: A002  (the figure's word)
    group: str,
) -> Figure:
    flat = points.coordinates[:, :2]
    if flat.shape[1] < 2:
        flat = np.column_stack([flat, np.zeros(len(flat))])
    trust = trustworthiness(points.coordinates, flat, NEIGHBOURS)
    shown = drawn(np.arange(len(flat)), DOTS)
    layers = tuple(_dots(dataset, points, flat, shown, groups))
    variance = points.variance[:2].sum()
    caption = (
        f"{_told(dataset, points)} on the first two principal components of {points.of_what}, which hold "
        f"{percent(float(variance), 1)} of the variance; trustworthiness of {NEIGHBOURS} neighbours {trust:.2f} of 1."
    )
    if trust < TRUSTED:
        caption += f" Below {TRUSTED}: points that are near here need not be alike."
    if len(shown) < len(flat):
        caption += f" {len(shown):,} dots are drawn."
    axes = [PlotAxis(f"component {one + 1} ({percent(float(v), 1)})") for one, v in enumerate(points.variance[:2])]
    return Figure(id, f"Map of {points.of_what}", caption, Plot(layers, axes[0], axes[-1], height=420), group)


def _dots(
    dataset: Dataset,
    points: Points,
    flat: FloatArray,
    shown: NDArray[np.intp],
    groups: Groups | None,
) -> Iterator[Layer]:
    """A layer for each of the most frequent groups, and one for all others, drawn first."""
    codes = groups.codes[points.rows] if groups else np.zeros(len(points.rows), np.int32)
    names = groups.names if groups else ("",)
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    colored = np.sort(np.argsort(-counts, kind="stable")[:COLORED])
    colored = colored[counts[colored] > 0]
    keys = dataset.pictures.keys if dataset.pictures is not None else ()

    def layer(member: NDArray[np.intp], label: str, color: int, faint: bool = False) -> Layer:
        rows = points.rows[member]
        return Layer(
            "dot",
            flat[member, 0],
            flat[member, 1],
            label=label,
            color=color,
            faint=faint,
            keys=tuple(keys[row] for row in rows) if keys else (),
            notes=tuple(_note(dataset, int(row), groups) for row in rows),
        )

    others = shown[~np.isin(codes[shown], colored)]
    if len(others):
        yield layer(others, "others", 0, faint=True)
    for color, one in enumerate(colored.tolist()):
        if len(member := shown[codes[shown] == one]):
            yield layer(member, names[one], color)


def _note(dataset: Dataset, row: int, groups: Groups | None) -> str:
    name = groups.name(row) if groups else ""
    return f"{title(dataset, row)}: {name}" if name else title(dataset, row)


# --- classes ----------------------------------------------------------------------------------------------------------


def _classes(
    dataset: Dataset,
    points: Points,
    classes: Groups,
    splits: Groups | None,
    place: Place,
    group: str,
    samples: bool,
) -> Iterator[Shown]:
    codes, classes, total = *_frequent(classes.of(points.rows)), len(classes.names)
    if len(classes.names) < 2:
        return
    shares = neighbour_classes(points.near, codes, len(classes.names))
    figure = place.id("class-overlap")
    if matrix := _overlap(shares, codes, classes):
        yield from said.overlap_sentences(shares, codes, classes.names, figure)
        caption = (
            f"Of the {NEIGHBOURS} nearest neighbours of each class in {points.of_what}, the share of each class; "
            f"{_told(dataset, points)}."
        )
        if len(matrix.rows) < total:
            caption += f" {len(matrix.rows)} of {total:,} classes: those of most rows."
        yield Figure(figure, "Classes among the nearest neighbours", caption, matrix, group)
    if doubtful := said.doubtful_labels(shares, codes):
        figure = place.id("doubtful-labels") if samples else ""
        if insight := said.doubtful_sentence(doubtful, len(points.rows), classes.names, figure):
            yield insight
            if samples:
                yield _doubtful(dataset, points, doubtful, classes, splits, figure, group)


def _frequent(classes: Groups) -> tuple[Codes, Groups]:
    """Classes of enough rows to be spoken of, with places of their own: of ten thousand, few are."""
    counts = np.bincount(classes.codes[classes.codes >= 0], minlength=len(classes.names))
    kept = np.flatnonzero(counts >= said.LEAST_OF_CLASS)
    places = np.full(len(classes.names) + 1, MISSING, np.int32)
    places[kept] = np.arange(len(kept))
    codes = places[classes.codes]  # MISSING, -1, finds the last place
    return codes, Groups(codes, tuple(classes.names[one] for one in kept), classes.what)


def _overlap(shares: FloatArray, codes: Codes, classes: Groups) -> Matrix | None:
    found = said.overlap(shares, codes, len(classes.names))
    counts = np.bincount(codes[codes >= 0], minlength=len(classes.names))
    kept = np.flatnonzero(np.isfinite(found[:, 0]))
    kept = np.sort(kept[np.argsort(-counts[kept], kind="stable")][:CLASSES])
    if len(kept) < 2:
        return None
    values = found[np.ix_(kept, kept)]
    texts = tuple(tuple(f"{100 * value:.0f}" if value >= 0.005 else "" for value in row) for row in values.tolist())
    names = tuple(classes.names[one] for one in kept)
    return Matrix(
        names, names, values, texts, row_label="class", column_label="its neighbours, %", low=0.0, off_diagonal=True
    )


def _doubtful(
    dataset: Dataset,
    points: Points,
    found: said.Doubtful,
    classes: Groups,
    splits: Groups | None,
    id: str,  # noqa: A002
    group: str,
) -> Figure:
    items = []
    for one in range(min(SHOWN, len(found.rows))):
        row = int(points.rows[found.rows[one]])
        likely = classes.names[int(found.likely[one])]
        also = (("most neighbours", likely), ("share of neighbours", percent(float(found.share[one]), 1)))
        items.append(_item(dataset, row, (by_class(dataset), splits), also))
    caption = (
        f"Rows whose neighbours in {points.of_what} are of one other class; "
        f"{percent(found.agreed, 1)} of all rows agree with most of theirs."
    )
    spec = Gallery(tuple(items), len(found.rows), "those that most neighbours contradict", first=12)
    return Figure(id, "Labels that neighbours contradict", caption, spec, group)


def _item(
    dataset: Dataset, row: int, groups: tuple[Groups | None, Groups | None], also: tuple[tuple[str, str], ...]
) -> Item:
    picture = thumb(dataset.pictures, row) if dataset.pictures is not None else None
    return Item(title(dataset, row), (picture,) if picture else (), facts=(*facts(row, *groups), *also))
