"""What pictures look like: a sample of every class, files and sizes, brightness and the like, and which are odd.

| generator | yields |
|---|---|
| `pictures(dataset, place, samples)` | contact sheet, means of classes, files, sizes, measures, odd ones |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights import data_pictures as said
from dlviz_docs.insights.data_pictures import MEASURES, Odd
from dlviz_docs.insights.data_words import of, percent
from dlviz_docs.model import MISSING, Dataset, FloatArray, Pictures
from dlviz_docs.renderers._place import Place
from dlviz_docs.renderers.data._rows import (
    Groups,
    by_class,
    by_split,
    drawn,
    facts,
    histogram,
    main_groups,
    shown_of,
    spread,
    thumb,
    title,
)
from dlviz_docs.renderers.data.mean_pictures import mean_pictures
from dlviz_docs.view import Cell, Column, Figure, Gallery, Item, Layer, Matrix, Plot, PlotAxis, Shown, Table

__all__ = ["pictures"]

SHEET = 60
"""Pictures of the contact sheet."""
ODD_OF_KIND = 12
SIZES_AS_TABLE = 8
DOTS = 2000
CLASSES = 40
LEAST_MEASURED = 10
"""Pictures, below which looking at them tells more than how their brightness is distributed."""
_HEADING = "Pictures"


def pictures(dataset: Dataset, place: Place, samples: bool) -> Iterator[Shown]:
    """Figures of the pictures, and what is odd about them; nothing without pictures."""
    found = dataset.pictures
    if found is None or not len(found):
        return
    group = place.group(_HEADING)
    there = not found.sources or any(found.sources)
    if samples and there and dataset.boxes is None:  # annotated pictures are shown with their boxes
        yield from _sheet(dataset, found, place.id("pictures-sample"), group)
    yield from mean_pictures(dataset, place, samples)
    yield from said.mixed_files(found, place.id("picture-files") if there else "")
    if there:
        yield from _files(found, place.id("picture-files"), group)
    yield from _sizes(dataset, found, place, group)
    yield from _measures(dataset, found, place, group)
    odd = list(said.odd_pictures(found))
    shown = list(_odd(dataset, found, odd, place.id("pictures-odd"), group)) if samples else []
    yield from said.odd_sentences(odd, shown[0].id if shown else "")
    yield from shown


# --- contact sheet ----------------------------------------------------------------------------------------------------


def _sheet(dataset: Dataset, found: Pictures, id: str, group: str) -> Iterator[Figure]:  # noqa: A002  (the figure's word)
    classes, splits = by_class(dataset), by_split(dataset)
    there = np.flatnonzero(found.sources) if found.sources else np.arange(len(found))
    if classes:
        codes = np.full(len(found), MISSING, np.int32)
        codes[there] = classes.codes[there]
        rows, chosen = spread(codes, len(classes.names), SHEET), "the same number of every class, at random"
        shown = len(np.unique(classes.codes[rows]))
        name = "A sample of every class"
        told = f" {shown:,} of {len(classes.names):,} classes." if shown < len(classes.names) else ""
    else:
        rows, chosen, name, told = drawn(there, SHEET), "at random", "A sample of the pictures", ""
    items = tuple(item for row in rows if (item := _item(dataset, found, int(row), (classes, splits))))
    if items:
        every = len(rows) == len(there)
        how = "" if every else f", {chosen} (seed 0)"
        caption = f"{shown_of(len(items), len(found), 'picture')}{how}.{told}{_scaled(found)}"
        yield Figure(id, name, caption, Gallery(items, len(found), "" if every else chosen, first=SHEET), group)


def _scaled(found: Pictures) -> str:
    """Which numbers of an array are shown as black and white, where these are not the usual ones."""
    if found.array is None or found.scale in ((0.0, 255.0), (0.0, 1.0)):
        return ""
    low, high = found.scale
    return f" Shown from {words.number(low)}, as black, to {words.number(high)}, as white."


def _item(
    dataset: Dataset,
    found: Pictures,
    row: int,
    groups: Sequence[Groups | None],
    also: tuple[tuple[str, str], ...] = (),
) -> Item | None:
    if (found.sources and not found.sources[row]) or not (picture := thumb(found, row)):
        return None
    classes = groups[0]
    size = (("size", f"{picture.width:,} × {picture.height:,} px"),) if found.array is None else ()
    return Item(
        title(dataset, row),
        (picture,),
        facts=(*facts(row, *groups), *size, *also),
        row=classes.name(row) if classes else "",
    )


# --- files and sizes --------------------------------------------------------------------------------------------------


def _files(found: Pictures, id: str, group: str) -> Iterator[Figure]:  # noqa: A002
    """Modes and bytes of files; nothing of an array."""
    if not found.sources or len(found.modes) != len(found):
        return
    modes = np.array(found.modes)
    there = np.array([bool(source) for source in found.sources])
    octets = found.octets if len(found.octets) == len(found) else np.zeros(len(found), np.int64)
    rows = []
    for mode in sorted(set(found.modes), key=lambda name: (-found.modes.count(name), name)):
        for label, member in _kinds(mode, modes == mode, there):
            sizes = np.sort(octets[member & (octets > 0)])
            n = int(member.sum())
            total = words.size(int(sizes.sum())) if len(sizes) else "–"
            middle = int(sizes[len(sizes) // 2]) if len(sizes) else 0
            rows.append(
                (
                    Cell(label),
                    Cell(f"{n:,}", n),
                    Cell(percent(n, len(found)), n),
                    Cell(words.size(middle) if middle else "–", middle),
                    Cell(total, int(sizes.sum())),
                )
            )
    columns = (
        Column("Mode", help="Channels as Pillow names them: L is grey, RGBA has transparency, I;16 has 16 bits"),
        Column("Files", numeric=True),
        Column("Share", numeric=True),
        Column("Median file", numeric=True),
        Column("Together", numeric=True),
    )
    together = int(octets.sum())
    caption = f"{words.count(int(there.sum()), 'file')}{f', {words.size(together)} together' if together else ''}."
    yield Figure(id, "Files", caption, Table(columns, tuple(rows)), group)


def _kinds(mode: str, member: NDArray[np.bool_], there: NDArray[np.bool_]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    if mode:
        yield mode, member
        return
    for label, rows in (("cannot be read", member & there), ("not there", member & ~there)):
        if rows.any():
            yield label, rows


def _sizes(dataset: Dataset, found: Pictures, place: Place, group: str) -> Iterator[Figure]:
    """A table of few sizes, else a scatter and the aspect ratios; nothing of an array, whose pictures are alike."""
    readable = np.flatnonzero((found.sizes > 0).all(axis=1)) if len(found.sizes) else np.zeros(0, np.intp)
    if found.array is not None or not len(readable):
        return
    sizes = found.sizes[readable]
    pairs, counts = np.unique(sizes, axis=0, return_counts=True)
    id, name = place.id("picture-sizes"), "Sizes"  # noqa: A001
    if len(pairs) <= SIZES_AS_TABLE:
        caption = f"{words.count(len(pairs), 'size')} among {words.count(len(readable), 'picture')}."
        yield Figure(id, name, caption, _size_table(pairs, counts), group)
        return
    side = np.sqrt(sizes.astype(np.float64).prod(axis=1))
    caption = (
        f"{len(pairs):,} sizes, from {_size(sizes[side.argmin()])} to {_size(sizes[side.argmax()])}, the middle "
        f"one {_size(sizes[np.argsort(side, kind='stable')[len(side) // 2]])}; n = {len(readable):,}."
    )
    shown = drawn(np.arange(len(readable)), DOTS)
    if len(shown) < len(readable):
        caption += f" Drawn: {len(shown):,}, chosen at random (seed 0)."
    yield Figure(id, name, caption, _size_plot(dataset, found, readable[shown]), group)
    groups = main_groups(dataset)
    aspect = sizes[:, 0] / sizes[:, 1]
    if plot := histogram(aspect, groups and groups.of(readable), "width / height"):
        wide, tall = int((aspect > 1).sum()), int((aspect < 1).sum())
        told = f"{of(wide, len(aspect), 'pictures')} are wider than tall, {tall:,} taller than wide."
        yield Figure(place.id("picture-aspects"), "Aspect ratios", told, plot, group)


def _size(size: NDArray[np.int32]) -> str:
    return f"{int(size[0]):,} × {int(size[1]):,} px"


def _size_table(pairs: NDArray[np.int32], counts: NDArray[np.intp]) -> Table:
    columns = (Column("Size"), Column("Pictures", numeric=True), Column("Share", numeric=True))
    rows = tuple(
        (
            Cell(_size(pairs[one]), float(pairs[one].astype(float).prod())),
            Cell(f"{int(counts[one]):,}", int(counts[one])),
            Cell(percent(int(counts[one]), int(counts.sum())), int(counts[one])),
        )
        for one in np.argsort(-counts, kind="stable")
    )
    return Table(columns, rows)


def _size_plot(dataset: Dataset, found: Pictures, rows: NDArray[np.intp]) -> Plot:
    groups = main_groups(dataset)
    sizes = found.sizes[rows].astype(np.float64)
    log = sizes.max() / sizes.min() > 30
    wide, tall = (PlotAxis(f"{name}, px", "log" if log else "linear") for name in ("width", "height"))
    parts = [("", 0, np.ones(len(rows), np.bool_))]
    if groups:
        codes = groups.codes[rows]
        parts = [(name, place, codes == place) for place, name in enumerate(groups.names)]
    layers = tuple(
        Layer(
            "dot",
            sizes[member, 0],
            sizes[member, 1],
            label=name,
            color=color,
            keys=tuple(found.keys[row] for row in rows[member]),
        )
        for name, color, member in parts
        if member.any()
    )
    return Plot(layers, wide, tall, height=320)


# --- measures ---------------------------------------------------------------------------------------------------------


def _measures(dataset: Dataset, found: Pictures, place: Place, group: str) -> Iterator[Shown]:
    """Histograms of what was measured, what it says of splits and classes, and its means by class."""
    measures = {name: found.measures[name] for name in MEASURES if _varies(found.measures.get(name))}
    if not measures or len(found.measured) < LEAST_MEASURED:
        return
    groups, classes, splits = main_groups(dataset), by_class(dataset), by_split(dataset)
    first = place.id(f"picture-{next(iter(measures))}")
    if splits:
        yield from said.split_shifts(measures, splits.codes[found.measured], splits.names, first)
    if classes:
        figure = place.id("picture-classes")
        yield from said.class_shortcuts(measures, classes.codes[found.measured], classes.names, figure)
    part = f"{len(found.measured):,} of {len(found):,} pictures" if len(found.measured) < len(found) else ""
    for name, values in measures.items():
        shown = np.log10(values) if name == "sharpness" and (values > 0).all() else values
        label = f"{_AXES[name]}{', log10' if shown is not values else ''}"
        if plot := histogram(shown, groups and groups.of(found.measured), label):
            caption = _course(MEASURES[name][0], values, part or words.count(len(found), "picture"))
            yield Figure(place.id(f"picture-{name}"), MEASURES[name][0], caption, plot, group)
    if classes and (matrix := _class_matrix(measures, classes.of(found.measured))):
        caption = (
            f"Mean of each measure by class; colours are its distance from the mean of all pictures in their standard "
            f"deviations; n = {part or words.count(len(found), 'picture')}."
        )
        if len(matrix.rows) < len(classes.names):
            kept = f" of at least {said.LEAST_OF_CLASS} pictures" if len(matrix.rows) < CLASSES else " that differ most"
            caption += f" The {len(matrix.rows):,} classes{kept}, of {len(classes.names):,}."
        yield Figure(place.id("picture-classes"), "Measures by class", caption, matrix, group)


_AXES = {
    "brightness": "mean grey, 0 black to 1 white",
    "contrast": "standard deviation of the grey",
    "sharpness": "variance of the Laplacian",
    "entropy": "entropy of the grey, bits",
    "saturation": "mean saturation",
}


def _varies(values: FloatArray | None) -> bool:
    if values is None or not len(values):
        return False
    known = values[np.isfinite(values)]
    return len(known) > 1 and bool(known.min() < known.max())


def _course(name: str, values: FloatArray, n: str) -> str:
    known = np.sort(values[np.isfinite(values)])
    low, middle, high = (words.number(float(known[round(share * (len(known) - 1))])) for share in (0.05, 0.5, 0.95))
    return f"{name} has the median {middle}; 90 % lie from {low} to {high}; n = {n}."


def _class_matrix(measures: dict[str, FloatArray], classes: Groups) -> Matrix | None:
    """Classes by measures, at most `CLASSES` of them; None where fewer than two classes were measured often enough."""
    counts = np.bincount(classes.codes[classes.codes >= 0], minlength=len(classes.names))
    kept = np.flatnonzero(counts >= said.LEAST_OF_CLASS)
    if len(kept) < 2:
        return None
    columns = [said.group_means(values, classes.codes, len(classes.names)) for values in measures.values()]
    means = np.column_stack(columns)[kept]
    z = np.column_stack([_distances(mean, values) for mean, values in zip(means.T, measures.values(), strict=True)])
    if len(kept) > CLASSES:
        most = np.sort(np.argsort(-np.abs(z).max(axis=1), kind="stable")[:CLASSES])
        kept, means, z = kept[most], means[most], z[most]
    texts = tuple(tuple(words.number(float(f"{mean:.3g}")) for mean in row) for row in means)
    reach = max(1.0, float(np.nanmax(np.abs(z), initial=0.0)))
    return Matrix(
        tuple(classes.names[row] for row in kept),
        tuple(MEASURES[name][0] for name in measures),
        z,
        texts,
        row_label="class",
        low=-reach,
        high=reach,
        diverging=True,
    )


def _distances(means: FloatArray, values: FloatArray) -> FloatArray:
    """Of each class from the mean of all pictures, in standard deviations of all pictures: noise stays pale."""
    known = values[np.isfinite(values)]
    peak = float(np.abs(known).max()) or 1.0
    scaled = known / peak
    distances: FloatArray = (means / peak - scaled.mean()) / max(float(scaled.std()), 1e-12)
    return distances


# --- odd ones ---------------------------------------------------------------------------------------------------------


def _odd(dataset: Dataset, found: Pictures, odd: Sequence[Odd], id: str, group: str) -> Iterator[Figure]:  # noqa: A002
    groups = (by_class(dataset), by_split(dataset))
    told: list[str] = []
    reasons: dict[int, list[tuple[str, str]]] = {}
    for kind in sorted(odd, key=lambda one: -len(one.rows)):
        told.append(f"{len(kind.rows):,} {kind.reason}")
        for row, fact in list(zip(kind.rows.tolist(), kind.facts, strict=True))[:ODD_OF_KIND]:
            reasons.setdefault(row, []).append((kind.reason, fact))
    shown = (_item(dataset, found, row, groups, tuple(facts)) for row, facts in reasons.items())
    items = [item for item in shown if item]
    if items:
        total = len(np.unique(np.concatenate([kind.rows for kind in odd])))
        caption = f"Pictures unlike the others: {', '.join(told)}."
        yield Figure(id, "Odd pictures", caption, Gallery(tuple(items), total, "the most extreme of each kind"), group)
