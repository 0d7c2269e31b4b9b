"""Rows that are there twice, within a split, across splits or with two labels; and groups and periods splits share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dlviz_docs import words
from dlviz_docs.insights.data_copies import copy_sentences
from dlviz_docs.insights.data_rows import contradiction_sentence, group_sentences, period_sentences
from dlviz_docs.insights.data_words import percent
from dlviz_docs.renderers.data._profile import Profile, cell_text
from dlviz_docs.renderers.data._rows import title
from dlviz_docs.renderers.data.near_copies import copies_matrix
from dlviz_docs.stats.columns import ColumnStats
from dlviz_docs.stats.repeated import attainable, crossings, repeated
from dlviz_docs.stats.rows import FEW_COLUMNS, row_hashes
from dlviz_docs.view import Cell, Column, Figure, Shown, Table

__all__ = ["Equal", "duplicates", "equal_rows"]

EXAMPLES = 25
SHOWN_COLUMNS = 8
_ODD = np.uint64(0x9E3779B97F4A7C15)
LEAST_COLUMNS = 2
"""Below, equal rows are how the data are: two columns of three levels repeat themselves."""
FEW_ROWS = 5
"""Rows below which copies in two splits are no proof of a leak, as with few columns."""


@dataclass(frozen=True, slots=True, eq=False)
class Equal:
    """Rows with the same cells, as `repeated` gives them; empty where not all columns are known."""

    first: NDArray[np.intp]
    """In all columns."""
    without_target: NDArray[np.intp]
    """In all but the target; empty too where the target is no class."""


def equal_rows(found: Profile) -> Equal:
    """Compares rows by a hash of their cells, and of the numbers beside them; identifiers do not count.

    Nothing of pictures: two of one class are not the same, though all of their columns are.
    """
    nothing = np.zeros(0, np.intp)
    columns = [column.feature for column in found.columns if column.feature.kind != "identifier"]
    if not columns or found.left or found.dataset.pictures is not None:
        return Equal(nothing, nothing)
    arrays = [array for array in (found.dataset.embeddings, found.dataset.series) if array is not None]
    if len(columns) < LEAST_COLUMNS and not arrays:
        return Equal(nothing, nothing)
    if arrays:
        return Equal(repeated(row_hashes(columns, arrays)), nothing)
    target = found.dataset.get(found.dataset.target) if found.classes else None
    features = [feature for feature in columns if feature is not target]
    if target is None or not features:
        return Equal(repeated(row_hashes(columns)), nothing)
    hashes = row_hashes(features)
    without = repeated(hashes) if len(features) >= LEAST_COLUMNS else nothing
    if len(without) and not (without >= 0).any():
        return Equal(without, without)  # rows that differ without their target differ
    return Equal(repeated(hashes * _ODD ^ row_hashes([target])), without)


def duplicates(found: Profile, equal: Equal) -> Iterator[Shown]:
    """Copies, contradictions, groups, periods."""
    yield from _copies(found, equal.first)
    yield from _contradictions(found, equal.without_target)
    if found.splits:
        yield from _groups(found)
        yield from _periods(found)


# --- equal rows -------------------------------------------------------------------------------------------------------


def _copies(found: Profile, first: NDArray[np.intp]) -> Iterator[Shown]:
    features = [column for column in found.columns if column.feature.kind != "identifier"]
    arrays = found.dataset.embeddings is not None or found.dataset.series is not None
    if (len(features) < LEAST_COLUMNS and not arrays) or not (first >= 0).any():
        return
    names = found.splits.names if found.splits else ("",)
    codes = found.splits.codes if found.splits else np.zeros(len(first), np.int32)
    matrix = crossings(first, codes, len(names))
    sizes = np.bincount(codes[codes >= 0], minlength=len(names)).tolist()
    group = found.place.group("Duplicates")
    figure, examples = found.place.id("duplicates"), found.place.id("duplicates-rows")
    shown = figure if found.splits else examples if found.samples else ""
    later = int(((first >= 0) & (first != np.arange(len(first)))).sum())
    told = f"{words.count(later, 'row')} {'is' if later == 1 else 'are'} equal in all columns to one before."
    for insight in copy_sentences(matrix, sizes, names, "rows", shown):
        # Few columns of few values repeat themselves by chance: that is no proof of a leak.
        few = len(features) <= FEW_COLUMNS or insight.values.get("shared", 0) < FEW_ROWS
        yield replace(insight, severity="warning") if few and insight.severity == "serious" else insight
    if found.splits:
        yield copies_matrix(matrix, sizes, names, "rows", figure, group, told)
    if found.samples:
        yield _examples(found, first, features, told, examples, group)


def _examples(
    found: Profile,
    first: NDArray[np.intp],
    features: list[ColumnStats],
    told: str,
    id: str,  # noqa: A002  (the figure's word)
    group: str,
) -> Figure:
    """Contents that are there several times: those of several splits first, then the most frequent."""
    rows = np.flatnonzero(first >= 0)
    contents, member, counts = np.unique(first[rows], return_inverse=True, return_counts=True)
    several = np.zeros(len(contents), np.int64)
    if found.splits:
        for split in range(len(found.splits.names)):
            several += np.bincount(member[found.splits.codes[rows] == split], minlength=len(contents)) > 0
    order = np.lexsort((contents, -counts, -several))[:EXAMPLES]
    shown = features[:SHOWN_COLUMNS]
    header = (Column("Rows"), Column("Times", True), *(Column(column.name) for column in shown))
    body = []
    for at in order.tolist():
        own = rows[member == at]
        names = ", ".join(_named(found, int(row)) for row in own[:4])
        more = f" and {len(own) - 4:,} more" if len(own) > 4 else ""
        cells = (Cell(cell_text(column.feature, int(contents[at]))) for column in shown)
        body.append((Cell(f"{names}{more}", int(contents[at])), Cell(f"{len(own):,}", len(own)), *cells))
    caption = f"{told} {words.count(len(contents), 'content')} in all; those of several splits first."
    if len(features) > len(shown):
        caption += f" {len(shown)} of {len(features):,} columns are shown."
    return Figure(id, "Rows that are there several times", caption, Table(header, tuple(body)), group)


def _named(found: Profile, row: int) -> str:
    split = found.splits.name(row) if found.splits else ""
    return f"{title(found.dataset, row)} ({split})" if split else title(found.dataset, row)


def _contradictions(found: Profile, first: NDArray[np.intp]) -> Iterator[Shown]:
    """Rows with the same cells and another class."""
    if found.classes is None or not len(first):
        return
    rows, wrong, which = attainable(first, found.classes.codes)
    alone = found.dataset.pictures is None and found.dataset.embeddings is None and found.dataset.series is None
    figure = found.place.id("contradictions") if rows and found.samples else ""
    yield from contradiction_sentence(rows, wrong, found.dataset.length, found.dataset.target, figure, alone=alone)
    if figure:
        yield _contradicting(found, first, which, figure)


def _contradicting(found: Profile, first: NDArray[np.intp], which: NDArray[np.intp], id: str) -> Figure:  # noqa: A002
    features = [column for column in found.columns if column.name != found.dataset.target]
    shown = [column for column in features if column.feature.kind != "identifier"][:SHOWN_COLUMNS]
    order = which[np.lexsort((which, first[which]))][:EXAMPLES]
    header = (Column("Row"), Column(found.dataset.target), *(Column(column.name) for column in shown))
    body = tuple(
        (
            Cell(_named(found, int(row)), int(row)),
            Cell(found.classes.name(int(row)) if found.classes else "–"),
            *(Cell(cell_text(column.feature, int(row))) for column in shown),
        )
        for row in order
    )
    caption = f"Rows with equal cells and another {found.dataset.target}, {len(body):,} of {len(which):,}."
    return Figure(id, "Rows that contradict each other", caption, Table(header, body), found.place.group("Duplicates"))


# --- groups and periods -----------------------------------------------------------------------------------------------


def _groups(found: Profile) -> Iterator[Shown]:
    """Where the rows of a group lie, if one is named."""
    feature = found.dataset.get(found.dataset.group) if found.dataset.group else None
    if feature is None or found.splits is None:
        return
    _, codes = np.unique(feature.values, return_inverse=True)
    k, splits = int(codes.max(initial=-1)) + 1, len(found.splits.names)
    known = (found.splits.codes >= 0) & (
        np.isfinite(feature.values) if feature.kind == "number" else feature.values >= 0
    )
    pairs = codes[known] * splits + found.splits.codes[known]
    table = np.bincount(pairs, minlength=k * splits).reshape(k, splits).astype(np.int64)
    figure = found.place.id("groups")
    yield from group_sentences(table, feature.name, found.splits.names, figure)
    divided = np.flatnonzero((table > 0).sum(axis=1) > 1)
    used = int((table.sum(axis=1) > 0).sum())
    caption = (
        f"{len(divided):,} of {used:,} groups by {feature.name} lie in several splits ({percent(len(divided), used)})."
    )
    inside = np.array([[int((table[table[:, a] > 0, b] > 0).sum()) for b in range(splits)] for a in range(splits)])
    rows = tuple(
        (
            Cell(name),
            *(Cell(f"{int(count):,}", int(count)) for count in inside[at]),
            Cell(f"{int(table[:, at].sum()):,}", int(table[:, at].sum())),
        )
        for at, name in enumerate(found.splits.names)
    )
    header = (
        Column("Split"),
        *(
            Column(f"also in {name}", True, "Groups that lie in both; on the diagonal, all of the split")
            for name in found.splits.names
        ),
        Column("Rows", True),
    )
    yield Figure(figure, f"Groups by {feature.name}", caption, Table(header, rows), found.place.group("Duplicates"))


def _periods(found: Profile) -> Iterator[Shown]:
    """Which times each split covers, if a column orders the rows."""
    feature = found.dataset.get(found.dataset.time) if found.dataset.time else None
    if feature is None or found.splits is None or feature.kind not in ("time", "number"):
        return
    times = feature.values.astype(np.float64)
    figure = found.place.id("periods")
    yield from period_sentences(times, found.splits.codes, feature.name, found.splits.names, figure)
    shown = (lambda value: words.date(value, time=True)) if feature.kind == "time" else words.number
    rows = []
    for at, name in enumerate(found.splits.names):
        own = times[(found.splits.codes == at) & np.isfinite(times)]
        if len(own):
            ends = (float(own.min()), float(np.median(own)), float(own.max()))
            rows.append((Cell(name), *(Cell(shown(end), end) for end in ends), Cell(f"{len(own):,}", len(own))))
    if rows:
        header = (
            Column("Split"),
            Column("From", True),
            Column("Median", True),
            Column("To", True),
            Column("Rows", True),
        )
        caption = f"What each split covers of {feature.name}."
        yield Figure(
            figure, f"Periods by {feature.name}", caption, Table(header, tuple(rows)), found.place.group("Duplicates")
        )
