"""Where cells are missing, in which columns together, and for which rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_gaps import LEAST_GAPS, TOGETHER, dependence_sentence, target_sentence, together_sentence
from dlviz_docs.insights.data_words import percent
from dlviz_docs.model import BoolArray
from dlviz_docs.renderers.data._profile import Profile
from dlviz_docs.stats.association import leaf_order
from dlviz_docs.stats.columns import ColumnStats
from dlviz_docs.stats.gaps import dependence, patterns_of, together
from dlviz_docs.view import Cell, Column, Figure, Layer, Matrix, Plot, PlotAxis, Shown, Table

__all__ = ["missing"]

BARS = 40
COMPARED = 60
PATTERNS = 15


def missing(found: Profile) -> Iterator[Shown]:
    """Nothing where no cell is missing."""
    gappy = sorted((c for c in found.columns if c.missing), key=lambda column: -column.missing)
    if not gappy:
        return
    group = found.place.group("Missing cells")
    bars, matrix = found.place.id("missing"), found.place.id("missing-together")
    several = [c for c in gappy if min(c.missing, c.n - c.missing) >= LEAST_GAPS][:COMPARED]
    masks = [_gaps(column) for column in several]
    phi = together(masks) if len(several) > 1 else np.zeros((0, 0))
    yield from together_sentence(_alike(phi, [c.name for c in several]), matrix)
    yield from _of_target(found, bars)
    yield from _by_groups(found, several, masks, bars)
    yield _bars(found, gappy, bars, group)
    if len(several) > 1:
        order = leaf_order(phi)
        names = tuple(several[place].name for place in order)
        values = phi[np.ix_(order, order)]
        texts = tuple(tuple(f"{value:.2f}".replace("-", "−") for value in row) for row in values.tolist())
        spec = Matrix(names, names, values, texts, low=-1.0, high=1.0, diverging=True)
        caption = "How far the gaps of two columns meet (φ): 1 in the same rows, 0 by chance, below 0 rather in others."
        if len(several) == COMPARED:
            caption += f" The {COMPARED} columns with the most gaps."
        yield Figure(matrix, "Missing together", caption, spec, group)
        yield _patterns(found, several, masks, found.place.id("missing-patterns"), group)


def _gaps(column: ColumnStats) -> BoolArray:
    values = column.feature.values
    return np.isnan(values) if column.numbers is not None else values < 0


def _alike(phi: NDArray[np.float64], names: list[str]) -> list[list[str]]:
    """Sets of columns each of which is missing with the first of the set."""
    left, groups = set(range(len(phi))), []
    for place in range(len(phi)):
        if place in left:
            own = [other for other in sorted(left) if phi[place, other] >= TOGETHER or other == place]
            left -= set(own)
            if len(own) > 1:
                groups.append([names[other] for other in own])
    return groups


def _by_groups(found: Profile, columns: list[ColumnStats], masks: list[BoolArray], figure: str) -> Iterator[Shown]:
    for groups in (found.splits, found.classes):
        if groups is None:
            continue
        k = len(groups.names)
        sizes = np.bincount(groups.codes + 1, minlength=k + 1)[1:]
        counted = [
            (column.name, dependence(np.bincount(groups.codes + 1, mask, minlength=k + 1)[1:], sizes))
            for column, mask in zip(columns, masks, strict=True)
            if column.name != found.dataset.target
        ]
        known = [(name, one) for name, one in counted if one is not None]
        yield from dependence_sentence(known, groups.names, groups.what, figure)


def _of_target(found: Profile, figure: str) -> Iterator[Shown]:
    """Rows that have no target, in each split."""
    target = next((column for column in found.columns if column.name == found.dataset.target), None)
    if target is None or not target.missing:
        return
    if found.splits is None:
        yield from target_sentence(target.name, [target.missing], [target.n], [""], figure)
        return
    codes, k = found.splits.codes, len(found.splits.names)
    gaps, sizes = (np.bincount(c[c >= 0], minlength=k).tolist() for c in (codes[_gaps(target)], codes))
    yield from target_sentence(target.name, gaps, sizes, found.splits.names, figure)


def _bars(found: Profile, columns: list[ColumnStats], id: str, group: str) -> Figure:  # noqa: A002  (the figure's word)
    shown = columns[:BARS]
    places = np.arange(len(shown), dtype=np.float64)
    by_split = [column.missing_by_split for column in shown]
    if found.splits and all(counts is not None for counts in by_split):
        codes = found.splits.codes
        sizes = np.bincount(codes[codes >= 0], minlength=len(found.splits.names))
        table = np.array([counts for counts in by_split if counts is not None])
        layers = tuple(
            Layer(
                "bar",
                100 * table[:, split] / max(1, int(sizes[split])),
                places,
                label=name,
                color=split,
                notes=tuple(f"{int(count):,} of {int(sizes[split]):,}" for count in table[:, split]),
                horizontal=True,
            )
            for split, name in enumerate(found.splits.names)
            if sizes[split]
        )
    else:
        shares = np.array([100 * column.missing / column.n for column in shown])
        notes = tuple(f"{column.missing:,} of {column.n:,}" for column in shown)
        layers = (Layer("bar", shares, places, notes=notes, horizontal=True),)
    cells, total = sum(column.missing for column in columns), sum(column.n for column in found.columns)
    caption = (
        f"{len(columns):,} of {words.count(len(found.columns), 'column')} {'has' if len(columns) == 1 else 'have'} "
        f"missing cells, {cells:,} together ({percent(cells, total)} of all)."
    )
    if len(shown) < len(columns):
        caption += f" The {BARS} with the most."
    share = PlotAxis("missing, % of the split" if found.splits else "missing, %", low=0.0)
    names = PlotAxis("", "category", tuple(column.name for column in shown))
    return Figure(id, "Missing cells", caption, Plot(layers, share, names, height=max(120, 22 * len(shown))), group)


def _patterns(
    found: Profile,
    columns: list[ColumnStats],
    masks: list[BoolArray],
    id: str,  # noqa: A002
    group: str,
) -> Figure:
    patterns = patterns_of(masks)
    rows = tuple(
        (
            Cell(_listed([columns[place].name for place in places]) if places else "nothing"),
            Cell(f"{len(places):,}", len(places)),
            Cell(f"{count:,}", count),
            Cell(percent(count, found.dataset.length), count),
        )
        for places, count in patterns[:PATTERNS]
    )
    caption = f"Which columns are missing in the same rows: {words.count(len(patterns), 'pattern')}."
    if len(patterns) > PATTERNS:
        caption += f" The {PATTERNS} most frequent."
    header = (Column("Missing"), Column("Columns", True), Column("Rows", True), Column("Share", True))
    return Figure(id, "Patterns of missing cells", caption, Table(header, rows), group)


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:6])
    return f"{shown} and {len(names) - 6:,} more" if len(names) > 6 else shown
